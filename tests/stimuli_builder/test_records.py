from dataclasses import dataclass
from typing import Literal

import pytest

from stimuli_builder.errors import FormatError
from stimuli_builder.records import from_json, to_json


@dataclass(frozen=True)
class Part:
    name: str
    share: float | None


@dataclass(frozen=True)
class Whole:
    kind: Literal["a", "b"]
    count: int
    is_used: bool
    parts: tuple[Part, ...]
    by_name: dict[str, tuple[int, ...]]


GOOD = {
    "kind": "a",
    "count": 3,
    "is_used": True,
    "parts": [{"name": "x", "share": None}, {"name": "y", "share": 1}],
    "by_name": {"x": [1, 2]},
}


def test_a_record_comes_back_as_it_was():
    whole = from_json(Whole, GOOD, "file")
    assert whole.parts[1] == Part("y", 1.0)
    assert (
        from_json(Whole, to_json(whole) | {"parts": GOOD["parts"], "by_name": {"x": [1, 2]}}, "f")
        == whole
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "c"}, r"file.kind must be one of \['a', 'b'\]; got 'c'"),
        ({"count": True}, r"file.count must be of type int; got True"),
        ({"count": "3"}, r"file.count must be of type int; got '3'"),
        ({"is_used": 1}, r"file.is_used must be of type bool; got 1"),
        ({"parts": {}}, r"file.parts must be of type list; got {}"),
        (
            {"parts": [{"name": "x"}]},
            r"file.parts\[0\] must have the fields \['share'\]; got \['name'\]",
        ),
        ({"by_name": {"x": ["1"]}}, r"file.by_name.x\[0\] must be of type int; got '1'"),
        (
            {"parts": [{"name": "x", "share": int("9" * 400)}]},
            "share must be a finite number; got 99",
        ),
        (
            {"parts": [{"name": "x", "share": float("nan")}]},
            "share must be a finite number; got nan",
        ),
        ({"parts": [{"name": "x", "share": float("-inf")}]}, "must be a finite number; got -inf"),
        ({"parts": [{"name": "\ud800", "share": 1}]}, r"name must be text .*; got '.ud800'"),
        ({"extra": 1}, r"file must have the fields .* only; got \['extra'\]"),
    ],
)
def test_wrong_fields_are_named_with_their_place(change, message):
    with pytest.raises(FormatError, match=message):
        from_json(Whole, GOOD | change, "file")


def test_long_values_are_cut_short():
    with pytest.raises(FormatError, match="…") as caught:
        from_json(Whole, GOOD | {"count": "x" * 500}, "file")
    assert len(str(caught.value)) < 200

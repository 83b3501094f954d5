"""Read frozen dataclasses from JSON with the standard library, naming the field that is wrong."""

import dataclasses
import re
import sys
import types
import typing
from collections.abc import Mapping
from typing import Any, Final, TypeVar

from stimuli_builder.errors import FormatError

Record = TypeVar("Record")
_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")  # half a character, which JSON can escape


def from_json(record: type[Record], value: object, where: str) -> Record:
    """Build a dataclass from parsed JSON; unknown, missing and mistyped fields are errors.

    Parameters
    ----------
    record
        A dataclass whose fields are str, int, float, bool, None, `Literal`, unions of these,
        tuples of one type, dictionaries with string keys, or dataclasses of the same kind.
    value
        What `json.load` returned.
    where
        Name of the value in messages, such as ``manifest.json``.

    Returns
    -------
    Record
        With every field set and of its declared type.

    Raises
    ------
    FormatError
        If a field is unknown, missing, or of another type, or a number is not finite.
    """
    return typing.cast(Record, _read(record, value, where))


def to_json(record: Any) -> Any:
    """Turn a dataclass into what `json.dump` takes.

    Parameters
    ----------
    record
        An instance of a dataclass that `from_json` reads.

    Returns
    -------
    Any
        Dictionaries and lists only.
    """
    return dataclasses.asdict(record)


def _read(kind: Any, value: object, where: str) -> object:
    if dataclasses.is_dataclass(kind):
        return _read_fields(typing.cast(type, kind), value, where)
    origin, options = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Literal:
        _require(value in options, where, f"be one of {list(options)}", value)
        return value
    if origin in (typing.Union, types.UnionType):
        return _read_union(options, value, where)
    if origin is tuple:
        items = _typed(list, value, where)
        return tuple(_read(options[0], item, f"{where}[{i}]") for i, item in enumerate(items))
    if origin is dict:
        members = _typed(dict, value, where)
        return {name: _read(options[1], item, f"{where}.{name}") for name, item in members.items()}
    return value if kind is Any else _typed(kind, value, where)


def _read_fields(record: type, value: object, where: str) -> object:
    members: Mapping[str, object] = _typed(dict, value, where)
    kinds = typing.get_type_hints(record)
    unknown = sorted(set(members) - set(kinds))
    _require(not unknown, where, f"have the fields {list(kinds)} only", unknown)
    missing = [name for name in kinds if name not in members]
    _require(not missing, where, f"have the fields {missing}", sorted(members))
    return record(**{name: _read(kinds[name], members[name], f"{where}.{name}") for name in kinds})


def _read_union(options: tuple[Any, ...], value: object, where: str) -> object:
    if value is None and types.NoneType in options:
        return None
    remaining = [option for option in options if option is not types.NoneType]
    return _read(remaining[0], value, where)


def _typed(kind: Any, value: object, where: str) -> Any:
    if kind is float and isinstance(value, int | float) and not isinstance(value, bool):
        _require(abs(value) <= sys.float_info.max, where, "be a finite number", value)
        return float(value)
    if isinstance(value, str):
        _require(not _SURROGATE.search(value), where, "be text that can be written", value)
    fits = isinstance(value, kind) and not (kind is int and isinstance(value, bool))
    _require(fits, where, f"be of type {kind.__name__}", value)
    return value


def _require(condition: bool, where: str, rule: str, value: object) -> None:
    if not condition:
        shown = ascii(value) if isinstance(value, str) else repr(value)
        raise FormatError(f"{where} must {rule}; got {shown[:80]}{'…' * (len(shown) > 80)}.")

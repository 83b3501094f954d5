import numpy as np
import pytest

from stimuli_builder.scenarios.registry import SCENARIOS
from stimuli_builder.scenarios.scenario import Scenario

DOTS = Scenario(
    name="dots",
    classes={"a": {"shape": "round"}, "b": {"shape": "square"}},
    tied="ground",
    ties={"a": "sea", "b": "land"},
    decides=("shape",),
    deciding_parts=("dot",),
    parts={"background": 0, "dot": 1},
    varies={"size": ["1", "2", "3"]},
    fit_ties=("kept", "broken"),
    exceptions={"weak": {"a": {"shape": "oval"}, "b": {"shape": "oval"}}},
    draw=lambda factors, *, generator: None,
)


@pytest.mark.parametrize(
    ("label", "tie", "expected"),
    [("a", "kept", "sea"), ("a", "broken", "land"), ("b", "kept", "land"), ("b", "broken", "sea")],
)
def test_broken_tie_swaps_the_tied_factor_alone(label, tie, expected):
    assert DOTS.shown(label, tie) == {"ground": expected, "shape": DOTS.classes[label]["shape"]}


def test_exception_replaces_what_its_class_shows():
    assert DOTS.shown("a", "kept", "weak") == {"ground": "sea", "shape": "oval"}


def test_what_does_not_decide_is_a_nuisance():
    assert DOTS.nuisances == ("ground", "size")


def test_values_leave_out_those_of_exceptions():
    values = {"ground": ("sea", "land"), "shape": ("round", "square"), "size": ("1", "2", "3")}
    assert DOTS.values == values


def test_choice_depends_on_the_generator_alone():
    first, again = (DOTS.choose_factors(np.random.default_rng(3)) for _ in range(2))
    assert first == again and set(first) == {"size"}


@pytest.mark.parametrize("names", [(), ("size",), ("ground", "shape")])
def test_flipping_changes_the_named_factors_alone(names):
    factors = DOTS.shown("a", "kept") | {"size": "2"}
    flipped = DOTS.flipped(factors, names, generator=np.random.default_rng(0))
    assert {name for name in factors if flipped[name] != factors[name]} == set(names)
    assert all(flipped[name] in DOTS.values[name] for name in flipped)


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_every_scenario_names_factors_and_parts_it_has(scenario):
    assert len(scenario.classes) == len(scenario.ties) == 2
    assert set(scenario.decides) <= set(scenario.values)
    assert set(scenario.deciding_parts) <= set(scenario.parts)
    assert scenario.parts["background"] == 0
    for exception in scenario.exceptions.values():
        assert set(exception) == set(scenario.classes)

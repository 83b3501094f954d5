import math

import pytest

from analysis.apa import (
    bare_p,
    degrees_text,
    equivalence_sentence,
    finding_sentence,
    odds_sentence,
    p_text,
)

ODDS = {
    "condition": "craft", "reference": "baseline", "odds_ratio": 2.5, "ci_low": 1.4, "ci_high": 4.4,
    "t": 3.25, "df": 31.27, "p": 0.0028, "is_separated": False, "firth": math.nan,
}  # fmt: skip
EQUAL = {
    "condition": "craft", "utility": 0.98, "margin_low": 0.9, "margin_high": 1.11, "ci_low": 0.93,
    "ci_high": 1.04, "p_equivalence": 0.01, "is_equivalent": True, "p_harm_holm": 0.4,
    "is_harmful": False,
}  # fmt: skip
FOUND = {
    "test": "sub-concept against one half", "group": "laymen", "quantity": "share",
    "estimate": 0.7495, "ci_low": 0.7, "ci_high": 0.79, "null": 0.5, "p": 1e-9,
}  # fmt: skip


@pytest.mark.parametrize(
    ("p", "text"),
    [(0.05, "p = .050"), (0.0009, "p < .001"), (1.0, "p > .999"), (math.nan, "p unknown")],
)
def test_p_is_never_printed_as_zero_or_one(p, text):
    assert p_text(p) == text


def test_cells_hold_p_alone():
    assert (bare_p(0.05), bare_p(1e-5), bare_p(math.nan)) == (".050", "< .001", "–")
    assert (degrees_text(12), degrees_text(12.34)) == ("12", "12.3")


def test_odds_ratio_in_a_sentence():
    assert odds_sentence(ODDS, level=0.95) == (
        "The odds of a right answer with CRAFT were 2.50 times those with Baseline: OR = 2.50, "
        "95\u00a0% CI [1.40, 4.40], t(31.3) = 3.25, p = .003."
    )


def test_separated_arm_and_small_arm_are_said():
    bound = ODDS | {"is_separated": True, "odds_ratio": math.inf, "ci_high": math.inf, "firth": 80}
    said = odds_sentence(bound, level=0.95)
    assert "OR = ∞, 95\u00a0% CI [1.40, ∞]" in said and "Firth’s estimate 80.00" in said
    assert "too few participants" in odds_sentence(ODDS | {"p": math.nan}, level=0.95)


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, "makes no difference that matters"),
        ({"is_harmful": True}, "does harm, but less than the margin"),
        ({"is_harmful": True, "is_equivalent": False}, "does harm (Utility"),
        ({"is_equivalent": False}, "is neither shown to be equivalent nor to do harm"),
        ({"is_equivalent": False, "ci_low": 1.2}, "is not shown to be equivalent, all of its"),
        ({"p_equivalence": math.nan}, "too few participants to tell"),
    ],
)
def test_equivalence_in_a_sentence(changes, verdict):
    assert verdict in equivalence_sentence(EQUAL | changes)


def test_finding_in_a_sentence():
    assert finding_sentence(FOUND, level=0.95) == (
        "Sub-concept against one half (laymen): share 75.0\u00a0%, 95\u00a0% CI [70.0\u00a0%, "
        "79.0\u00a0%], against 50.0\u00a0%: p < .001."
    )
    assert "no finite estimate" in finding_sentence(FOUND | {"estimate": math.nan}, level=0.95)


def test_finding_that_is_one_of_several_has_both_p_values():
    said = finding_sentence({**FOUND, "p": 0.02, "p_holm": 0.06}, level=0.95)
    assert said.endswith("p = .020, adjusted by Holm over pairs p = .060.")

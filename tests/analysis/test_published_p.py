"""Printed p-values follow from the counts that printed shares can stand for."""

import pytest

from analysis.pooled import pooled_tests
from analysis.published_p import check_p_values

SHARES = ("accuracy_concept_percent", "accuracy_sub_concept_percent")
CHOSEN = ("binary_choice", "sub_concept_chosen_percent")


def _intruders(concept, sub_concept, **p):
    cells = dict(zip(SHARES, (concept, sub_concept), strict=True)) | p
    return {("intruder", name): cell for name, cell in cells.items()}


def _only(printed, n=540):
    (check,) = check_p_values(printed, "experts", n)
    names = ("check", "row", "printed", "computed", "low", "high", "verdict", "note")
    return dict(zip(names, check, strict=True))


@pytest.mark.parametrize("shares", [("70.19", "74.81"), ("70.2", "74.8"), ("70", "75")])
def test_p_of_the_true_counts_is_reproduced_however_coarse_the_shares(shares):
    assert round(pooled_tests(379, 404, 540)["logit"], 3) == 0.089
    assert _only(_intruders(*shares, p_value=".089"))["verdict"] == "reproduced"


def test_bounds_are_over_all_possible_counts():
    found = _only(_intruders("70", "75", p_value=".089"))
    corners = [pooled_tests(a, b, 540) for a in (376, 380) for b in (403, 407)]
    assert found["low"] == min(min(tests.values()) for tests in corners)
    assert found["high"] == max(max(tests.values()) for tests in corners)
    assert found["computed"] == pooled_tests(378, 405, 540)["logit"]
    assert "of 25 possible pairs of counts give it; all answers pooled" in found["note"]


def test_p_that_no_possible_counts_give_is_not_reproduced():
    found = _only(_intruders("70", "75", p_value="0.5"))
    assert found["verdict"] == "not_reproduced"
    assert found["note"].startswith("none of logit, z,")
    assert "logit_one_sided at 25 possible pairs of counts" in found["note"]


@pytest.mark.parametrize(("p", "verdict"), [("< .1", "reproduced"), ("<.001", "not_reproduced")])
def test_intruders_p_may_be_a_bound(p, verdict):
    assert _only(_intruders("70.19", "74.81", p_value=p))["verdict"] == verdict
    below = _only(_intruders("70.19", "74.81", p_value_below=p.strip("< ")))
    assert (below["verdict"], below["printed"]) == (verdict, f"< {p.strip('< ')}")


@pytest.mark.parametrize(
    ("share", "p", "verdict", "note"),
    [
        ("54.26", "0.053", "reproduced", "binomial of 293 of 540 answers"),
        ("54.26", "0.048", "reproduced", "z, logit, likelihood_ratio of 293 of 540 answers"),
        ("54.26", "0.5", "not_reproduced", "none of binomial, z, z_unpooled"),
        ("54", "0.053", "reproduced", "binomial of 293 of 540 answers; 1 of 6 possible counts"),
        ("76.1", "< .001", "reproduced", "binomial"),
    ],
)
def test_exact_p_of_binary_choices_is_checked(share, p, verdict, note):
    found = _only({CHOSEN: share, ("binary_choice", "p_value"): p})
    assert found["verdict"] == verdict and found["note"].startswith(note)


def test_of_very_many_counts_some_are_tried():
    found = _only(_intruders("70", "71", p_value="0.043712"), n=9000)  # 91 counts of each
    assert found["verdict"] == "reproduced" and "between counts tried" in found["note"]
    assert _only(_intruders("70", "80", p_value="0.04"), n=9000)["verdict"] == "not_reproduced"


def test_impossible_share_is_taken_at_its_nearest_count():
    assert _only(_intruders("61.2", "70.2", p_value="0.002"))["verdict"] == "reproduced"


def test_p_without_its_shares_is_left_out():
    assert list(check_p_values({("intruder", "p_value"): "0.1"}, "all", 540)) == []
    assert list(check_p_values({CHOSEN: "54"}, "all", 540)) == []

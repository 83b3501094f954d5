import pandas as pd
import pytest

from analysis.checks import (
    check_answers,
    check_choice,
    check_columns,
    check_given,
    check_once,
    check_outcome,
    check_share,
    check_shares,
    check_single,
)
from analysis.errors import AnalysisError, ConditionsError, DesignError, MissingColumnError


def test_what_fits_passes():
    check_columns(pd.DataFrame(columns=["a", "b"]), ["a"])
    check_share("level", 0.95)
    check_shares(pd.DataFrame({"accuracy": [0.0, 1.0]}), "accuracy")
    check_choice("population", "people", ["people", "simulated"])


def test_missing_columns_are_named_beside_those_there():
    with pytest.raises(MissingColumnError, match=r"columns \['b'\] must be present; got \['a'\]\."):
        check_columns(pd.DataFrame(columns=["a"]), ["a", "b"])


@pytest.mark.parametrize("value", [0, 1, -0.1, float("nan")])
def test_share_must_lie_inside(value):
    with pytest.raises(AnalysisError, match=rf"level must be in \(0, 1\); got {value}"):
        check_share("level", value)


def test_percentage_is_told_from_a_share():
    with pytest.raises(AnalysisError, match=r"got 95\. Give a share, not a percentage\."):
        check_share("level", 95)
    with pytest.raises(AnalysisError, match=r"accuracy must be in \[0, 1\]; got 55\.7\. Give sha"):
        check_shares(pd.DataFrame({"accuracy": [0.5, 55.7]}), "accuracy")


def test_choice_must_be_known():
    with pytest.raises(AnalysisError, match=r"must be one of \['people'\]; got 'persons'\."):
        check_choice("population", "persons", ["people"])


ANSWERS = pd.DataFrame(
    {"participant": ["a", "a", "b"], "item": [1, 2, 1], "group": "x", "right": [0, 1, 1]}
)


def test_sound_answers_pass():
    check_given(ANSWERS, list(ANSWERS))
    check_single(ANSWERS, "participant", "group")
    check_once(ANSWERS, ["participant", "item"])
    check_answers(ANSWERS, ["right"])


def test_missing_values_are_counted_and_columns_named():
    holes = ANSWERS.assign(item=[1, None, None], group=[None, "x", "x"])
    with pytest.raises(DesignError, match=r"\['item', 'group'\] must be given in every row; got 3"):
        check_given(holes, list(ANSWERS))
    with pytest.raises(DesignError, match=r"\['item'\] must be given in every row; got 2 empty"):
        check_answers(holes, ["right"])


def test_participant_is_in_one_group():
    with pytest.raises(ConditionsError, match="participant a must be in one group; got 2"):
        check_single(
            ANSWERS.assign(group=["x", "y", "x"]), "participant", "group", error=ConditionsError
        )


def test_answers_are_there_once():
    with pytest.raises(DesignError, match="participant a, item 1 must be there once; got 1 rows"):
        check_answers(ANSWERS.assign(item=1), ["right"])


@pytest.mark.parametrize("values", [[False, True, True], [0, 1, 1], [0.0, 1.0, 1.0]])
@pytest.mark.parametrize("kind", [None, object, "boolean", "Int64"])
def test_outcomes_of_any_kind_become_numbers(values, kind):
    found = check_outcome(pd.DataFrame({"right": pd.Series(values, dtype=kind)}), "right")
    assert found.dtype == float and found.tolist() == [0, 1, 1]


@pytest.mark.parametrize("value", ["True", 2, 0.5, -1])
def test_outcome_is_one_of_two(value):
    with pytest.raises(DesignError, match=f"right must be true or false, or 1 or 0; got {value!r}"):
        check_outcome(pd.DataFrame({"right": pd.Series([True, value], dtype=object)}), "right")


@pytest.mark.parametrize("kind", [object, "boolean", "Int64", float])
def test_outcome_is_given(kind):
    with pytest.raises(DesignError, match=r"\['right'\] must be given in every row; got 1 empty"):
        check_outcome(pd.DataFrame({"right": pd.Series([True, None], dtype=kind)}), "right")

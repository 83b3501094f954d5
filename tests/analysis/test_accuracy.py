import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.accuracy import accuracy_by, accuracy_differences, participant_means
from analysis.errors import (
    AnalysisError,
    BaselineError,
    ConditionsError,
    DesignError,
    MissingColumnError,
    SmallArmWarning,
    ZeroVarianceWarning,
)
from analysis.intervals import difference_interval, mean_interval
from analysis.shares import share_of


@pytest.fixture
def accuracies():
    rng = np.random.default_rng(1)
    rows = [
        (f"{condition}-{i}", condition, session, rng.integers(2, 8) / 7)
        for condition, n in (("baseline", 9), ("craft", 12))
        for i in range(n)
        for session in (1, 2, 3)
    ]
    return pd.DataFrame(rows, columns=["participant", "condition", "session", "accuracy"])


def _means(accuracies, condition):
    rows = accuracies[accuracies["condition"] == condition]
    return rows.groupby("participant")["accuracy"].mean()


def _share(accuracies, condition):
    arm = accuracies[accuracies["condition"] == condition]
    known = "n_trials" in arm
    n_answers = arm["n_trials"].sum() if known else len(arm)
    means = _means(accuracies, condition).to_numpy()
    return share_of(means, name=condition, n_answers=n_answers, is_counted=known)


@pytest.mark.parametrize("counts", [{}, {"n_trials": 7}])
def test_interval_of_a_condition_is_that_of_its_participants(accuracies, counts):
    accuracies = accuracies.assign(**counts)
    row = accuracy_by(accuracies, ["condition"]).set_index("condition").loc["craft"]
    expected = mean_interval(_share(accuracies, "craft"))
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((expected.ci_low, expected.ci_high))
    assert row["sd"] == pytest.approx(_means(accuracies, "craft").std())


def test_interval_of_a_difference_is_that_of_the_two_arms(accuracies):
    row = accuracy_differences(accuracies, level=0.9).iloc[0]
    arms = (_share(accuracies, name) for name in ("craft", "baseline"))
    expected = difference_interval(*arms, level=0.9)
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((expected.ci_low, expected.ci_high))
    assert (row["n_participants"], row["n_baseline"]) == (12, 9)


def test_each_participant_counts_once(accuracies):
    repeated = pd.concat([accuracies, accuracies[accuracies["participant"] == "craft-0"]])
    one, other = accuracy_differences(accuracies), accuracy_differences(repeated)
    pd.testing.assert_frame_equal(one, other)


def test_intervals_of_an_accuracy_stay_inside(accuracies):
    near_one = accuracies.assign(accuracy=[0.9, *[1.0] * (len(accuracies) - 1)])
    row = accuracy_by(near_one[near_one["condition"] == "baseline"], ["condition"]).iloc[0]
    assert row["accuracy"] < row["ci_high"] < 1


def test_groups_come_in_order_of_appearance(accuracies):
    table = accuracy_by(accuracies.iloc[::-1], ["condition", "session"])
    assert table["condition"].tolist() == ["craft"] * 3 + ["baseline"] * 3
    assert table["session"].tolist() == [3, 2, 1] * 2
    assert table["n_participants"].tolist() == [12] * 3 + [9] * 3


def test_no_rows_give_an_empty_table(accuracies):
    table = accuracy_by(accuracies.iloc[:0], ["condition"])
    assert list(table) == ["condition", "n_participants", "accuracy", "sd", "ci_low", "ci_high"]
    assert len(table) == len(participant_means(accuracies.iloc[:0])) == 0


def test_accuracies_are_left_unchanged(accuracies):
    before = accuracies.copy()
    accuracy_by(accuracies, ["condition"])
    accuracy_differences(accuracies)
    pd.testing.assert_frame_equal(accuracies, before)


def test_arm_of_one_has_no_interval(accuracies):
    small = accuracies[accuracies["participant"].isin(["craft-0", "baseline-0", "baseline-1"])]
    with pytest.warns(SmallArmWarning, match=r"accuracy of craft must have 2 .* got 1\."):
        table = accuracy_by(small, ["condition"]).set_index("condition")
    assert math.isnan(table.loc["craft", "ci_low"]) and math.isnan(table.loc["craft", "sd"])
    with pytest.warns(SmallArmWarning, match=r"craft must have 2 participants"):
        assert accuracy_differences(small)["ci_low"].isna().all()


def test_arm_with_every_answer_right_has_the_interval_of_independent_answers(accuracies):
    all_right = accuracies[accuracies["condition"] == "craft"].assign(accuracy=1.0, n_trials=7)
    with pytest.warns(ZeroVarianceWarning, match=r"accuracy of craft must vary .* got 1\.000 from"):
        table = accuracy_by(all_right, ["condition"])
    t = stats.t.ppf(0.975, 11)
    assert table["ci_low"][0] == pytest.approx(1 - t**2 / (252 + t**2))  # 12 x 3 x 7 answers
    assert table["ci_high"][0] == 1


def test_missing_baseline_is_an_error(accuracies):
    with pytest.raises(BaselineError, match=r"baseline must be one of \['baseline', 'craft'\]; go"):
        accuracy_differences(accuracies, "control")


def test_wrong_values_are_errors(accuracies):
    with pytest.raises(MissingColumnError, match=r"columns \['tie'\] must be present"):
        accuracy_by(accuracies, ["condition", "tie"])
    with pytest.raises(AnalysisError, match=r"accuracy must be in \[0, 1\]; got 57\.1"):
        accuracy_by(accuracies.assign(accuracy=57.1), ["condition"])
    with pytest.raises(AnalysisError, match=r"level must be in \(0, 1\); got 0"):
        accuracy_by(accuracies, ["condition"], level=0)


@pytest.mark.parametrize("column", ["participant", "condition"])
def test_missing_names_are_an_error(accuracies, column):
    accuracies.loc[0, column] = None
    message = rf"\['{column}'\] must be given in every row; got 1 empty"
    with pytest.raises(DesignError, match=message):
        accuracy_differences(accuracies)
    with pytest.raises(DesignError, match=message):
        accuracy_by(accuracies, ["condition"])


def test_participant_in_two_conditions_is_an_error(accuracies):
    accuracies.loc[0, "condition"] = "craft"
    with pytest.raises(ConditionsError, match="participant baseline-0 must be in one condition"):
        accuracy_differences(accuracies)

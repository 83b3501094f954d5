import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.accuracy import accuracy_by, accuracy_differences, participant_means
from analysis.errors import (
    AnalysisError,
    BaselineError,
    MissingColumnError,
    SmallArmWarning,
    ZeroVarianceWarning,
)


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


def test_interval_of_a_condition_agrees_with_scipy(accuracies):
    table = accuracy_by(accuracies, ["condition"]).set_index("condition")
    expected = stats.ttest_1samp(_means(accuracies, "craft"), 0).confidence_interval(0.95)
    row = table.loc["craft"]
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((expected.low, expected.high))
    assert row["sd"] == pytest.approx(_means(accuracies, "craft").std())


def test_difference_agrees_with_scipys_welch_interval(accuracies):
    row = accuracy_differences(accuracies).iloc[0]
    test = stats.ttest_ind(
        _means(accuracies, "craft"), _means(accuracies, "baseline"), equal_var=False
    )
    expected = test.confidence_interval(0.95)
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((expected.low, expected.high))
    assert (row["n_participants"], row["n_baseline"]) == (12, 9)


def test_each_participant_counts_once(accuracies):
    repeated = pd.concat([accuracies, accuracies[accuracies["participant"] == "craft-0"]])
    one, other = accuracy_differences(accuracies), accuracy_differences(repeated)
    pd.testing.assert_frame_equal(one, other)


def test_intervals_of_an_accuracy_stay_inside(accuracies):
    near_one = accuracies.assign(accuracy=[0.9, *[1.0] * (len(accuracies) - 1)])
    row = accuracy_by(near_one[near_one["condition"] == "baseline"], ["condition"]).iloc[0]
    assert row["ci_high"] == 1.0


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


def test_arm_with_every_answer_right_has_no_interval(accuracies):
    all_right = accuracies[accuracies["condition"] == "craft"].assign(accuracy=1.0)
    with pytest.warns(ZeroVarianceWarning, match=r"accuracy of craft must vary .* got 1\.000 from"):
        table = accuracy_by(all_right, ["condition"])
    assert (table["accuracy"] == 1).all() and table["ci_low"].isna().all()


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

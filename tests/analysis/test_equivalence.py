import dataclasses
import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.equivalence import holm, utility_equivalence
from analysis.errors import (
    AnalysisError,
    BaselineError,
    MissingColumnError,
    SmallArmWarning,
    UnboundedIntervalWarning,
)
from analysis.inversion import p_ratio_above
from analysis.shares import share_of


def _study(means, n=40, seed=0, sd=0.4):
    rng = np.random.default_rng(seed)
    rows = []
    for condition, mean in means.items():
        logits = np.log(mean / (1 - mean)) + sd * rng.standard_normal(n)
        right = rng.binomial(7, 1 / (1 + np.exp(-logits))[:, None], (n, 3)) / 7
        rows += [
            ("foxes", condition, f"{condition}-{i}", k + 1, right[i, k])
            for i in range(n)
            for k in range(3)
        ]
    names = ["scenario", "condition", "participant", "session", "accuracy"]
    return pd.DataFrame(rows, columns=names)


def _row(table, condition):
    return table.set_index("condition").loc[condition]


def test_p_is_below_alpha_just_where_the_margins_hold_the_interval():
    study = _study({"baseline": 0.6, "near": 0.59, "far": 0.75, "worse": 0.45, "open": 0.56})
    for margin in (0.05, 0.1, 0.15, 0.3):
        table = utility_equivalence(study, margin=margin)
        is_inside = (table["ci_low"] > table["margin_low"]) & (
            table["ci_high"] < table["margin_high"]
        )
        assert is_inside.tolist() == table["is_equivalent"].tolist()
        assert (table["p_equivalence"] < 0.05).tolist() == table["is_equivalent"].tolist()


def test_equivalence_is_shown_by_many_and_not_by_few():
    means = {"baseline": 0.6, "saliency": 0.6}
    assert _row(utility_equivalence(_study(means, n=150), margin=0.1), "saliency")["is_equivalent"]
    few = _row(utility_equivalence(_study(means, n=8), margin=0.1), "saliency")
    assert not few["is_equivalent"] and not few["is_harmful"]


def test_harm_is_found_and_adjusted_over_conditions():
    study = _study({"baseline": 0.6, "ace": 0.45, "craft": 0.6, "control": 0.58})
    table = utility_equivalence(study, margin=0.1)
    assert _row(table, "ace")["is_harmful"] and not _row(table, "craft")["is_harmful"]
    smallest = table["p_harm"].min()
    assert _row(table, "ace")["p_harm_holm"] == pytest.approx(3 * smallest)


def test_p_of_harm_is_near_that_of_a_welch_test():
    study = _study({"baseline": 0.6, "ace": 0.52})
    means = study.groupby(["condition", "participant"])["accuracy"].mean()
    expected = stats.ttest_ind(
        means["ace"], means["baseline"], equal_var=False, alternative="less"
    ).pvalue
    row = _row(utility_equivalence(study, margin=0.1), "ace")
    assert row["p_harm"] == pytest.approx(expected, rel=0.3)


def test_margins_are_equally_far_from_one():
    row = utility_equivalence(_study({"baseline": 0.6, "ace": 0.6}), margin=0.2).iloc[0]
    assert row["margin_low"] * row["margin_high"] == pytest.approx(1)
    assert row["p_equivalence"] == max(row["p_not_worse"], row["p_not_better"])


def test_scenarios_are_families_of_their_own():
    one = _study({"baseline": 0.6, "ace": 0.5})
    other = _study({"baseline": 0.6, "ace": 0.5}, seed=1).assign(scenario="leaves")
    table = utility_equivalence(pd.concat([one, other]), margin=0.1)
    assert table["p_harm_holm"].tolist() == pytest.approx(table["p_harm"].tolist())


def test_arm_of_one_has_no_tests():
    study = _study({"baseline": 0.6, "ace": 0.5, "craft": 0.7})
    small = study[(study["condition"] != "ace") | (study["participant"] == "ace-0")]
    with pytest.warns(SmallArmWarning, match=r"ace must have 2 participants or more"):
        table = utility_equivalence(small, margin=0.1)
    row = _row(table, "ace")
    assert math.isnan(row["p_harm"]) and not row["is_equivalent"] and not row["is_harmful"]
    assert _row(table, "craft")["p_harm_holm"] == _row(table, "craft")["p_harm"]


def test_unbounded_interval_has_no_tests():
    study = _study({"baseline": 0.02, "ace": 0.5}, n=4, seed=3)
    with pytest.warns(UnboundedIntervalWarning, match=r"g of ace over baseline must be below 1"):
        assert math.isnan(utility_equivalence(study, margin=0.1)["p_equivalence"][0])


def test_missing_p_values_are_not_counted_by_holm():
    assert holm(pd.Series([0.02, np.nan, 0.5])).tolist()[:1] == [0.04]
    assert holm(pd.Series([np.nan])).isna().all()


def test_wrong_arguments_are_named():
    study = _study({"baseline": 0.6, "ace": 0.5}, n=4)
    with pytest.raises(AnalysisError, match=r"margin must be in \(0, 1\); got 10\. Give a share"):
        utility_equivalence(study, margin=10)
    with pytest.raises(AnalysisError, match=r"alpha must be in \(0, 0\.5\); got 0\.95\."):
        utility_equivalence(study, margin=0.1, alpha=0.95)
    with pytest.raises(BaselineError, match=r"of scenario foxes must be one of .* got 'control'"):
        utility_equivalence(study, "control", margin=0.1)
    with pytest.raises(MissingColumnError, match=r"columns \['participant'\] must be present"):
        utility_equivalence(study.drop(columns="participant"), margin=0.1)


def test_skew_arms_are_widened():
    study = _study({"baseline": 0.95, "craft": 0.93}, n=8)
    row = _row(utility_equivalence(study.assign(n_trials=7), margin=0.1), "craft")
    means = study.groupby(["condition", "participant"])["accuracy"].mean()
    x, y = (share_of(means[c].to_numpy(), name=c, n_answers=168) for c in ("craft", "baseline"))
    wide = []
    for share in (x, y):
        floor = share.value * (1 - share.value) / 168
        skew = 1 - (2 * (1 - share.value)) ** 2
        error = max(share.squared_error * (1 + skew / 7), floor)
        wide.append(dataclasses.replace(share, squared_error=error, degrees=6))
    assert row["p_not_worse"] == pytest.approx(p_ratio_above(*wide, 0.9))
    assert row["p_not_worse"] > p_ratio_above(x, y, 0.9)
    assert row["p_harm"] == pytest.approx(1 - p_ratio_above(*wide, 1.0))
    assert abs(row["p_harm"] - 0.5) < abs(p_ratio_above(x, y, 1.0) - 0.5)

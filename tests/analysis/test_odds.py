import math

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import special, stats

from analysis.contrasts import planned_contrasts
from analysis.errors import (
    AnalysisError,
    ConditionsError,
    DesignError,
    EmptyConditionWarning,
    MissingColumnError,
    SeparationWarning,
    SmallArmWarning,
    UnboundedIntervalWarning,
    ZeroVarianceWarning,
)
from analysis.inversion import p_difference_above, two_sided
from analysis.odds import conditional_odds_ratios, marginal_odds_ratios
from analysis.shares import share_of

CONTRASTS = planned_contrasts(["baseline", "ace", "craft_concepts_only", "craft"])


def make_trials(shares, *, n=14, n_items=21, sd=(0.5, 0.5), seed=0):
    """Answers of n participants a condition to the same items."""
    rng = np.random.default_rng(seed)
    items, tables = sd[1] * rng.standard_normal(n_items), []
    for condition, share in shares.items():
        logits = special.logit(share) + sd[0] * rng.standard_normal((n, 1)) + items
        right = rng.random((n, n_items)) < special.expit(logits)
        tables.append(pd.DataFrame({
            "participant": np.repeat([f"{condition}-{i}" for i in range(n)], n_items),
            "condition": condition, "item": np.tile(np.arange(n_items), n),
            "correct": right.ravel(),
        }))  # fmt: skip
    return pd.concat(tables, ignore_index=True)


@pytest.fixture
def trials():
    return make_trials({"baseline": 0.6, "ace": 0.62, "craft_concepts_only": 0.75, "craft": 0.85})


def _row(table, name):
    return table.set_index("contrast").loc[name]


def test_marginal_ratio_agrees_with_statsmodels_gee(trials):
    names = ["baseline", "ace", "craft_concepts_only", "craft"]
    X = (trials["condition"].to_numpy()[:, None] == names).astype(float)
    model = sm.GEE(
        trials["correct"].astype(float), X, groups=trials["participant"],
        family=sm.families.Binomial(), cov_struct=sm.cov_struct.Exchangeable(),
    ).fit(cov_type="bias_reduced", ctol=1e-12)  # fmt: skip
    found = model.t_test([-1, 0, 0, 1])
    row = _row(marginal_odds_ratios(trials, CONTRASTS), "craft - baseline")
    assert row["odds_ratio"] == pytest.approx(math.exp(found.effect[0]))
    assert row["t"] == pytest.approx(found.tvalue[0, 0])
    assert 13 < row["df"] < 26 and row["kind"] == "marginal"


def test_conditional_ratio_is_further_from_one_than_the_marginal(trials):
    marginal = _row(marginal_odds_ratios(trials, CONTRASTS), "craft - baseline")
    conditional = _row(conditional_odds_ratios(trials, CONTRASTS), "craft - baseline")
    assert 1 < marginal["odds_ratio"] < conditional["odds_ratio"]
    assert conditional["implied_marginal"] == pytest.approx(marginal["odds_ratio"], rel=0.02)
    assert conditional["kind"] == "conditional" and conditional["df"] == 4 * 14 - 4
    assert 0.2 < conditional["participant_sd"] < 0.9 and 0.2 < conditional["item_sd"] < 0.9


def test_p_values_are_adjusted_in_their_own_family(trials):
    table = marginal_odds_ratios(trials, CONTRASTS)
    planned = table[table["family"] == "planned"]
    assert len(planned) == 2
    assert planned["p_holm"].min() == pytest.approx(2 * planned["p"].min())
    others = table[table["family"] == "against_baseline"]
    assert others["p_holm"].min() == pytest.approx(3 * others["p"].min())


@pytest.mark.parametrize("function", [marginal_odds_ratios, conditional_odds_ratios])
def test_interval_holds_one_just_where_p_is_large(function, trials):
    table = function(trials, CONTRASTS, level=0.9)
    holds = (table["ci_low"] < 1) & (table["ci_high"] > 1)
    assert (holds == (table["p"] > 0.1)).all()


@pytest.mark.parametrize("function", [marginal_odds_ratios, conditional_odds_ratios])
def test_arm_with_every_answer_right_has_a_bound(function, trials):
    trials.loc[trials["condition"] == "craft", "correct"] = True
    said = r"answers of craft must be both .* all 294 right"
    with pytest.warns(SeparationWarning, match=said), pytest.warns(match="craft must vary"):
        table = function(trials, CONTRASTS)
    row = _row(table, "craft - baseline")
    assert row["odds_ratio"] == row["ci_high"] == math.inf and row["is_separated"]
    assert 1 < row["ci_low"] < row["firth"] < math.inf
    assert 0 < row["p"] < 0.01 and math.isnan(row["df"])
    assert not _row(table, "ace - baseline")["is_separated"]
    turned = _row(table, "craft - craft_concepts_only")
    assert turned["p"] < 0.05


def test_p_of_a_separated_arm_is_that_of_the_difference(trials):
    trials.loc[trials["condition"] == "ace", "correct"] = False
    said = r"ace .* got all 294 wrong"
    with pytest.warns(SeparationWarning, match=said), pytest.warns(match="ace must vary"):
        row = _row(marginal_odds_ratios(trials, CONTRASTS), "ace - baseline")
    means = trials.groupby(["condition", "participant"])["correct"].mean()
    arms = [share_of(means[name].to_numpy(float), name=name, n_answers=294)
            for name in ("ace", "baseline")]  # fmt: skip
    assert row["p"] == pytest.approx(two_sided(p_difference_above(*arms)))
    assert row["odds_ratio"] == row["ci_low"] == 0 < row["ci_high"] < 1


def test_firths_estimate_adds_half_an_answer_to_each_cell(trials):
    trials.loc[trials["condition"] == "craft", "correct"] = True
    n_right = trials.loc[trials["condition"] == "baseline", "correct"].sum()
    with pytest.warns(SeparationWarning), pytest.warns(match="craft must vary"):
        row = _row(marginal_odds_ratios(trials, CONTRASTS), "craft - baseline")
    expected = (294.5 / 0.5) / ((n_right + 0.5) / (294 - n_right + 0.5))
    assert row["firth"] == pytest.approx(expected)


@pytest.mark.parametrize("function", [marginal_odds_ratios, conditional_odds_ratios])
def test_condition_emptied_by_exclusions_is_named_and_stays(function, trials):
    with pytest.warns(EmptyConditionWarning, match=r"condition ace must have .*; got nobody\."):
        table = function(trials[trials["condition"] != "ace"], CONTRASTS)
    row = _row(table, "ace - baseline")
    assert row["n_condition"] == 0 and math.isnan(row["p"]) and math.isnan(row["p_holm"])
    assert _row(table, "craft - baseline")["n_reference"] == 14


def test_condition_of_one_participant_has_no_test(trials):
    small = trials[(trials["condition"] != "ace") | (trials["participant"] == "ace-3")]
    with pytest.warns(SmallArmWarning, match=r"ace must have 2 participants or more .* got 1\."):
        row = _row(marginal_odds_ratios(small, CONTRASTS), "ace - baseline")
    assert row["n_condition"] == 1 and math.isnan(row["odds_ratio"])


def test_study_without_a_usable_arm_has_no_tests(trials):
    first = trials.groupby("condition").head(21)
    with pytest.warns(SmallArmWarning):
        assert marginal_odds_ratios(first, CONTRASTS)["p"].isna().all()
    with pytest.warns(SmallArmWarning):
        assert conditional_odds_ratios(first, CONTRASTS)["p"].isna().all()


def test_both_arms_all_right_tell_nothing(trials):
    both = trials[trials["condition"].isin(["craft", "baseline"])].assign(correct=True)
    contrasts = planned_contrasts(["baseline", "craft"])
    with pytest.warns(SeparationWarning), pytest.warns(match="must vary"):
        row = marginal_odds_ratios(both, contrasts).iloc[0]
    assert math.isnan(row["odds_ratio"]) and row["p"] == 1
    assert (row["ci_low"], row["ci_high"]) == (0, math.inf)


def test_trials_are_left_unchanged(trials):
    before = trials.copy()
    marginal_odds_ratios(trials, CONTRASTS)
    conditional_odds_ratios(trials, CONTRASTS)
    pd.testing.assert_frame_equal(trials, before)


def test_wrong_arguments_are_named(trials):
    with pytest.raises(MissingColumnError, match=r"columns \['item'\] must be present"):
        conditional_odds_ratios(trials.drop(columns="item"), CONTRASTS)
    with pytest.raises(AnalysisError, match=r"level must be in \(0, 1\); got 95"):
        marginal_odds_ratios(trials, CONTRASTS, level=95)


def _alike(condition, n, n_right, n_items=21):
    """n participants who are all right as often, in other items."""
    right = np.stack([np.roll(np.arange(n_items) < n_right, i) for i in range(n)])
    return pd.DataFrame({
        "participant": np.repeat([f"{condition}-{i}" for i in range(n)], n_items),
        "condition": condition, "correct": right.ravel(),
    })  # fmt: skip


def test_arms_of_participants_alike_are_as_uncertain_as_independent_answers():
    trials = pd.concat([_alike("baseline", 8, 15), _alike("craft", 8, 17)], ignore_index=True)
    contrasts = planned_contrasts(["baseline", "craft"])
    with pytest.warns(ZeroVarianceWarning, match="must vary.*count as independent"):
        row = marginal_odds_ratios(trials, contrasts).iloc[0]
    variance = 1 / (168 * 17 / 21 * 4 / 21) + 1 / (168 * 15 / 21 * 6 / 21)
    t = math.log((17 / 4) / (15 / 6)) / variance**0.5
    assert row["odds_ratio"] == pytest.approx(1.7)
    assert row["t"] == pytest.approx(t)
    assert row["ci_low"] < 1.7 < row["ci_high"] and 7 <= row["df"] <= 14
    assert row["p"] == pytest.approx(2 * stats.t.sf(t, row["df"]))


def test_one_arm_of_participants_alike_adds_to_the_variance():
    other = make_trials({"craft": 0.8}, n=8).drop(columns="item")
    trials = pd.concat([_alike("baseline", 8, 15), other], ignore_index=True)
    with pytest.warns(ZeroVarianceWarning, match="baseline must vary"):
        row = marginal_odds_ratios(trials, planned_contrasts(["baseline", "craft"])).iloc[0]
    error = math.log(row["odds_ratio"]) / row["t"]
    assert error**2 > 1 / (168 * 15 / 21 * 6 / 21)


def test_participant_in_two_conditions_is_an_error(trials):
    trials.loc[0, "condition"] = "craft"
    for compare in (marginal_odds_ratios, conditional_odds_ratios):
        with pytest.raises(ConditionsError, match="participant baseline-0 must be in one .* got 2"):
            compare(trials, CONTRASTS)


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("participant", None, r"\['participant'\] must be given in every row; got 1 empty"),
        ("condition", None, r"\['condition'\] must be given in every row; got 1 empty"),
        ("correct", None, r"\['correct'\] must be given in every row; got 1 empty"),
        ("correct", "True", "correct must be true or false, or 1 or 0; got 'True'"),
        ("correct", 0.5, "correct must be true or false, or 1 or 0; got 0.5"),
    ],
)
@pytest.mark.parametrize("compare", [marginal_odds_ratios, conditional_odds_ratios])
def test_tables_of_ones_own_are_checked(compare, trials, column, value, message):
    trials = trials.astype({column: object})
    trials.loc[0, column] = value
    with pytest.raises(DesignError, match=message):
        compare(trials, CONTRASTS)


def test_items_are_given_and_answered_once(trials):
    message = "participant baseline-0, item 0 must be there once; got 1 rows again"
    with pytest.raises(DesignError, match=message):
        conditional_odds_ratios(pd.concat([trials, trials.head(1)]), CONTRASTS)
    trials.loc[0, "item"] = None
    with pytest.raises(DesignError, match=r"\['item'\] must be given"):
        conditional_odds_ratios(trials, CONTRASTS)


def test_nullable_and_numeric_answers_are_read_as_booleans(trials):
    expected = marginal_odds_ratios(trials, CONTRASTS)
    for kind in ("boolean", "float", "Int64"):
        found = marginal_odds_ratios(trials.astype({"correct": kind}), CONTRASTS)
        pd.testing.assert_frame_equal(found, expected)


def test_interval_beyond_numbers_is_infinite_and_said(trials):
    few = trials[trials["participant"].isin(["baseline-0", "baseline-1", "craft-0", "craft-1"])]
    contrasts = planned_contrasts(["baseline", "craft"])
    level = 1 - 1e-12
    with (
        pytest.warns(UnboundedIntervalWarning, match="ratio of craft - baseline must be within"),
        pytest.warns(ZeroVarianceWarning),
    ):
        row = marginal_odds_ratios(few, contrasts, level=level).iloc[0]
    assert row["ci_high"] == math.inf and row["ci_low"] == 0 and row["odds_ratio"] < math.inf

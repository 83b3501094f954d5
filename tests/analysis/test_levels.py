import math

import numpy as np
import pandas as pd
import pytest
from scipy import special

from analysis import levels
from analysis.errors import (
    ConvergenceError,
    DesignError,
    NoComparisonWarning,
    SeparationWarning,
    UnpairedRowsWarning,
)
from analysis.levels import between_levels
from analysis.regression.averaging import log_odds_of_share

TO = 1e-4


@pytest.fixture(scope="module")
def found(aggression):
    """Findings by method."""
    return {f.method: f for f in between_levels(aggression, test="do against want")}


def test_default_agrees_with_lme4(found):
    # glmer(y ~ do + (1 + do | id) + (1 | item), VerbAgg, binomial), do being -1/2 or 1/2, with
    # glmerControl(optimizer = "bobyqa", tolPwrss = 1e-13, optCtrl = list(rhoend = 1e-10))
    mixed = found["mixed_logit"]
    assert math.log(mixed.estimate) == pytest.approx(-0.7758809725, abs=TO)
    error = math.log(mixed.estimate) / mixed.statistic
    assert error == pytest.approx(0.4690914686, rel=2e-3)  # vcov there changes with tolPwrss
    assert mixed.is_default and mixed.df == 22 and mixed.quantity == "conditional odds ratio"


def test_cluster_robust_odds_ratio_agrees_with_geepack(found):
    # geeglm(y ~ mode, id = id, family = binomial, corstr = "exchangeable"):
    # -0.45125372, robust error 0.051949526
    robust = found["cluster_robust"]
    assert math.log(robust.estimate) == pytest.approx(-0.45125372, abs=1e-7)
    error = math.log(robust.estimate) / robust.statistic
    assert error == pytest.approx(0.051949526 * 316 / 315, rel=1e-3)  # bias-reduced


def test_naive_odds_ratio_agrees_with_glm(found):
    # glm(y ~ mode, binomial): -0.45125372, z -9.7507444, p 1.8312059e-22
    naive = found["naive_binomial"]
    assert math.log(naive.estimate) == pytest.approx(-0.45125372, abs=1e-7)
    assert naive.statistic == pytest.approx(-9.7507444, abs=1e-5)
    assert naive.p == pytest.approx(1.8312059e-22, rel=1e-4)
    assert "independent, which they are not" in naive.assumes


def test_pictures_that_differ_turn_a_sure_difference_into_an_open_one(found):
    assert found["paired_t"].p < 1e-15 and found["cluster_robust"].p < 1e-15
    assert found["mixed_logit"].p > 0.05 and found["two_way"].p > 0.05
    assert [f.is_default for f in found.values()] == [True, False, False, False, False, False]


def test_exchanging_the_kinds_inverts_the_ratio(aggression, found):
    turned = aggression.assign(treated=~aggression["treated"])
    ratio = between_levels(turned, test="t", has_alternatives=False)[0]
    assert ratio.estimate == pytest.approx(1 / found["mixed_logit"].estimate, rel=1e-4)
    assert ratio.p == pytest.approx(found["mixed_logit"].p, rel=1e-3)


def test_all_right_gives_a_one_sided_bound(aggression):
    few = aggression[aggression["participant"] < 20]
    sure = few.assign(right=np.where(few["treated"], 1.0, few["right"]))
    with pytest.warns(SeparationWarning, match="got all 240 right. Its bounds are one-sided"):
        found = between_levels(sure, test="t")
    assert found[0].method == "two_way_bound" and found[0].estimate == np.inf
    assert found[0].assumes.endswith("that are all right, or all wrong, are independent")
    assert 1 < found[0].ci_low < np.inf and found[0].ci_high == np.inf and found[0].p < 0.05
    missing = {f.method for f in found if np.isnan(f.p)}
    assert missing == {"cluster_robust", "naive_binomial"}


def test_kinds_are_called_by_their_names(aggression):
    few = aggression[aggression["participant"] < 20]
    sure = few.assign(right=np.where(few["treated"], 1.0, few["right"]))
    asked = {"test": "t", "group": "expert", "has_alternatives": False, "kinds": ("do", "want")}
    with pytest.warns(SeparationWarning, match=r"answers of do \(expert\) must be both right and"):
        between_levels(sure, **asked)
    with pytest.raises(DesignError, match=r"^want \(expert\) must have answers of 2 .* 20 and 1"):
        between_levels(few[few["treated"] | (few["item"] == few["item"].iloc[0])], **asked)


def test_answer_given_twice_is_an_error(aggression):
    with pytest.raises(DesignError, match="participant 0, item S1WantCurse must be there once"):
        between_levels(pd.concat([aggression, aggression.head(1)]), test="t")


def test_one_kind_is_an_error(aggression):
    with pytest.raises(DesignError, match="both kinds for t; got 3792 answers to one"):
        between_levels(aggression[aggression["treated"]], test="t")


def draw(seed, *, n=8, n_items=15, share=0.97):
    """Answers near the ceiling of participants who differ by 1 and pictures that do not."""
    rng = np.random.default_rng(seed)
    kinds = np.repeat([False, True], n_items)
    center = log_odds_of_share(share, 1.0)
    person, slope = rng.standard_normal((n, 1)), 0.3 * rng.standard_normal((n, 1))
    items = 0 * rng.standard_normal(2 * n_items)
    p = special.expit(center + person + slope * (kinds - 0.5) + items)
    right = rng.random(p.shape) < p
    return pd.DataFrame({
        "participant": np.repeat(np.arange(n), 2 * n_items),
        "item": np.tile(np.arange(2 * n_items), n),
        "treated": np.tile(kinds, n), "right": right.ravel().astype(float),
    })  # fmt: skip


@pytest.mark.parametrize("seed", [1013, 1032, 1054, 1294])
def test_mode_that_rounding_keeps_from_the_last_digit_is_accepted(seed):
    found = between_levels(draw(seed), test="levels", has_alternatives=False)[0]
    assert found.method == "mixed_logit" and 0 < found.p < 1
    assert found.ci_low < found.estimate < found.ci_high


def test_mixed_logit_without_an_end_leaves_the_other_methods(aggression, monkeypatch):
    def refuse(*_):
        raise ConvergenceError("slope of the likelihood must end below 3e-05; got 1.")

    monkeypatch.setattr(levels, "fit_mixed_logit", refuse)
    message = r"do \(expert\) by a mixed logit cannot be computed: slope .* got 1\."
    with pytest.warns(NoComparisonWarning, match=message):
        found = between_levels(aggression, test="do", group="expert")
    assert found[0].is_default and math.isnan(found[0].p) and found[0].method == "mixed_logit"
    assert [f.method for f in found[1:]] == [
        "two_way", "cluster_robust", "paired_t", "wilcoxon", "naive_binomial"
    ]  # fmt: skip


def test_nobody_paired_leaves_the_other_methods(aggression):
    few = aggression[aggression["participant"] < 60]
    apart = few[(few["participant"] % 2 == 0) == few["treated"]]
    message = "do by paired tests cannot be computed: participants must be 2 or more who answered"
    with (
        pytest.warns(NoComparisonWarning, match=message),
        pytest.warns(UnpairedRowsWarning, match="got 60 of 60"),
    ):
        found = between_levels(apart, test="do")
    assert [f.method for f in found[1:]] == ["two_way", "cluster_robust", "naive_binomial"]

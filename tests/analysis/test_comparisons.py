"""Answers of R 4.2.2 on chickwts (Snedecor), weights in kg in the place of accuracies."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis import comparisons
from analysis.comparisons import against_baseline, all_pairs, one_way
from analysis.errors import (
    AnalysisError,
    BaselineError,
    ConditionsError,
    DesignError,
    MissingColumnError,
    SmallArmWarning,
    ZeroVarianceWarning,
)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_anova_agrees_with_r(chicks):
    # summary(aov(w ~ feed)); oneway.test(w ~ feed)
    table = one_way(chicks).set_index("method")
    anova, welch = table.loc["anova"], table.loc["welch"]
    assert anova[["f", "df1", "df2"]].tolist() == pytest.approx([15.3648, 5, 65], abs=1e-4)
    assert anova["p"] == pytest.approx(5.9364e-10, rel=1e-4)
    assert anova["eta_squared"] == pytest.approx(0.231129162103 / 0.426685183099)
    mean_square = 0.0030085541692
    omega = (0.231129162103 - 5 * mean_square) / (0.426685183099 + mean_square)
    assert anova["omega_squared"] == pytest.approx(omega)
    assert welch["f"] == pytest.approx(19.6617243608)
    assert welch["df2"] == pytest.approx(29.9520363861)
    assert welch["p"] == pytest.approx(1.17705971607e-08)


def _row(table, condition, reference):
    return table.set_index(["condition", "reference"]).loc[(condition, reference)]


def test_tukey_kramer_agrees_with_r(chicks):
    # TukeyHSD(aov(w ~ feed)), casein - horsebean and soybean - meatmeal
    table = all_pairs(chicks, "tukey_kramer")
    assert len(table) == 15
    row = _row(table, "casein", "horsebean")
    expected = [0.163383333333, 0.09441979046, 0.23234687620]
    assert row[["difference", "ci_low", "ci_high"]].tolist() == pytest.approx(expected, abs=2e-5)
    assert row["p"] == pytest.approx(3.070196797e-08, rel=1e-3)
    assert _row(table, "meatmeal", "soybean")["p"] == pytest.approx(7.391355715e-01, rel=1e-6)


def test_games_howell_agrees_with_r(chicks):
    # rstatix 0.7.2: games_howell_test(d, w ~ feed); its differences are group 2 - group 1
    table = all_pairs(chicks)
    expected = {
        ("casein", "linseed"): (0.1048333333, 0.0299545421, 0.1797121246, 3.00e-03),
        ("linseed", "sunflower"): (-0.1101666667, -0.1744982568, -0.0458350765, 3.04e-04),
        ("meatmeal", "sunflower"): (-0.0520075758, -0.1284113180, 0.0243961665, 3.03e-01),
    }
    for pair, (*bounds, p) in expected.items():
        row = _row(table, *pair)
        assert row[["difference", "ci_low", "ci_high"]].tolist() == pytest.approx(bounds, abs=2e-5)
        assert row["p"] == pytest.approx(p, rel=4e-2)  # rstatix rounds


def test_dunnett_agrees_with_r(chicks, rng):
    # multcomp 1.4-22: glht(aov(w ~ feed), linfct = mcp(feed = "Dunnett")); p to 4e-4
    table = against_baseline(chicks, "casein", "dunnett", rng=rng)
    expected = [5.5526868e-09, 5.9960206e-05, 1.6709153e-01, 3.1205334e-03, 9.9945237e-01]
    assert table["p"].tolist() == pytest.approx(expected, abs=2e-3)
    assert table["ci_low"].tolist() == pytest.approx(
        [-0.223922158, -0.162554837, -0.105693021, -0.132776595, -0.052388171], abs=2e-4
    )
    assert table["reference"].unique().tolist() == ["casein"]


def test_welch_with_holm_agrees_with_r(chicks, rng):
    # p.adjust(sapply(feeds, function(f) t.test(w[feed == f], w[feed == "casein"])$p.value), "holm")
    table = against_baseline(chicks, "casein", rng=rng)
    expected = [3.60512479060e-06, 1.04248663886e-03, 1.97324431169e-01, 1.05637903567e-02,
                8.21511771366e-01]  # fmt: skip
    assert table["p"].tolist() == pytest.approx(expected)
    assert table["condition"].tolist()[0] == "horsebean"


def test_sessions_of_a_participant_count_once(chicks, rng):
    doubled = pd.concat([chicks, chicks])
    pd.testing.assert_frame_equal(one_way(chicks), one_way(doubled))
    one, other = (against_baseline(t, "casein", rng=rng) for t in (chicks, doubled))
    pd.testing.assert_frame_equal(one, other)


def test_condition_of_one_participant_is_left_out(chicks):
    lonely = chicks[~chicks["participant"].isin([f"casein-{i}" for i in range(1, 12)])]
    with pytest.warns(SmallArmWarning, match="casein must have 2 participants or more.*got 1"):
        assert "casein" not in set(all_pairs(lonely)["condition"])


def test_arm_without_spread_has_no_welch_anova(chicks):
    flat = chicks.assign(accuracy=chicks["accuracy"].where(chicks["condition"] != "casein", 1.0))
    with pytest.warns(ZeroVarianceWarning, match="casein must vary"):
        table = one_way(flat).set_index("method")
    assert np.isnan(table.loc["welch", "p"]) and table.loc["anova", "p"] < 1e-6


def test_arms_without_spread_have_a_difference_and_no_interval(chicks):
    rows = [(f"{c}-{i}", c, share) for c, share in (("a", 1.0), ("b", 0.5)) for i in range(4)]
    rows += [(f"c-{i}", "c", 0.1 * i) for i in range(4)]
    with pytest.warns(ZeroVarianceWarning, match="must vary"):
        table = all_pairs(pd.DataFrame(rows, columns=["participant", "condition", "accuracy"]))
    row = _row(table, "a", "b")
    assert row["difference"] == 0.5 and row[["ci_low", "ci_high", "p"]].isna().all()


def test_wrong_arguments_are_named(chicks, rng):
    with pytest.raises(ConditionsError, match=r"must be two or more .* got \{'casein': 12\}\."):
        one_way(chicks[chicks["condition"] == "casein"])
    with pytest.raises(ConditionsError, match=r"who differ; got \{'casein': 12, "):
        one_way(chicks.assign(accuracy=0.5))
    with pytest.raises(BaselineError, match=r"baseline must be one of \['casein', .*got 'corn'\."):
        against_baseline(chicks, "corn", rng=rng)
    with pytest.raises(AnalysisError, match=r"method must be one of \['tukey_kramer', .*'scheffe'"):
        all_pairs(chicks, "scheffe")
    with pytest.raises(AnalysisError, match=r"method must be one of \['dunnett', 'welch_holm'\]"):
        against_baseline(chicks, "casein", "tukey", rng=rng)
    with pytest.raises(MissingColumnError, match=r"columns \['accuracy'\] must be present"):
        one_way(chicks.drop(columns="accuracy"))


def test_tables_are_left_unchanged(chicks, rng):
    before = chicks.copy()
    one_way(chicks), all_pairs(chicks), against_baseline(chicks, "casein", rng=rng)
    pd.testing.assert_frame_equal(chicks, before)


@pytest.fixture
def alike():
    """Two conditions of participants who are all alike, and one whose participants differ."""
    means = {"baseline": [0.5] * 4, "ace": [0.1 + 0.2 + 0.3] * 3 + [0.6], "craft": [0.5, 0.7, 0.9]}
    rows = [(f"{c}{i}", c, a) for c, values in means.items() for i, a in enumerate(values)]
    return pd.DataFrame(rows, columns=["participant", "condition", "accuracy"])


def test_conditions_without_spread_get_no_bounds_and_no_p(alike, rng):
    with pytest.warns(ZeroVarianceWarning, match="must vary .*from all 4.*two such arms"):
        welch = against_baseline(alike, rng=rng)
    with pytest.warns(ZeroVarianceWarning, match="must vary"):
        pairs = all_pairs(alike)
    for row in (_row(welch, "ace", "baseline"), _row(pairs, "baseline", "ace")):
        assert abs(row["difference"]) == pytest.approx(0.1)
        assert row[["ci_low", "ci_high", "p"]].isna().all()
    for row in (_row(welch, "craft", "baseline"), _row(pairs, "baseline", "craft")):
        assert row[["ci_low", "ci_high", "p"]].notna().all()


@pytest.mark.parametrize("level", [0.0005, 0.05, 0.8, 0.9995, 1 - 1e-9])
@pytest.mark.parametrize("method", ["games_howell", "tukey_kramer"])
def test_every_level_has_an_interval(chicks, method, level):
    few = chicks[chicks["condition"].isin(["casein", "linseed", "soybean"])]
    few = few.groupby("condition").head(2)
    table = all_pairs(few, method, level=level)
    assert (table["ci_low"] < table["difference"]).all()
    assert (table["difference"] < table["ci_high"]).all()
    if level < 0.999:
        assert ((table["p"] < 1 - level) == (table["ci_low"] * table["ci_high"] > 0)).all()


@pytest.mark.parametrize(("level", "k", "df"), [(0.95, 11, 60.3), (0.8, 3, 1.1), (0.9995, 3, 10)])
def test_quantile_is_scipys(level, k, df):
    expected = stats.studentized_range.ppf(level, k, df)
    assert comparisons._range_quantile(level, k, df) == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize(("lowest", "tolerance"), [(1.0, 1e-5), (2.0, 1e-6)])
def test_many_quantiles_are_those_of_each(lowest, tolerance):
    df = np.geomspace(lowest, 120, 20)
    found = comparisons._range_quantiles(0.95, 12, df)
    expected = [comparisons._range_quantile(0.95, 12, each) for each in df[::7]]
    assert found[::7].tolist() == pytest.approx(expected, rel=tolerance)


def test_arm_without_spread_is_said_in_the_packages_own_words(chicks, rng):
    alike = chicks.assign(
        accuracy=chicks["accuracy"].where(chicks["condition"] != "casein", 20 / 21)
    )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        against_baseline(alike, "horsebean", "dunnett", rng=rng)
    assert [warning.category for warning in caught] == [ZeroVarianceWarning]


def test_participant_in_two_conditions_is_an_error(chicks):
    twice = chicks.assign(
        participant=chicks["participant"].replace(
            {chicks["participant"][70]: chicks["participant"][0]}
        )
    )
    with pytest.raises(ConditionsError, match="must be in one condition; got 2"):
        one_way(twice)


def test_missing_names_are_an_error(chicks):
    chicks = chicks.astype({"condition": object})
    chicks.loc[0, "condition"] = None
    with pytest.raises(DesignError, match=r"\['condition'\] must be given in every row; got 1"):
        one_way(chicks)

import math

import numpy as np
import pytest

from analysis.accuracy import accuracy_differences
from analysis.contrasts import Contrast
from analysis.effect_sizes import contrast_sizes, hedges_g
from analysis.errors import (
    AnalysisError,
    ConditionsError,
    EmptyConditionWarning,
    SmallArmWarning,
    ZeroVarianceWarning,
)

CONTRASTS = [
    Contrast(condition="casein", reference="horsebean", family="planned"),
    Contrast(condition="linseed", reference="soybean", family="against_control"),
    Contrast(condition="casein", reference="horsebean", family="against_baseline"),
]
G = ["hedges_g", "ci_low", "ci_high"]


def test_g_agrees_with_its_formula_in_r(chicks):
    # j <- exp(lgamma(df / 2) - lgamma((df - 1) / 2)) / sqrt(df / 2); g <- j * d;
    # v <- (n + m) / (n * m) + g^2 / (2 * (n + m)); g + c(-1, 1) * 1.96 * sqrt(v)
    table = contrast_sizes(chicks, CONTRASTS).set_index("condition")
    expected = [2.891291235, 1.693749316, 4.088833155]
    assert table.loc["casein", G].tolist() == pytest.approx(expected, abs=1e-8)


def test_g_is_close_to_rstatix(chicks):
    # rstatix 0.7.2: cohens_d(d, w ~ feed, hedges.correction = TRUE, var.equal = TRUE), with the
    # approximation 1 - 3 / (4 df - 1)
    g = contrast_sizes(chicks, CONTRASTS).set_index("condition")["hedges_g"]
    assert g["casein"] == pytest.approx(2.891534, abs=1e-3)


def test_exchanged_arms_change_the_sign():
    x, y = np.array([0.4, 0.6, 0.7]), np.array([0.5, 0.9, 0.8, 0.9])
    g, low, high = hedges_g(x, y)
    assert hedges_g(y, x) == pytest.approx((-g, -high, -low))


def test_scale_and_place_do_not_matter():
    x, y = np.array([0.4, 0.6, 0.7]), np.array([0.5, 0.9, 0.8, 0.9])
    assert hedges_g(3 * x + 1, 3 * y + 1) == pytest.approx(hedges_g(x, y))


def test_arms_without_spread_or_of_one_have_none(chicks):
    assert math.isnan(hedges_g(np.ones(3), np.ones(4))[0])
    kept = ~chicks["participant"].isin([f"casein-{i}" for i in range(1, 12)])
    with pytest.warns(SmallArmWarning, match="casein must have 2 participants or more"):
        table = contrast_sizes(chicks[kept], CONTRASTS).set_index("condition")
    assert math.isnan(table.loc["casein", "hedges_g"])
    same = chicks.assign(accuracy=0.5)
    with pytest.warns(ZeroVarianceWarning, match="must vary between participants"):
        table = contrast_sizes(same, CONTRASTS)
    assert table["hedges_g"].isna().all()


def test_no_contrast_gives_an_empty_table(chicks):
    assert len(contrast_sizes(chicks, [])) == 0


def test_every_contrast_has_its_sizes(chicks):
    table = contrast_sizes(chicks, CONTRASTS)
    assert list(table["contrast"]) == ["casein - horsebean", "linseed - soybean"]
    assert list(table["family"]) == ["against_baseline", "against_control"]
    assert table[["n_condition", "n_reference"]].to_numpy().tolist() == [[12, 10], [12, 14]]
    found = table.set_index("condition")
    apart = accuracy_differences(chicks, "soybean").set_index("condition").loc["linseed"]
    names = ["difference", "difference_low", "difference_high"]
    assert (
        found.loc["linseed", names].tolist() == apart[["difference", "ci_low", "ci_high"]].tolist()
    )


def test_contrast_with_nobody_or_one_has_no_interval(chicks):
    kept = (chicks["condition"] != "soybean") & (chicks["condition"] != "casein")
    few = chicks[kept | (chicks["participant"] == "casein-0")]
    with (
        pytest.warns(EmptyConditionWarning, match="condition soybean must have participants"),
        pytest.warns(SmallArmWarning, match="casein must have 2 participants or more"),
    ):
        table = contrast_sizes(few, CONTRASTS).set_index("condition")
    assert table.loc["linseed", "n_reference"] == 0 and math.isnan(
        table.loc["linseed", "difference"]
    )
    assert table.loc["casein", "difference"] > 0
    assert table.loc["casein", ["difference_low", "hedges_g", "ci_high"]].isna().all()


def test_contrasts_of_participants_in_two_conditions_are_an_error(chicks):
    first, last = chicks["participant"].iloc[[0, -1]]
    twice = chicks.replace({"participant": {last: first}})
    with pytest.raises(ConditionsError, match="participant casein-0 must be in one condition"):
        contrast_sizes(twice, CONTRASTS)
    with pytest.raises(AnalysisError, match=r"level must be in \(0, 1\); got 95"):
        contrast_sizes(chicks, CONTRASTS, level=95)

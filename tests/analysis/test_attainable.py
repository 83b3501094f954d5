import math

import numpy as np
import pandas as pd
import pytest

from analysis.attainable import attainable_gains
from analysis.errors import (
    AnalysisError,
    BaselineError,
    CeilingWarning,
    MissingColumnError,
    UnboundedIntervalWarning,
)
from analysis.utility import utility_scores


@pytest.fixture
def study():
    rng = np.random.default_rng(4)
    rows = [
        ("foxes", condition, f"{condition}-{i}", session, rng.integers(low, 8) / 7)
        for condition, low in (("baseline", 1), ("craft", 4), ("ace", 0))
        for i in range(14)
        for session in (1, 2, 3)
    ]
    names = ["scenario", "condition", "participant", "session", "accuracy"]
    return pd.DataFrame(rows, columns=names)


def _published(scenario, baseline, craft):
    rows = [(scenario, "baseline", k, a) for k, a in enumerate(baseline)]
    rows += [(scenario, "craft", k, a) for k, a in enumerate(craft)]
    table = pd.DataFrame(rows, columns=["scenario", "condition", "session", "accuracy"])
    return table.assign(accuracy=table["accuracy"] / 100)


@pytest.mark.parametrize(
    ("baseline", "ceiling"),
    [((55.7, 66.2, 62.9), 1.62), ((70.1, 76.8, 78.6), 1.33), ((58.8, 62.2, 58.8), 1.67)],
)
def test_ceilings_of_the_papers_scenarios(baseline, ceiling):
    gains = attainable_gains(_published("s", baseline, (90.6, 97.3, 95.5)))
    assert round(gains["ceiling"][0], 2) == ceiling


def test_share_is_one_at_the_ceiling_and_zero_at_the_baseline(study):
    best = study.assign(accuracy=study["accuracy"].where(study["condition"] != "craft", 1.0))
    with pytest.warns(match="^wrong answers of craft must vary .* got 0.000 from all 14"):
        gains = attainable_gains(best).set_index("condition")
    assert gains.loc["craft", "gain_share"] == 1
    assert gains.loc["craft", "ci_low"] < 1
    twin = study[study["condition"] == "baseline"].assign(condition="twin")
    twin = twin.assign(participant="twin of " + twin["participant"])
    gains = attainable_gains(pd.concat([study, twin])).set_index("condition")
    assert gains.loc["twin", "gain_share"] == pytest.approx(0)


def test_share_follows_from_utility_and_ceiling(study):
    gains, scores = attainable_gains(study), utility_scores(study)
    expected = (scores["utility"] - 1) / (gains["ceiling"] - 1)
    assert gains["gain_share"].tolist() == pytest.approx(expected.tolist())
    assert gains["condition"].tolist() == scores["condition"].tolist()


def test_interval_holds_zero_just_where_utilitys_holds_one(study):
    gains, scores = attainable_gains(study), utility_scores(study)
    assert ((gains["ci_low"] > 0) == (scores["ci_low"] > 1)).all()
    assert ((gains["ci_high"] < 0) == (scores["ci_high"] < 1)).all()
    assert (gains["ci_low"] < gains["gain_share"]).all()
    assert (gains["gain_share"] < gains["ci_high"]).all()


def test_without_participants_there_are_no_intervals():
    gains = attainable_gains(_published("foxes", (58.8,), (56.5,)))
    assert list(gains) == ["scenario", "condition", "ceiling", "gain_share"]
    assert gains["gain_share"][0] < 0


def test_baseline_that_is_always_right_leaves_nothing_to_gain(study):
    study.loc[study["condition"] == "baseline", "accuracy"] = 1.0
    with pytest.warns(CeilingWarning, match=r"of baseline must be below 1 .* got 1\.0\."):
        gains = attainable_gains(study)
    assert gains["ceiling"][0] == 1 and math.isnan(gains["gain_share"][0])


def test_unbounded_share_is_at_most_one_and_names_wrong_answers(study):
    study = study[study["condition"] != "ace"].reset_index(drop=True)
    study.loc[study["condition"] == "baseline", "accuracy"] = 1.0
    study.loc[study["participant"] == "baseline-0", "accuracy"] = 6 / 7
    message = "g of wrong answers of craft over wrong answers of baseline must be below 1"
    with pytest.warns(UnboundedIntervalWarning, match=message):
        gains = attainable_gains(study)
    assert gains[["ci_low", "ci_high"]].iloc[0].tolist() == [-math.inf, 1]


def test_wrong_arguments_are_named(study):
    with pytest.raises(BaselineError, match=r"of scenario foxes must be one of .*; got 'control'"):
        attainable_gains(study, "control")
    with pytest.raises(MissingColumnError, match=r"columns \['session'\] must be present"):
        attainable_gains(study.drop(columns="session"))
    with pytest.raises(AnalysisError, match=r"level must be in \(0, 1\); got 95"):
        attainable_gains(study, level=95)

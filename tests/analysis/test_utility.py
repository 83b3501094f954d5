import math

import numpy as np
import pandas as pd
import pytest

from analysis.classic_intervals import fieller_interval
from analysis.errors import (
    AnalysisError,
    BaselineError,
    DesignError,
    MissingColumnError,
    SmallArmWarning,
    UnpairedSessionsError,
)
from analysis.intervals import ratio_interval
from analysis.shares import share_of
from analysis.utility import utility_by_session, utility_scores

# Table 1 of Fel et al. 2023: accuracy in percent in sessions 1 to 3, and the published Utility.
TABLE_1 = {
    "husky_wolf": {
        "baseline": (55.7, 66.2, 62.9, None),
        "control": (53.3, 61.0, 61.4, 0.95),
        "saliency": (53.9, 69.6, 73.3, 1.06),
        "integrated_gradients": (67.4, 72.8, 73.2, 1.15),
        "smoothgrad": (68.7, 75.3, 78.0, 1.20),
        "grad_cam": (77.6, 85.7, 84.1, 1.34),
        "occlusion": (71.0, 75.7, 78.1, 1.22),
        "gradient_x_input": (65.8, 63.3, 67.9, 1.06),
        "ace": (68.8, 71.4, 72.7, 1.15),
        "craft_concepts_only": (82.4, 87.0, 85.1, 1.38),
        "craft": (90.6, 97.3, 95.5, 1.53),
    },
    "leaves": {
        "baseline": (70.1, 76.8, 78.6, None),
        "control": (72.0, 78.0, 80.2, 1.02),
        "saliency": (83.2, 88.7, 82.4, 1.13),
        "integrated_gradients": (82.5, 82.5, 85.3, 1.11),
        "smoothgrad": (83.0, 85.7, 86.3, 1.13),
        "grad_cam": (81.9, 83.5, 82.4, 1.10),
        "occlusion": (78.8, 86.1, 82.9, 1.10),
        "gradient_x_input": (76.5, 82.9, 79.5, 1.05),
        "ace": (79.8, 73.8, 82.1, 1.05),
        "craft_concepts_only": (78.8, 85.5, 89.4, 1.12),
        "craft": (86.2, 86.6, 85.5, 1.15),
    },
    "foxes": {
        "baseline": (58.8, 62.2, 58.8, None),
        "control": (60.7, 59.2, 48.5, 0.94),
        "saliency": (61.7, 60.2, 58.2, 1.00),
        "integrated_gradients": (59.4, 58.3, 58.3, 0.98),
        "smoothgrad": (50.3, 55.0, 61.4, 0.93),
        "grad_cam": (54.4, 52.5, 54.1, 0.90),
        "occlusion": (51.0, 60.2, 55.1, 0.92),
        "gradient_x_input": (50.0, 57.6, 62.6, 0.95),
        "ace": (48.4, 46.5, 46.1, 0.78),
        "craft_concepts_only": (55.5, 49.5, 53.3, 0.88),
        "craft": (56.5, 50.6, 49.4, 0.87),
    },
}
WITHIN_ROUNDING = {("husky_wolf", "gradient_x_input"), ("leaves", "craft_concepts_only")}
INCONSISTENT = {("leaves", "gradient_x_input")}


def _published(shift=0.0, baseline_shift=0.0):
    """Table 1 as accuracies in [0, 1], moved by a rounding error in percent."""
    rows = [
        (scenario, condition, session + 1, (row[session] + moved) / 100)
        for scenario, conditions in TABLE_1.items()
        for condition, row in conditions.items()
        for moved in [baseline_shift if condition == "baseline" else shift]
        for session in range(3)
    ]
    return pd.DataFrame(rows, columns=["scenario", "condition", "session", "accuracy"])


def _scores(accuracies):
    return utility_scores(accuracies).set_index(["scenario", "condition"])["utility"]


def _study(seed=0, n=12):
    rng = np.random.default_rng(seed)
    rows = [
        (scenario, condition, f"{condition}-{i}", session, rng.integers(low, 8) / 7)
        for scenario in ("leaves", "foxes")
        for condition, low in (("baseline", 1), ("craft", 4), ("ace", 2))
        for i in range(n)
        for session in (1, 2, 3)
    ]
    names = ["scenario", "condition", "participant", "session", "accuracy"]
    return pd.DataFrame(rows, columns=names)


def test_27_of_the_papers_30_scores_are_exact_at_two_decimals():
    scores = _scores(_published())
    assert len(scores) == 30
    odd = {key for key, score in scores.items() if round(score, 2) != TABLE_1[key[0]][key[1]][3]}
    assert odd == WITHIN_ROUNDING | INCONSISTENT


def test_two_more_lie_within_the_rounding_of_the_inputs_and_one_does_not():
    low, high = _scores(_published(-0.05, 0.05)), _scores(_published(0.05, -0.05))
    for scenario, condition in WITHIN_ROUNDING | INCONSISTENT:
        published = TABLE_1[scenario][condition][3]
        key = (scenario, condition)
        could_be = low[key] <= published + 0.005 and high[key] >= published - 0.005
        assert could_be == (key not in INCONSISTENT)


def test_gradient_x_input_on_leaves_gives_another_number_than_published():
    assert _scores(_published())["leaves", "gradient_x_input"] == pytest.approx(1.0594, abs=5e-5)


def test_score_is_the_ratio_of_means_over_participants():
    study = _study()
    scores = utility_scores(study)
    means = study.groupby(["scenario", "condition"])["accuracy"].mean()
    for row in scores.itertuples():
        expected = means[row.scenario, row.condition] / means[row.scenario, "baseline"]
        assert row.utility == pytest.approx(expected)


def _arm(study, condition):
    rows = study[(study["scenario"] == "leaves") & (study["condition"] == condition)]
    means = rows.groupby("participant")["accuracy"].mean().to_numpy()
    return share_of(means, name=condition, n_answers=len(rows), is_counted=False)


@pytest.mark.parametrize(
    ("interval", "function"), [("fieller", ratio_interval), ("fieller_t", fieller_interval)]
)
def test_interval_is_fiellers_over_the_participants_means(interval, function):
    study = _study()
    row = utility_scores(study, level=0.9, interval=interval).iloc[0]
    expected = function(_arm(study, "craft"), _arm(study, "baseline"), level=0.9)
    assert (row["scenario"], row["condition"]) == ("leaves", "craft")
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((expected.ci_low, expected.ci_high))


def test_bootstrap_draws_the_participants_of_both_arms():
    study = _study()
    drawn = utility_scores(study, interval="bca", rng=np.random.default_rng(2)).iloc[0]
    plain = utility_scores(study).iloc[0]
    assert drawn["utility"] == plain["utility"]
    assert drawn[["ci_low", "ci_high"]].tolist() == pytest.approx(
        plain[["ci_low", "ci_high"]].tolist(), abs=0.05
    )


def test_utility_of_each_session_divides_by_the_baseline_of_that_session():
    study = _study()
    table = utility_by_session(study)
    assert list(table)[:4] == ["scenario", "condition", "session", "utility"]
    means = study.groupby(["scenario", "condition", "session"])["accuracy"].mean()
    for row in table.itertuples():
        expected = (
            means[row.scenario, row.condition, row.session]
            / means[row.scenario, "baseline", row.session]
        )
        assert row.utility == pytest.approx(expected)
        assert row.ci_low < row.utility < row.ci_high


def test_published_accuracies_have_a_utility_of_each_session():
    table = utility_by_session(_published()).set_index(["scenario", "condition", "session"])
    assert list(table) == ["utility"]
    assert table.loc[("husky_wolf", "craft", 1), "utility"] == pytest.approx(90.6 / 55.7)


def test_order_of_rows_changes_only_the_order_of_scores():
    study = _study()
    shuffled = study.sample(frac=1, random_state=1)
    keys = ["scenario", "condition"]
    one = utility_scores(study).sort_values(keys, ignore_index=True)
    other = utility_scores(shuffled).sort_values(keys, ignore_index=True)
    pd.testing.assert_frame_equal(one, other)


def test_arm_equal_to_the_baseline_scores_one():
    arm = _study().query("scenario == 'foxes' and condition == 'baseline'")
    twin = arm.assign(condition="twin", participant="twin of " + arm["participant"])
    row = utility_scores(pd.concat([arm, twin])).iloc[0]
    assert row["utility"] == 1
    assert row["ci_low"] < 1 < row["ci_high"]


def test_columns_and_order_of_the_result():
    with_participants = utility_scores(_study())
    assert list(with_participants) == ["scenario", "condition", "utility", "ci_low", "ci_high"]
    assert with_participants["condition"].tolist() == ["craft", "ace"] * 2
    without = utility_scores(_published())
    assert list(without) == ["scenario", "condition", "utility"]


def test_another_baseline_can_be_named():
    scores = utility_scores(_study(), "ace")
    assert scores["condition"].tolist() == ["baseline", "craft"] * 2


def test_no_rows_give_no_scores():
    assert len(utility_scores(_study().iloc[:0])) == 0


def test_arms_may_differ_in_size():
    study = _study()
    fewer = study[~study["participant"].isin(["craft-0", "craft-1"])]
    assert utility_scores(fewer)["ci_low"].notna().all()


def test_participant_may_have_the_same_name_in_another_scenario():
    study = _study()
    assert len(utility_scores(study.assign(participant=study["participant"]))) == 4


def test_accuracies_are_left_unchanged():
    study = _study()
    before = study.copy()
    utility_scores(study)
    pd.testing.assert_frame_equal(study, before)


def test_missing_baseline_is_an_error():
    with pytest.raises(
        BaselineError, match=r"of scenario leaves must be one of \['ace', .*\]; got 'control'\."
    ):
        utility_scores(_study(), "control")


@pytest.mark.parametrize("columns", [[], ["participant"]])
def test_baseline_without_a_right_answer_is_an_error(columns):
    study = _study(n=1).drop(columns=columns)
    study.loc[study["condition"] == "baseline", "accuracy"] = 0.0
    with pytest.raises(BaselineError, match=r"mean accuracy of .*baseline must be above 0; got 0"):
        utility_scores(study)


def test_missing_session_is_an_error():
    study = _study()
    lost = (study["participant"] == "craft-3") & (study["session"] == 2)
    study = study[~(lost & (study["scenario"] == "leaves"))]
    message = r"craft-3 of craft in scenario leaves must have .*\['1', '2', '3'\] once; got \['1'"
    with pytest.raises(UnpairedSessionsError, match=message):
        utility_scores(study)


def test_several_rows_a_session_without_participants_are_an_error():
    with pytest.raises(UnpairedSessionsError, match=r"baseline in scenario leaves must have each"):
        utility_scores(_study().drop(columns="participant"))


def test_participant_in_two_conditions_is_an_error():
    study = _study()
    study["participant"] = study["participant"].str.replace("ace", "craft")
    with pytest.raises(UnpairedSessionsError, match=r"craft-0 .* must be in one condition; got 2"):
        utility_scores(study)


@pytest.mark.parametrize("column", ["scenario", "condition", "session", "participant"])
@pytest.mark.parametrize("score", [utility_scores, utility_by_session])
def test_missing_names_are_an_error(score, column):
    study = _study().astype({column: object})
    study.loc[0, column] = None
    with pytest.raises(DesignError, match=rf"\['{column}'\] must be given in every row; got 1"):
        score(study)


def test_percentages_are_an_error():
    with pytest.raises(AnalysisError, match=r"accuracy must be in \[0, 1\]; got 55\.7\. Give sha"):
        utility_scores(_published().assign(accuracy=lambda table: 100 * table["accuracy"]))


def test_interval_must_be_known_and_the_bootstrap_needs_a_generator():
    message = r"interval must be one of \['fieller', 'fieller_t', 'bca'\]; got 'bootstrap'\."
    with pytest.raises(AnalysisError, match=message):
        utility_scores(_study(), interval="bootstrap")
    with pytest.raises(AnalysisError, match=r"rng must be given where interval is 'bca'; got N"):
        utility_scores(_study(), interval="bca")


def test_level_must_be_a_share():
    with pytest.raises(AnalysisError, match=r"level must be in \(0, 1\); got 95"):
        utility_scores(_study(), level=95)


def test_missing_column_is_named():
    with pytest.raises(MissingColumnError, match=r"columns \['session'\] must be present"):
        utility_scores(_study().drop(columns="session"))


def test_arm_of_one_has_a_score_and_no_interval():
    study = _study()
    small = study[(study["condition"] != "craft") | (study["participant"] == "craft-0")]
    with pytest.warns(SmallArmWarning, match=r"craft must have 2 participants or more .* got 1"):
        scores = utility_scores(small)
    assert math.isnan(scores.loc[0, "ci_low"]) and scores.loc[0, "utility"] > 0

import pandas as pd
import pytest

from analysis.errors import MissingColumnError
from analysis.exclusions import decide
from analysis.responses import read_export
from analysis.scoring import scored_trials, session_accuracies, tie_accuracies

TRIALS = pd.DataFrame(
    {
        "scenario": "foxes",
        "participant": ["p2", "p2", "p2", "p1", "p1"],
        "simulated_kind": pd.Series([None] * 5, dtype="string"),
        "condition": ["craft", "craft", "craft", "baseline", "baseline"],
        "session": [1, 1, 2, 1, 2],
        "tie": pd.Series(["kept", "broken", "broken", None, "kept"], dtype="string"),
        "correct": [True, False, True, False, True],
    }
)


@pytest.fixture
def export(export_folder):
    return read_export(export_folder)


def test_accuracy_is_the_share_of_right_answers():
    table = session_accuracies(TRIALS)
    rows = table[["participant", "session", "n_trials", "accuracy"]].to_numpy().tolist()
    assert rows == [["p1", 1, 1, 0.0], ["p1", 2, 1, 1.0], ["p2", 1, 2, 0.5], ["p2", 2, 1, 1.0]]


def test_trials_with_an_unknown_tie_are_left_out():
    table = tie_accuracies(TRIALS)
    rows = table[["participant", "tie", "n_trials", "accuracy"]].to_numpy().tolist()
    assert rows == [["p1", "kept", 1, 1.0], ["p2", "kept", 1, 1.0], ["p2", "broken", 2, 0.5]]


def test_catch_trials_and_other_phases_are_never_scored(export):
    trials = scored_trials(export, export.participants["participant"])
    assert set(trials["session"]) == {1, 2, 3}
    catch = export.responses.loc[export.responses["is_catch"], "trial"]
    assert not trials["trial"].isin(catch).any()
    assert not trials["trial"].str.startswith(("practice", "quiz")).any()


def test_every_analysed_participant_has_all_trials(export):
    decisions = decide(export)
    analysed = decisions.loc[decisions["rule"].isna(), "participant"]
    accuracies = session_accuracies(scored_trials(export, analysed))
    assert (accuracies["n_trials"] == 7).all()
    assert len(accuracies) == 3 * len(analysed)


def test_nobody_gives_empty_tables(export):
    trials = scored_trials(export, pd.Series([], dtype="string"))
    assert len(session_accuracies(trials)) == len(tie_accuracies(trials)) == 0


def test_trials_are_left_unchanged():
    before = TRIALS.copy()
    session_accuracies(TRIALS)
    tie_accuracies(TRIALS)
    pd.testing.assert_frame_equal(TRIALS, before)


def test_missing_column_is_named():
    with pytest.raises(MissingColumnError, match=r"columns \['correct'\] must be present"):
        session_accuracies(TRIALS.drop(columns="correct"))
    with pytest.raises(MissingColumnError, match=r"columns \['tie'\] must be present"):
        tie_accuracies(TRIALS.drop(columns="tie"))

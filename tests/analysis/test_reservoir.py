import pandas as pd
import pytest

from analysis.errors import MissingColumnError
from analysis.reservoir import reservoir_use

ACCURACIES = pd.DataFrame(
    {"participant": ["p1", "p2", "p3"], "condition": ["craft", "craft", "baseline"], "session": 1}
)
EVENTS = pd.DataFrame(
    [
        ("p1", "reservoir_opened", "test", 1, 400.0),
        ("p1", "reservoir_opened", "test", 1, 800.0),
        ("p1", "reservoir_opened", "test", 2, 100.0),  # a session that is not analysed
        ("p1", "trial_shown", "test", 1, 50.0),
        ("p3", "reservoir_opened", "practice", 1, 60.0),
        ("p9", "reservoir_opened", "test", 1, 70.0),  # an excluded participant
    ],
    columns=["participant", "event", "phase", "session", "duration_ms"],
)


def test_openings_are_counted_for_those_analysed_only():
    table = reservoir_use(EVENTS, ACCURACIES).set_index("condition")
    assert table.loc["craft", "n_participants"] == 2
    assert table.loc["craft", "share_opened"] == 0.5
    assert table.loc["craft", "mean_openings"] == 1
    assert table.loc["craft", "median_look_ms"] == 600


def test_condition_that_never_opened_it_is_there():
    row = reservoir_use(EVENTS, ACCURACIES).set_index("condition").loc["baseline"]
    assert row["share_opened"] == row["mean_openings"] == 0
    assert pd.isna(row["median_look_ms"])


def test_no_events_and_nobody_give_zeros_and_an_empty_table():
    assert (reservoir_use(EVENTS.iloc[:0], ACCURACIES)["share_opened"] == 0).all()
    assert len(reservoir_use(EVENTS, ACCURACIES.iloc[:0])) == 0


def test_missing_column_is_named():
    with pytest.raises(MissingColumnError, match=r"columns \['phase'\] must be present"):
        reservoir_use(EVENTS.drop(columns="phase"), ACCURACIES)

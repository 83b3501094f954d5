import numpy as np
import pandas as pd
import pytest

from analysis.errors import MissingColumnError
from analysis.timing import reaction_times

TRIALS = pd.DataFrame(
    {
        "participant": ["p1", "p1", "p1", "p2", "p2", "p3"],
        "condition": ["craft"] * 5 + ["baseline"],
        "session": 1,
        "rt_ms": [100.0, 200.0, 900.0, 400.0, np.nan, np.nan],
    }
)


def test_medians_of_participants_come_first():
    row = reaction_times(TRIALS).iloc[0]
    assert row["n_participants"] == 2
    assert row["median_ms"] == 300  # of 200 and 400
    assert (row["q25_ms"], row["q75_ms"]) == (250, 350)


def test_answers_without_a_time_are_left_out():
    assert reaction_times(TRIALS)["condition"].tolist() == ["craft"]


def test_no_rows_give_an_empty_table():
    table = reaction_times(TRIALS.iloc[:0])
    assert len(table) == 0 and "median_ms" in table


def test_missing_column_is_named():
    with pytest.raises(MissingColumnError, match=r"columns \['rt_ms'\] must be present"):
        reaction_times(TRIALS.drop(columns="rt_ms"))

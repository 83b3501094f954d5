import pandas as pd
import pytest

from analysis.errors import CounterWarning, DuplicateWarning, ExportError
from analysis.merging import merge_exports, without_pilot
from analysis.responses import read_export, select_population
from analysis.withdrawals import added_arms, subtracted_arms, withdrawn
from study_app.columns import column_names


def _arms(**counts):
    """Rows of arms.csv: condition -> began and withdrawn; an underscore stands for none."""
    rows = [
        dict.fromkeys(column_names("arms"), 0)
        | {"simulated": True, "condition": None if name == "_" else name}
        | dict(zip(("began", "withdrawn"), pair, strict=True))
        for name, pair in counts.items()
    ]
    return pd.DataFrame(rows, dtype=object)


@pytest.fixture
def export(made_tables, tmp_path):
    """Sixty programs listed, and three who withdrew."""
    tables, write = made_tables
    listed = pd.DataFrame(tables["participants"])["condition"].fillna("_").value_counts()
    gone = {"craft": 2, "_": 1}
    counts = {name: (int(n) + gone.get(name, 0), gone.get(name, 0)) for name, n in listed.items()}
    arms = _arms(**counts).to_dict("records")
    return read_export(write(tmp_path / "withdrawn", tables | {"arms": arms}))


def test_who_withdrew_is_counted_by_arm(export):
    assert withdrawn(select_population(export, "simulated")) == {"craft": 2, "": 1}


def test_arms_of_two_servers_are_added_and_an_earlier_count_is_taken_off():
    both = added_arms([_arms(_=(3, 1), craft=(5, 0)), _arms(craft=(7, 2))])
    assert both.set_index("condition", drop=False).loc[
        "craft", ["began", "withdrawn"]
    ].tolist() == [12, 2]
    left = subtracted_arms(both, _arms(craft=(5, 2), baseline=(9, 9)))
    assert left["began"].tolist() == [3, 7] and left["withdrawn"].tolist() == [1, 0]


def test_export_made_twice_counts_withdrawals_once(export):
    with pytest.warns(DuplicateWarning):
        merged = merge_exports([export, export])
    assert withdrawn(merged) == withdrawn(export)
    with pytest.warns(DuplicateWarning):
        assert withdrawn(without_pilot(export, export)) == {}


def test_arms_that_count_others_are_noted(made_tables, tmp_path):
    tables, write = made_tables
    folder = write(tmp_path / "odd", tables | {"arms": _arms(craft=(1, 0)).to_dict("records")})
    with pytest.warns(CounterWarning, match=r"arms.csv must count the participants .* got -59 in"):
        read_export(folder)


@pytest.mark.parametrize(
    ("arms", "message"),
    [
        (_arms(leaves=(1, 0)), r"arms.csv line 2 condition must be one of \['baseline', 'craft'\]"),
        (_arms(craft=(1, 2)), "arms.csv line 2 withdrawn must be at most began; got '2'"),
        (pd.concat([_arms(craft=(1, 0))] * 2), "arms.csv line 3 condition must be there once"),
    ],
)
def test_impossible_arms_are_errors(made_tables, tmp_path, arms, message):
    tables, write = made_tables
    folder = write(tmp_path / "wrong", tables | {"arms": arms.to_dict("records")})
    with pytest.raises(ExportError, match=message):
        read_export(folder)

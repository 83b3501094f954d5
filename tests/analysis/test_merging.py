import dataclasses

import pandas as pd
import pytest

from analysis.errors import CounterWarning, DuplicateWarning, MergeError
from analysis.merging import merge_exports, study_key, without_pilot
from analysis.responses import read_export
from analysis.results import analyse
from analysis.withdrawals import withdrawn


@pytest.fixture
def export(export_folder):
    return read_export(export_folder)


def _cut(export, n, name="early"):
    """The export as it was when n participants had begun."""
    names = export.participants["participant"].head(n)
    tables = {
        table: getattr(export, table)[getattr(export, table)["participant"].isin(names)]
        for table in ("participants", "responses", "events")
    }
    return dataclasses.replace(export, name=name, **tables)


def _elsewhere(export):
    """The same numbers from another server, a day later."""
    later = export.participants["started_at"] + pd.Timedelta(days=1)
    return dataclasses.replace(
        export, name="elsewhere", participants=export.participants.assign(started_at=later)
    )


def test_an_export_made_twice_counts_once(export):
    with pytest.warns(DuplicateWarning, match="in one export; got 20 in several. The latest"):
        merged = merge_exports([_cut(export, 20), export])
    assert len(merged.participants) == len(export.participants)
    assert len(merged.responses) == len(export.responses)
    tables = analyse(merged, "simulated").tables
    assert tables["utility"].equals(analyse(export, "simulated").tables["utility"])


def test_equal_numbers_of_two_servers_are_two_people(export):
    merged = merge_exports([export, _elsewhere(export)])
    assert len(merged.participants) == 2 * len(export.participants)
    assert merged.participants["participant"].is_unique
    assert set(merged.responses["participant"]) <= set(merged.participants["participant"])
    assert merged.participants["participant"].str.contains("2-elsewhere/p0001").any()
    assert merged.name == f"{export.name} + elsewhere"
    assert f"{export.name}/responses.csv" in merged.sha256


def test_one_export_stays_as_it_is(export):
    assert merge_exports([export]) is export


def test_pilot_is_left_out_and_counted(export):
    with pytest.warns(DuplicateWarning, match="must be kept apart; got 20, which are left out"):
        kept = without_pilot(export, _cut(export, 20, "pilot"))
    assert len(kept.participants) == len(export.participants) - 20
    assert set(kept.responses["participant"]) <= set(kept.participants["participant"])
    assert without_pilot(export, _elsewhere(export)).participants.equals(export.participants)


def test_other_studies_and_rules_are_errors(export):
    other = dataclasses.replace(export, study=dataclasses.replace(export.study, study="leaves"))
    with pytest.raises(MergeError, match="of one study and bundle; got husky-demo and leaves"):
        merge_exports([export, other])
    assert study_key(other) != study_key(export)
    rules = export.study.rules | {"catch_min_correct": 3}
    strict = dataclasses.replace(export, study=dataclasses.replace(export.study, rules=rules))
    with pytest.raises(MergeError, match="exports must have the same rules; got"):
        merge_exports([export, strict])
    with pytest.raises(MergeError, match="must be one or more; got none"):
        merge_exports([])


def test_inputs_are_left_unchanged(export):
    before = export.participants.copy()
    merge_exports([export, _elsewhere(export)])
    assert export.participants.equals(before)


def _withdrawn(export, n, name="late"):
    """The export as it is after the first n participants withdrew."""
    names = export.participants["participant"].iloc[n:]
    tables = {
        table: getattr(export, table)[getattr(export, table)["participant"].isin(names)]
        for table in ("participants", "responses", "events")
    }
    gone = export.participants["condition"].head(n).fillna("")
    counts = export.arms["condition"].fillna("").map(gone.value_counts()).fillna(0)
    arms = export.arms.assign(withdrawn=counts.astype("int64"))
    return dataclasses.replace(export, name=name, **tables, arms=arms)


@pytest.mark.parametrize("is_late_first", [False, True])
def test_who_withdrew_between_two_exports_is_left_out_and_counted_once(export, is_late_first):
    late = _withdrawn(export, 3)
    pair = [late, _cut(export, 50)] if is_late_first else [_cut(export, 50), late]
    with (
        pytest.warns(DuplicateWarning, match="of an earlier export must be .* got 3 who are not"),
        pytest.warns(DuplicateWarning, match="in one export; got 47 in several"),
    ):
        merged = merge_exports(pair)
    assert list(merged.participants["participant"]) == list(late.participants["participant"])
    assert withdrawn(merged) == withdrawn(late)


def test_arms_that_do_not_count_the_merged_participants_are_noted(export):
    short = dataclasses.replace(export, arms=export.arms.assign(began=0))
    with pytest.warns(CounterWarning, match="arms.csv must count the participants .* got -60 in"):
        merge_exports([short, _elsewhere(export)])

import dataclasses

import numpy as np
import pytest

from analysis.conduct import MEASURES, conduct
from analysis.exclusions import raw_record
from analysis.responses import read_export


@pytest.fixture
def export(export_folder):
    return read_export(export_folder)


def _with_rules(export, **rules):
    study = dataclasses.replace(export.study, rules=export.study.rules | rules)
    return dataclasses.replace(export, study=study)


def test_measures_are_those_of_the_raw_answers(export):
    found = conduct(_with_rules(export, fast_answer_ms=1500))
    name = found["sessions_s"].dropna().index[0]
    test = export.responses[export.responses["phase"].eq("test")]
    own = test[test["participant"] == name]
    assert found.loc[name, "median_rt_ms"] == own["rt_ms"].median()
    assert found.loc[name, "fast_share"] == (own["rt_ms"] < 1500).mean()
    assert found.loc[name, "same_choice_share"] == own["choice"].value_counts().max() / len(own)
    at = export.events[
        (export.events["event"] == "assigned") & export.events["participant"].eq(name)
    ]
    seconds = (own["answered_at"].max() - at["at"].iloc[0]).total_seconds()
    assert found.loc[name, "sessions_s"] == seconds


def test_without_a_limit_no_answer_is_fast(export):
    assert (conduct(export)["fast_share"] == 0).all()


def test_those_who_never_began_the_sessions_have_no_time(export):
    found = conduct(export)
    screened = export.participants.loc[export.participants["condition"].isna(), "participant"]
    assert len(screened) and found.loc[screened, "sessions_s"].isna().all()
    assert len(found) == len(export.participants)


def test_every_measure_is_in_the_record(export):
    record = raw_record(export)
    assert set(MEASURES) <= set(record) and record["same_choice_share"].max() <= 1
    assert np.isfinite(record["fast_share"]).all()

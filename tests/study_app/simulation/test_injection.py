"""Effects that were put in come back from the whole chain."""

import csv
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.cli import main as craft_analysis
from analysis.utility import utility_scores
from stimuli_builder.bundle import read_bundle
from study_app.cli import main as craft_study
from study_app.simulation.browser import Line
from study_app.simulation.errors import PageError
from study_app.simulation.injection import Informed, answer_key, share_right
from study_app.simulation.kinds import EFFECTS, Kind
from study_app.simulation.reading import Page

NULL, GAIN, HARM = (
    Kind(name=f"strong-{name}", strategy="inject", accuracy=accuracy, effect=effect)
    for name, accuracy, effect in (("null", 0.8, 0.0), ("gain", 0.3, 0.65), ("harm", 0.9, -0.85))
)
TRIAL = """<main data-step="test" data-trial="t1" data-phase="session"><form>
<button name="choice" value="0">Husky</button><button name="choice" value="1">Wolf</button>
</form></main>"""
OPTIONS = """<main data-step="test" data-trial="t1" data-phase="session"><form>
<button name="choice" value="0"><img src="/media/a.png"></button>
<button name="choice" value="1"><img src="/media/b.png"></button>
</form></main>"""


def accuracies(rows, kind):
    """Return the share of right answers of each condition and session, without catch trials."""
    mine = [row for row in rows if row["simulated_kind"] == kind.name and row["session"]]
    frame = pd.DataFrame([row for row in mine if not row["is_catch"]])
    shares = (
        frame.groupby(["condition", "session"])["correct"].mean().rename("accuracy").reset_index()
    )
    return shares.assign(scenario="small")


@pytest.mark.slow
def test_strong_effects_come_back_as_utility(rehearsed, study):
    kinds = [kind for kind in (NULL, GAIN, HARM) for _ in range(4)]
    _, tables = rehearsed(kinds)
    utility = {
        kind.name: utility_scores(accuracies(tables["responses"], kind)).utility.item()
        for kind in (NULL, GAIN, HARM)
    }
    assert 0.75 < utility["strong-null"] < 1.3
    assert utility["strong-gain"] > 1.6
    assert utility["strong-harm"] < 0.4


def test_key_is_what_the_right_choice_shows(study, recursivity_path):
    key = answer_key(study)
    assert set(key) == set(study.manifest.test_trials)
    assert set(key.values()) <= {*study.manifest.classes, *study.manifest.practice.classes}
    bundle = read_bundle(recursivity_path)
    assert set(answer_key(bundle).values()) <= set(bundle.manifest.media)


@pytest.mark.parametrize(("html", "key"), [(TRIAL, "Wolf"), (OPTIONS, "b.png")])
@pytest.mark.parametrize(("accuracy", "choice"), [(2.0, 1), (-1.0, 0)])
def test_right_and_wrong_are_chosen_on_every_kind_of_page(html, key, accuracy, choice):
    kind = Kind(name="sure", strategy="inject", accuracy=accuracy)
    person = Informed(
        "http://127.0.0.1:9/",
        kind=kind,
        generator=np.random.default_rng(0),
        line=Line(),
        key={"t1": key},
    )
    assert {person._inject(Page(html)) for _ in range(20)} == {choice}


def test_choice_that_is_not_offered_is_named():
    person = Informed(
        "http://127.0.0.1:9/",
        kind=EFFECTS[0],
        generator=np.random.default_rng(0),
        line=Line(),
        key={"t1": "Fox"},
    )
    with pytest.raises(PageError, match="page must offer the right choice of 't1'; got"):
        person._inject(Page(TRIAL))


def test_effect_counts_where_there_is_an_explanation():
    shares = [
        (share_right(kind, 0.0, is_explained=False), share_right(kind, 0.05, is_explained=True))
        for kind in EFFECTS
    ]
    assert np.allclose(shares, [(0.65, 0.7), (0.65, 0.85), (0.65, 0.55)])
    high = replace(EFFECTS[0], accuracy=0.99, effect=0.5)
    assert share_right(high, 0.08, is_explained=True) == 1.0


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_shipped_effects_come_back_from_simulate_export_and_report(study, tmp_path):
    names = [kind.name for kind in EFFECTS]
    database = ["--database", str(tmp_path / "s.sqlite")]
    simulate = ["simulate", str(study.path), *database, "--participants", "144", "--kinds", *names]
    assert craft_study(simulate) == 0
    assert craft_study(["export", *database, str(tmp_path / "export")]) == 0
    report = ["report", str(tmp_path / "export"), "--out", str(tmp_path / "results")]
    assert craft_analysis([*report, "--simulated"]) == 0
    (file,) = (tmp_path / "results").rglob("simulated_effects.csv")
    with file.open(newline="") as lines:
        rows = {row["simulated_kind"]: row for row in csv.DictReader(lines)}
    for kind in EFFECTS:
        row = {name: float(rows[kind.name][name]) for name in ("ci_low", "difference", "ci_high")}
        assert row["ci_low"] < kind.effect < row["ci_high"], kind.name
        assert abs(row["difference"] - kind.effect) < 0.1, kind.name
        is_clear = row["ci_low"] > 0 or row["ci_high"] < 0
        assert is_clear == (kind.effect != 0), kind.name

"""Exports that a server wrote of participants who went through its pages."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.audience import with_groups
from analysis.errors import PlanError
from analysis.plan import Groups, Plan
from analysis.report import write_results
from analysis.responses import read_export
from analysis.results import analyse, noted_warnings
from stimuli_builder.bundle import write_bundle
from stimuli_builder.config import read_config
from study_app.app import create_app
from study_app.cli import main
from study_app.config import sqlite_url
from study_app.extensions import db, limiter
from study_app.formats import export_as
from study_app.services.decisions import decide
from study_app.services.study import prepare_database
from tests.planted_study import build_planted_study
from tests.small_bundle import write_small_bundle
from tests.small_recursivity import write_small_recursivity
from tests.study_app.studies import asking, write_changed
from tests.study_app.walker import Walker

TEXT = "The snow, I think"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """Serve bundles, each with a database of its own."""
    apps = []

    def serve(bundle):
        file = tmp_path_factory.mktemp("served") / "study.sqlite"
        settings = {
            "STUDY_BUNDLE": bundle.path,
            "STUDY_DATABASE_URL": sqlite_url(file),
            "STUDY_SECRET_KEY": "a secret of the tests",
            "STUDY_SECURE_COOKIES": "0",
        }
        apps.append(create_app(settings))
        with apps[-1].app_context():
            prepare_database(bundle)
        limiter.reset()
        return apps[-1]

    yield serve
    for app in apps:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


def _take_part(app, bundle, *, p_right, rng, **replies):
    """Go to the end, right with a probability in the sessions; some replies as given."""
    walker = Walker(app.test_client(), bundle)
    while walker.step != "debriefing":
        place = walker.url.rsplit("/", 1)[-1].split(".")
        is_scored = walker.step == "test" and place[1] != "0"
        right = not is_scored or rng.random() < p_right
        fields = walker.fields(right=right)
        walker.advance(right=right, **{k: v for k, v in replies.items() if k in fields})
    return walker


def _withdraw(walker):
    code = walker.page.select_one(".withdrawal-code").text
    walker.see(walker.client.get("/withdraw"))
    token = {"csrf_token": walker.token, "code": code}
    assert walker.client.post("/withdraw", data=token).status_code == 200


def _with_shams(bundle, folder, n):
    """Call further binary choices of a bundle shams."""
    trials = dict(bundle.answers.trials)
    real = [name for name, trial in trials.items() if trial.concept == "Husky/1/0"]
    for name in real[:n]:
        trials[name] = dataclasses.replace(trials[name], sham="same_layer")
    manifest = bundle.manifest
    return write_bundle(
        folder,
        manifest,
        trials=trials,
        quiz=bundle.answers.quiz,
        media={name: bundle.media_path(name).read_bytes() for name in manifest.media},
        sources=bundle.answers.sources,
    )


@pytest.fixture(scope="module")
def asked(served, tmp_path_factory):
    """Results of a study of Utility that asked everything: three finished, two withdrew."""
    folder = tmp_path_factory.mktemp("asked")
    small = write_small_bundle(folder / "small", n_sessions=1)
    manifest = asking(small)
    rules = dataclasses.replace(manifest.rules, catch_min_correct=0)
    manifest = dataclasses.replace(manifest, rules=rules)
    bundle = write_changed(folder / "bundle", small, manifest)
    app, rng = served(bundle), np.random.default_rng(0)
    for number in range(3):
        age, gender = str(20 + 10 * number), "fm"[number % 2]
        _take_part(app, bundle, p_right=0.8, rng=rng, age=age, gender=gender, uses=TEXT)
    _withdraw(Walker(app.test_client(), bundle).walk_to("test", session=1))
    _withdraw(Walker(app.test_client(), bundle).walk_to("quiz"))
    walker = Walker(app.test_client(), bundle)
    walker.walk_to("eligibility").advance(adult="no")
    assert walker.step == "screened-out"
    with app.app_context():
        decide(bundle, "p0002", verdict="reject", reason="repeated")
        export = export_as(bundle, folder / "export")
    with noted_warnings() as notes:
        results = analyse(read_export(export), "people")
    return results, notes, folder


def _count(results, stage, condition=None):
    flow = results.tables["flow"]
    rows = flow[flow["stage"] == stage]
    rows = rows[rows["condition"] != ""] if condition is None else rows[rows["condition"] == ""]
    return rows["participants"].sum()


def test_everybody_stands_in_the_flow_whoever_withdrew_too(asked):
    results, _, _ = asked
    assert _count(results, "started", "") == 6
    assert _count(results, "eligibility", "") == 1 and _count(results, "withdrawn", "") == 1
    assert _count(results, "assigned", "") == 4 == _count(results, "assigned")
    assert _count(results, "withdrawn") == 1 and _count(results, "researcher") == 1
    assert _count(results, "analysed", "") == 2


def test_verdicts_stand_beside_what_is_analysed(asked):
    verdicts = asked[0].tables["verdicts"].set_index("verdict")
    assert verdicts["participants"].to_dict() == {"include": 2, "reject": 1, "screen_out": 1}
    assert verdicts.loc["include", "analysed"] == 2 and verdicts["analysed"].sum() == 2
    assert verdicts.loc["reject", "reasons"] == "repeated"
    assert (
        asked[0].tables["exclusions"].set_index("rule").loc["researcher", "participant"] == "p0002"
    )


def test_demographics_are_of_those_who_are_analysed(asked):
    tables = asked[0].tables
    shares = tables["reply_shares"].query("question == 'gender'")
    assert shares["n"].sum() == 2 and set(shares["value"]) == {"f"}
    ages = tables["reply_numbers"]
    assert ages["n_replies"].sum() == 2 and {ages["low"].min(), ages["high"].max()} == {20, 40}
    assert set(tables["reply_texts"]["text"]) == {TEXT}
    assert list(tables["reply_texts"]["participant"]) == ["p0001", "p0003"]


def test_report_of_a_real_export_shows_who_they_are(asked):
    results, notes, folder = asked
    page = write_results(results, folder / "results", notes).read_text("utf-8")
    said = ["Who they are, and what they said", "2 withdrew, and nothing but their arm", TEXT]
    said += ["were left out by a researcher", "Free text, one by one", "Openings"]
    assert [words for words in said if words not in page] == []
    assert "rehearsal" not in page.lower()


@pytest.fixture(scope="module")
def recursed(served, tmp_path_factory):
    """Results of a recursivity study of two experts and two laymen."""
    folder = tmp_path_factory.mktemp("recursed")
    small = write_small_recursivity(folder / "small", n_intruders=8, n_choices=5)
    bundle = _with_shams(small, folder / "bundle", 2)
    app, rng = served(bundle), np.random.default_rng(1)
    for number in range(4):
        is_expert = number % 2 == 0
        _take_part(
            app, bundle, p_right=0.8 if is_expert else 0.6, rng=rng,
            expertise="expert" if is_expert else "layman",
        )  # fmt: skip
    with app.app_context():
        export = export_as(bundle, folder / "export")
    with noted_warnings() as notes:
        results = analyse(read_export(export), "people")
    return results, notes, folder


def test_recursivity_of_a_real_export_is_tested_in_each_group_and_between(recursed):
    tables = recursed[0].tables
    intruders = tables["intruder"][tables["intruder"]["is_default"]]
    assert set(intruders["group"]) == {"expert", "layman", "expert - layman"}
    between = intruders[intruders["group"] == "expert - layman"]
    assert set(between["test"]) == {"group against group", "difference of the differences"}
    choices = tables["binary_choice"][tables["binary_choice"]["is_default"]]
    per_group = choices[choices["group"] == "layman"]
    assert list(per_group["test"]) == [
        "sub-concept against one half", "sub-concept against one half", "recursive against sham",
    ]  # fmt: skip
    assert list(per_group["quantity"])[:2] == ["share", "odds"]


def test_shares_of_a_real_export_are_those_of_its_rows(recursed):
    results, _, folder = recursed
    rows = pd.read_csv(folder / "export" / "responses.csv")
    chosen = rows[(rows["phase"] == "test") & (rows["task"] == "intruder")]
    expected = chosen.groupby(["group", "level"])["correct"].mean()
    found = results.tables["intruder"]
    found = found[found["is_default"] & (found["quantity"] == "share")]
    for level in ("concept", "sub_concept"):
        test = f"{level.replace('_', '-')} against chance"
        shares = found[found["test"] == test].set_index("group")["estimate"]
        assert shares["expert"] == pytest.approx(expected["expert", level])
        assert shares["layman"] == pytest.approx(expected["layman", level])


def test_plan_may_name_the_question_that_tells_groups_apart(recursed):
    export = read_export(recursed[2] / "export")
    unknown = export.responses.assign(group=pd.Series(pd.NA, export.responses.index, "string"))
    plain = dataclasses.replace(export, responses=unknown)
    told = with_groups(plain, Plan(groups=Groups(question="expertise")))
    assert told.responses["group"].equals(export.responses["group"])
    assert with_groups(plain, Plan()) is plain
    with pytest.raises(PlanError, match=r"must be one with replies, of \['adult', .*; got 'mood'"):
        with_groups(plain, Plan(groups=Groups(question="mood")))


def test_report_of_a_recursivity_study_has_no_utility(recursed):
    results, notes, folder = recursed
    page = write_results(results, folder / "results", notes).read_text("utf-8")
    assert "Concepts and sub-concepts" in page and "Right answers by block" in page
    assert "Utility" not in page and "predicted the model" not in page
    record = json.loads((folder / "results" / "results.json").read_text("utf-8"))
    assert record["figures"] == ["figures/flow.svg", "figures/recursivity.svg"]
    assert (
        "tables/intruder.csv" in record["tables"] and "tables/table_1.csv" not in record["tables"]
    )


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory):
    """An export of eight simulated participants of a built recursivity study, two a list."""
    folder = tmp_path_factory.mktemp("rehearsed")
    bundle = build_planted_study(read_config(Path("configs/recursivity_study.toml")), folder)
    database = ["--database", str(folder / "study.sqlite")]
    assert main(["simulate", str(bundle.path), *database, "--participants", "8"]) == 0
    assert main(["export", *database, str(folder / "export")]) == 0
    return read_export(folder / "export")


def test_both_sides_of_a_choice_are_one_item(rehearsed):
    rows = rehearsed.responses
    chosen = rows[(rows["phase"] == "test") & (rows["task"] == "binary_choice")]
    assert chosen["trial"].nunique() == 30 and chosen["item"].nunique() == 15
    assert set(chosen.groupby("item")["trial"].nunique()) == {2}
    assert set(chosen.groupby("item")["is_sham"].nunique()) == {1}
    found = analyse(rehearsed, "simulated").tables["binary_choice"]
    default = found[found["is_default"] & (found["test"] == "recursive against sham")].iloc[0]
    assert default["n_items"] == 15
    assert default["df"] == min(default["n_participants"] - 1, 15 - 2)
    shares = found[found["is_default"] & (found["quantity"] == "share")]
    assert list(shares["n_items"]) == [7]

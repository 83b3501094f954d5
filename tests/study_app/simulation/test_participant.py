import ast
import inspect
from pathlib import Path

import numpy as np
import pytest

from study_app.columns import TABLES
from study_app.simulation import participant
from study_app.simulation.kinds import GUESSER, INATTENTIVE, KINDS, LEARNER, LEAVER
from study_app.simulation.participant import Participant

FOLDER = Path(participant.__file__).parent
MAY_IMPORT = {"numpy", "requests", "bs4", "PIL", "study_app"}
STANDARD = {"collections", "dataclasses", "functools", "hashlib", "io", "math", "re", "time"}
STANDARD |= {"typing", "urllib"}
WHAT_A_PARTICIPANT_IS = {
    "browser", "comparing", "errors", "kinds", "learner", "participant", "quiz", "reading", "sight"
}  # fmt: skip
N_SESSIONS = 2
CLOCKS_AND_KEYS = {
    "at", "answered_at", "started_at", "finished_at", "duration_s", "server_rt_ms", "assigned_at",
    "sessions_s", "decided_at",
}  # fmt: skip
KINDS_SENT = [kind for kind in KINDS for _ in range(4)]


@pytest.fixture(scope="module")
def run(rehearsed):
    return rehearsed(KINDS_SENT)


def of_kind(rows, kind, **values):
    return [
        row
        for row in rows
        if row["simulated_kind"] == kind.name
        and all(row[name] == value for name, value in values.items())
    ]


def share_right(rows):
    return np.mean([row["correct"] for row in rows])


def without_clocks(tables):
    return {
        name: [
            {key: value for key, value in row.items() if key not in CLOCKS_AND_KEYS}
            for row in tables[name]
        ]
        for name in TABLES
    }


def test_everybody_is_marked_as_simulated_with_its_kind(run):
    _, tables = run
    rows = tables["participants"]
    assert [row["simulated_kind"] for row in rows] == [kind.name for kind in KINDS_SENT]
    assert all(row["simulated"] for table in tables.values() for row in table)


def test_outcomes_are_those_that_the_server_stored(run):
    visits, tables = run
    statuses = {"finished": "completed", "left": "in_progress", "screened_out": "screened_out"}
    assert [statuses[visit.outcome] for visit in visits] == [
        row["status"] for row in tables["participants"]
    ]


def test_practice_and_quiz_are_passed_by_every_kind(run):
    _, tables = run
    assert [row["quiz_passed"] for row in tables["participants"]] == [True] * len(KINDS_SENT)


def test_every_kind_has_every_condition_and_list_once(run):
    _, tables = run
    for kind in KINDS:
        rows = of_kind(tables["participants"], kind)
        assert len({(row["condition"], row["list"]) for row in rows}) == 4


def test_leavers_stop_within_the_sessions(run):
    visits, tables = run
    assert [visit.outcome for visit in visits[-4:]] == ["left"] * 4
    rows = of_kind(tables["participants"], LEAVER)
    assert all(row["condition"] is not None for row in rows)
    n_answers = [
        len([r for r in tables["responses"] if r["participant"] == row["participant"]])
        for row in rows
    ]
    assert len(set(n_answers)) > 1


def test_attentive_kinds_pass_every_catch_trial(run):
    _, tables = run
    for kind in (LEARNER, GUESSER):
        rows = of_kind(tables["responses"], kind, is_catch=True)
        assert len(rows) == 4 * N_SESSIONS
        assert share_right(rows) == 1


def test_learners_learn_and_guessers_do_not(run):
    _, tables = run
    tested = {"phase": "test", "is_catch": False}
    learners, guessers = (
        share_right(of_kind(tables["responses"], kind, **tested)) for kind in (LEARNER, GUESSER)
    )
    assert learners > 0.7
    assert guessers == pytest.approx(0.5, abs=0.17)  # 2.5 standard errors


def test_inattentive_are_near_one_half_and_fast_and_look_nothing_up(run):
    _, tables = run
    rows = of_kind(tables["responses"], INATTENTIVE, phase="test")
    assert share_right(rows) == pytest.approx(0.5, abs=0.16)
    assert np.median([row["rt_ms"] for row in rows]) < 1000
    assert share_right(of_kind(rows, INATTENTIVE, is_catch=True)) < 1
    opened = of_kind(tables["events"], INATTENTIVE, event="reservoir_opened")
    assert all(row["session"] == 0 for row in opened)


def test_attentive_kinds_open_the_reservoir(run):
    _, tables = run
    for kind in (LEARNER, GUESSER):
        opened = of_kind(tables["events"], kind, event="reservoir_opened", phase="test")
        assert len(opened) >= 4 * N_SESSIONS
        assert all(row["duration_ms"] > 0 for row in opened)


def test_more_pictures_are_looked_at_longer(run):
    _, tables = run
    condition = {row["participant"]: row["condition"] for row in tables["participants"]}
    left = of_kind(tables["events"], LEARNER, event="training_left", phase="training")
    times = {
        name: np.median([r["duration_ms"] for r in left if condition[r["participant"]] == name])
        for name in ("baseline", "craft")
    }
    assert times["craft"] > times["baseline"]


def test_same_seed_brings_the_same_rows_whoever_comes_later(rehearsed, run):
    visits, tables = run
    first, tables_of_first = rehearsed(KINDS_SENT[:5])
    names = {row["participant"] for row in tables_of_first["participants"]}
    expected = {
        name: [row for row in rows if row["participant"] in names]
        for name, rows in without_clocks(tables).items()
    }
    assert first == visits[:5]
    assert without_clocks(tables_of_first) == expected


def test_another_seed_brings_other_answers(rehearsed, run):
    _, tables = run
    _, other = rehearsed(KINDS_SENT[:1], seed=1)
    mine = of_kind(tables["responses"], LEARNER, participant=other["responses"][0]["participant"])
    assert [row["rt_ms"] for row in mine] != [row["rt_ms"] for row in other["responses"]]


def test_a_participant_is_given_an_address_and_nothing_of_the_study():
    given = inspect.signature(Participant).parameters
    assert list(given) == ["base_url", "kind", "generator", "line"]


def test_nothing_but_http_is_within_reach():
    imported = set()
    for name in WHAT_A_PARTICIPANT_IS:
        for node in ast.walk(ast.parse((FOLDER / f"{name}.py").read_text())):
            if isinstance(node, ast.ImportFrom):
                imported.add(node.module)
            elif isinstance(node, ast.Import):
                imported |= {alias.name for alias in node.names}
    assert {name.split(".")[0] for name in imported} <= MAY_IMPORT | STANDARD
    own = {name for name in imported if name.startswith("study_app")}
    assert own <= {f"study_app.simulation.{name}" for name in WHAT_A_PARTICIPANT_IS} | {
        "study_app.errors"
    }

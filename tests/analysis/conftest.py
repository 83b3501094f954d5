"""Exports made up for the tests: written as `study_app.columns` says, from a seeded generator."""

import csv
import dataclasses
import hashlib
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from study_app.columns import ALL_TABLES, SCHEMA_VERSION, STUDY_FIELDS, column_names

N_SESSIONS, N_TEST, N_PRACTICE, N_QUIZ = 3, 7, 4, 3
START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
CLASSES = ("husky", "wolf")
MIX = {"learner": 30, "guesser": 12, "inattentive": 9, "leaver": 5, "confused": 4}
ACCURACY = {  # kind -> condition -> probability of being right with the tie (kept, broken)
    "learner": {"baseline": (0.92, 0.35), "craft": (0.92, 0.85)},
    "guesser": {"baseline": (0.5, 0.5), "craft": (0.5, 0.5)},
    "inattentive": {"baseline": (0.5, 0.5), "craft": (0.5, 0.5)},
    "leaver": {"baseline": (0.9, 0.4), "craft": (0.9, 0.8)},
    "confused": {"baseline": (0.5, 0.5), "craft": (0.5, 0.5)},
}
CATCH = {"learner": 0.99, "guesser": 0.9, "inattentive": 0.15, "leaver": 0.95, "confused": 0.9}


class Visit:
    """One participation while it is being made up: its rows and its clock."""

    def __init__(self, number, kind, *, is_simulated, condition, rng):
        self.rng, self.kind, self.condition = rng, kind, condition
        self.list = "ab"[number // 2 % 2]
        self.started = self.now = START + timedelta(minutes=3 * number)
        self.identity = {
            "participant": f"p{number + 1:04d}",
            "simulated": is_simulated,
            "simulated_kind": kind if is_simulated else None,
        }
        self.responses, self.events = [], []
        self.log("consented", 0, "consent")

    def log(self, event, session, phase, trial=None, duration_ms=None):
        number = len(self.events) + 1
        place = {"session": session, "phase": phase, "trial": trial, "duration_ms": duration_ms}
        row = {**self.identity, "number": number, "event": event, **place, "at": self.now}
        self.events.append(row)

    def answer(self, session, phase, *, trial, position, p_right, options, **more):
        rt_ms = float(np.round(np.exp(self.rng.normal(7.6, 0.4)), 1))
        self.now += timedelta(milliseconds=rt_ms + 300)
        expected = options[int(hashlib.sha256(trial.encode()).hexdigest(), 16) % len(options)]
        is_right = bool(self.rng.random() < p_right)
        choice = expected if is_right else next(name for name in options if name != expected)
        row = {
            "condition": None, "list": None, "session": session, "phase": phase, "attempt": 1,
            "position": position, "trial": trial, "choice": choice, "expected": expected,
            "correct": is_right, "is_catch": False, "tie": None, "rt_ms": rt_ms,
            "server_rt_ms": rt_ms + 80, "answered_at": self.now,
        }  # fmt: skip
        self.responses.append({**self.identity, **row, **more})
        return is_right


def _practise(visit, p_right):
    """Return whether the practice is passed, within two rounds."""
    for attempt in (1, 2):
        right = [
            visit.answer(
                0, "practice", trial=f"practice-{i}", position=i, p_right=p_right,
                options=("circle", "square"), attempt=attempt,
            )
            for i in range(1, N_PRACTICE + 1)
        ]  # fmt: skip
        passed = sum(right) >= 3
        visit.log("practice_passed" if passed else "practice_failed", 0, "practice")
        if passed:
            return True, attempt, sum(right)
    return False, attempt, sum(right)


def _take_quiz(visit, p_right):
    for attempt in (1, 2):
        right = [
            visit.answer(
                0, "quiz", trial=f"quiz-{i}", position=i, p_right=p_right,
                options=("0", "1", "2"), attempt=attempt,
            )
            for i in range(1, N_QUIZ + 1)
        ]  # fmt: skip
        visit.log("quiz_passed" if all(right) else "quiz_failed", 0, "quiz")
        if all(right):
            return True, attempt
    return False, attempt


def _train(visit, session):
    for i in range(1, 6):
        duration = float(visit.rng.integers(3000, 12000))
        visit.now += timedelta(milliseconds=duration)
        trial = f"{visit.list}{session}-train-{i}"
        visit.log("trial_shown", session, "training", trial)
        visit.log("training_left", session, "training", trial, duration)


def _test(visit, session, n_answers):
    catch_at = 3 + session
    for position in range(1, n_answers + 1):
        trial, is_catch = f"{visit.list}{session}-test-{position}", position == catch_at
        tie = None if is_catch else ("kept", "broken")[position % 2]
        kept, broken = ACCURACY[visit.kind][visit.condition]
        p_right = CATCH[visit.kind] if is_catch else (kept if tie == "kept" else broken)
        if visit.rng.random() < 0.2:
            duration = float(visit.rng.integers(500, 6000))
            visit.log("reservoir_opened", session, "test", trial, duration)
        visit.answer(
            session, "test", trial=trial, position=position, p_right=p_right, options=CLASSES,
            is_catch=is_catch, tie=tie,
        )  # fmt: skip


def _participate(visit, drop_at):
    """Go through the study; return the row of participants.csv."""
    is_confused = visit.kind == "confused"
    practice, n_practice, right = _practise(visit, 0.4 if is_confused else 0.97)
    quiz, n_quiz = _take_quiz(visit, 0.4 if is_confused else 0.95) if practice else (False, 0)
    if quiz:
        visit.log("assigned", 0, "quiz")
        _go_through_sessions(visit, drop_at)
        for row in visit.responses:
            row.update(condition=visit.condition, list=visit.list)
    is_done = drop_at is None or not quiz
    if is_done:
        visit.log("completed" if quiz else "screened_out", 3, "end")
    catch = [row["correct"] for row in visit.responses if row["is_catch"]]
    return {
        **visit.identity,
        "status": ("completed" if quiz else "screened_out") if is_done else "in_progress",
        "screened_out_at": None if quiz else ("quiz" if practice else "practice"),
        "condition": visit.condition if quiz else None, "list": visit.list if quiz else None,
        "practice_attempts": n_practice, "practice_correct": right,
        "quiz_attempts": n_quiz, "quiz_passed": quiz,
        "catch_shown": len(catch), "catch_correct": sum(catch), "started_at": visit.started,
        "finished_at": visit.now if is_done else None,
        "duration_s": (visit.now - visit.started).total_seconds() if is_done else None,
    }  # fmt: skip


def _go_through_sessions(visit, drop_at):
    for session in range(1, N_SESSIONS + 1):
        _train(visit, session)
        _test(visit, session, 4 if session == drop_at else N_TEST + 1)
        if session == drop_at:
            return


def make_tables(rng, mix, *, is_simulated=True, first=0):
    """Return the rows of the three tables."""
    kinds = rng.permutation([kind for kind, n in mix.items() for _ in range(n)])
    tables = {"participants": [], "responses": [], "events": []}
    for number, kind in enumerate(kinds, start=first):
        condition = ("baseline", "craft")[number % 2]
        visit = Visit(number, str(kind), is_simulated=is_simulated, condition=condition, rng=rng)
        drop_at = int(rng.integers(1, 3)) if kind == "leaver" else None
        tables["participants"].append(_participate(visit, drop_at))
        tables["responses"] += visit.responses
        tables["events"] += visit.events
    return tables


def _as_text(value):
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case _:
            return str(value)


def _provenance():
    return {
        "package_version": "0.1.0",
        "git_commit": "5f2c1e9a7d3b4c6088aa11223344556677889900",
        "seed": 7,
        "config": {"scenario": "husky_wolf", "n_lists": 2, "broken": {"training": 0, "test": 0.5}},
        "concept_store_sha256": "c0" * 32,
        "network": {
            "name": "efficientnet_lite0",
            "layer": "head",
            "weights_sha256": "ab" * 32,
        },
        "model": {"accuracy_tie_kept": 0.99, "accuracy_tie_broken": 0.04, "n_images": 400},
        "licences": {"weights": "Apache-2.0", "images": "generated, MIT"},
    }


def study_fields(tables, contents):
    """Return study.json for tables and their bytes."""
    fields = {
        "schema": "study-export", "schema_version": SCHEMA_VERSION, "package_version": "0.1.0",
        "git_commit": None, "study": "husky-demo", "title": "What does the computer see?",
        "task": "utility", "scenario": "husky_wolf", "classes": list(CLASSES),
        "conditions": ["baseline", "craft"], "lists": ["a", "b"], "n_sessions": N_SESSIONS,
        "n_training": 5, "n_test": N_TEST,
        "rules": {
            "practice_min_correct": 3, "practice_max_attempts": 2, "quiz_max_attempts": 2,
            "catch_min_correct": 2,
        },
        "assignment_seed": 11,
        "bundle": {
            "manifest_sha256": "1a" * 32, "answers_sha256": "2b" * 32,
            "provenance": _provenance(),
        },
        "files": {
            name: {"rows": len(tables[name]), "sha256": hashlib.sha256(content).hexdigest()}
            for name, content in contents.items()
        },
    }  # fmt: skip
    return {name: fields[name] for name in STUDY_FIELDS}


UNUSED = {  # columns that must be filled and that these tests say nothing of
    "consent_version": "1", "last_step": "debriefing.3.1.0", "away_s": 0.0, "is_sham": False,
    "n_choices": 2,
}  # fmt: skip


def count_arms(participants, withdrawn=()):
    """Rows of arms.csv; `withdrawn` has one (simulated, condition) for each who withdrew."""
    listed = [(row["simulated"], row["condition"]) for row in participants]
    arms = [
        {"simulated": key[0], "condition": key[1]} for key in dict.fromkeys([*listed, *withdrawn])
    ]
    for arm in arms:
        key = arm["simulated"], arm["condition"]
        gone = list(withdrawn).count(key)
        counts = dict.fromkeys(column_names("arms")[2:], 0)
        arm.update(counts | {"began": listed.count(key) + gone, "withdrawn": gone})
    return arms


def write_tables(folder, tables):
    """Write an export; the tables' rows are dictionaries by column."""
    folder.mkdir(parents=True, exist_ok=True)
    contents = {}
    tables = {"replies": [], "decisions": [], "arms": count_arms(tables["participants"])} | tables
    for name in ALL_TABLES:
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        names = column_names(name)
        writer.writerow(names)
        rows = [UNUSED | {"item": row.get("trial")} | row for row in tables[name]]
        writer.writerows([_as_text(row.get(column)) for column in names] for row in rows)
        contents[name] = text.getvalue().encode()
        (folder / f"{name}.csv").write_bytes(contents[name])
    study = json.dumps(study_fields(tables, contents), indent=1)
    (folder / "study.json").write_text(study + "\n", encoding="utf-8")
    return folder


def write_export(folder, *, seed=0, mix=None, n_people=0):
    """Write an export of simulated participants, of people, or of both."""
    rng = np.random.default_rng(seed)
    tables = make_tables(rng, MIX if mix is None else mix)
    people = make_tables(
        rng, {"learner": n_people}, is_simulated=False, first=len(tables["participants"])
    )
    return write_tables(folder, {name: tables[name] + people[name] for name in tables})


@pytest.fixture
def export_folder(tmp_path) -> Path:
    """An export of 60 simulated participants."""
    return write_export(tmp_path / "export")


@pytest.fixture(scope="session")
def analysed_once(tmp_path_factory):
    """Results of 60 simulated participants; tests get copies, see `rehearsed`."""
    from analysis.responses import read_export
    from analysis.results import analyse

    return analyse(
        read_export(write_export(tmp_path_factory.mktemp("one") / "export")), "simulated"
    )


@pytest.fixture
def rehearsed(analysed_once):
    """Results of the export of `export_folder`, with tables of its own."""
    tables = {name: table.copy() for name, table in analysed_once.tables.items()}
    return dataclasses.replace(analysed_once, tables=tables)


@pytest.fixture
def exported():
    """The writer itself, for exports of another make."""
    return write_export


@pytest.fixture
def made_tables():
    """Rows of the tables and their writer, for exports with something changed."""
    return make_tables(np.random.default_rng(0), MIX), write_tables


CHICKS = {  # grams by feed (Snedecor; R's chickwts)
    "casein": "368 390 379 260 404 318 352 359 216 222 283 332",
    "horsebean": "179 160 136 227 217 168 108 124 143 140",
    "linseed": "309 229 181 141 260 203 148 169 213 257 244 271",
    "meatmeal": "325 257 303 315 380 153 263 242 206 344 258",
    "soybean": "243 230 248 327 329 250 193 271 316 267 199 171 158 248",
    "sunflower": "423 340 392 339 341 226 320 295 334 322 297 318",
}


@pytest.fixture
def chicks():
    """Weights of chicks by feed, in kg, in the place of accuracies by condition."""
    rows = [
        (f"{feed}-{i}", feed, int(grams) / 1000)
        for feed, text in CHICKS.items()
        for i, grams in enumerate(text.split())
    ]
    return pd.DataFrame(rows, columns=["participant", "condition", "accuracy"])


@pytest.fixture(scope="session")
def verbagg():
    """Verbal aggression of 316 persons in 24 situations (De Boeck & Wilson 2004; lme4's `VerbAgg`).

    Answers (316, 24), 1 for "yes" or "perhaps", and the names of the situations.
    """
    file = Path(__file__).parent / "regression" / "verbagg.txt"
    names, *rows = file.read_text(encoding="ascii").splitlines()
    return np.array([[float(letter) for letter in row] for row in rows]), names.split()


@pytest.fixture(scope="session")
def aggression(verbagg):
    """One row an answer; doing takes the place of sub-concepts, and wanting that of concepts."""
    table, names = verbagg
    n_persons, n_items = table.shape
    person = np.repeat(np.arange(n_persons), n_items)
    rows = pd.DataFrame({"participant": person, "item": np.tile(names, n_persons)})
    is_do = rows["item"].str.contains("Do")
    return rows.assign(
        right=table.ravel(), treated=is_do, correct=table.ravel() > 0,
        level=np.where(is_do, "sub_concept", "concept"),
        group=np.where(person < 158, "expert", "layman"),
    )  # fmt: skip


@pytest.fixture
def injected(monkeypatch, tmp_path):
    """Write an export whose learners are right with given probabilities; return its folder."""

    def write(baseline, craft, *, rng, n):
        shares = {"baseline": (baseline, baseline), "craft": (craft, craft)}
        monkeypatch.setitem(ACCURACY, "learner", shares)
        return write_tables(tmp_path / "injected", make_tables(rng, {"learner": n}))

    return write

"""How long does the analysis of 10,000 participants take?"""

import csv
import hashlib
import json
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np

from analysis.bootstrap import bca_ratio_interval
from analysis.errors import AnalysisWarning
from analysis.report import write_results
from analysis.responses import read_export
from analysis.results import analyse
from study_app.columns import ALL_TABLES, SCHEMA_VERSION, STUDY_FIELDS

N_PARTICIPANTS, N_TRAINING, N_TEST, N_SESSIONS = 10_000, 5, 7, 3
CONDITIONS = {"baseline": 0.62, "ace": 0.7, "craft_concepts_only": 0.8, "craft": 0.87}
T = TypeVar("T")
EMPTY = {"string": "x", "integer": "1", "number": "900.0", "boolean": "false",
         "instant": "2026-03-01T09:00:00Z"}  # fmt: skip


def main() -> None:
    """Print one table."""
    print(
        f"\nanalysis of {N_PARTICIPANTS} participants x 39 trials, four conditions: "
        "seconds, of CPU, goal"
    )
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", AnalysisWarning)
        export_folder = write_export(Path(folder) / "export", rng)
        export = _timed("reading and checking", 5, lambda: read_export(export_folder))
        results = _timed(
            "exclusions, all tables and tests", 30, lambda: analyse(export, "simulated")
        )
        _timed(
            "report: page, figures, tables",
            60,
            lambda: write_results(results, Path(folder) / "results"),
        )
    x, y = (rng.binomial(21, share, 2500) / 21 for share in (0.8, 0.6))
    _timed(
        "bootstrap of Utility, 10,000 draws, 2500 an arm",
        2,
        lambda: bca_ratio_interval(x, y, rng=rng),
    )


def _timed(name: str, goal: int, work: Callable[[], T]) -> T:
    start, start_cpu = time.perf_counter(), time.process_time()
    result = work()
    seconds, cpu = time.perf_counter() - start, time.process_time() - start_cpu
    print(f"{name:48s} {seconds:8.2f} {cpu:8.2f} {goal:5d}")
    return result


def write_export(folder: Path, rng: np.random.Generator) -> Path:
    """Write an export of simulated participants who all finish."""
    folder.mkdir()
    rows: dict[str, list[dict[str, str]]] = {name: [] for name in ALL_TABLES}
    for number in range(N_PARTICIPANTS):
        _participate(number, rows, rng)
    began = str(N_PARTICIPANTS // len(CONDITIONS))
    for condition in CONDITIONS:
        counts = {"began": began, "completed": began, "included": began}
        zeros = dict.fromkeys(("in_progress", "lapsed", "screened_out", "excluded"), "0")
        zeros |= {"rejected": "0", "withdrawn": "0"}
        rows["arms"].append({"simulated": "true", "condition": condition} | counts | zeros)
    files = {}
    for name, columns in ALL_TABLES.items():
        file = folder / f"{name}.csv"
        with file.open("w", newline="", encoding="utf-8") as lines:
            writer = csv.writer(lines, lineterminator="\n")
            writer.writerow(column.name for column in columns)
            blank = [EMPTY[column.kind] if column.required else "" for column in columns]
            names = [column.name for column in columns]
            choices = {c.name: c.choices[0] for c in columns if c.choices and c.required}
            for row in rows[name]:
                full = dict(zip(names, blank, strict=True)) | choices | row
                writer.writerow(full[column] for column in names)
        sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
        files[name] = {"rows": len(rows[name]), "sha256": sha256}
    (folder / "study.json").write_text(json.dumps(_study(files)), encoding="utf-8")
    return folder


def _study(files: dict[str, dict[str, object]]) -> dict[str, object]:
    fields = {
        "schema": "study-export", "schema_version": SCHEMA_VERSION, "package_version": "0",
        "git_commit": None, "study": "benchmark", "title": "Benchmark",
        "task": "utility", "scenario": "drawn",
        "classes": ["husky", "wolf"], "conditions": list(CONDITIONS), "lists": ["a"],
        "n_sessions": N_SESSIONS, "n_training": N_TRAINING, "n_test": N_TEST,
        "rules": {"practice_min_correct": 1, "practice_max_attempts": 2, "quiz_max_attempts": 2,
                  "catch_min_correct": 2},
        "assignment_seed": 0, "bundle": {}, "files": files,
    }  # fmt: skip
    return {name: fields[name] for name in STUDY_FIELDS}


def _participate(
    number: int, rows: dict[str, list[dict[str, str]]], rng: np.random.Generator
) -> None:
    condition = list(CONDITIONS)[number % len(CONDITIONS)]
    who = {"participant": f"p{number:05d}", "simulated": "true", "simulated_kind": "learner"}
    share = CONDITIONS[condition] + 0.1 * rng.standard_normal()
    rows["participants"].append({
        **who, "status": "completed", "condition": condition, "list": "a", "quiz_passed": "true",
        "catch_shown": "3", "catch_correct": "3", "screened_out_at": "", "verdict": "include",
        "decided_by": "rules",
    })  # fmt: skip
    rows["decisions"].append({**who, "verdict": "include", "decided_by": "rules"})
    asked = {**who, "condition": condition, "session": "0", "questionnaire": "about-you"}
    for question, value in (("age", str(18 + number % 60)), ("gender", "fmo"[number % 3])):
        rows["replies"].append({**asked, "question": question, "value": value})
    said = f"it looks at the ears, {number}"
    rows["replies"].append({**asked, "session": "1", "question": "uses", "value": said})
    answer = {**who, "condition": condition, "list": "a", "attempt": "1", "rt_ms": "900.0"}
    asked = [("practice", 0, 1), ("quiz", 0, 1)]
    asked += [("test", s, p) for s in range(1, N_SESSIONS + 1) for p in range(1, N_TEST + 2)]
    for phase, session, position in asked:
        is_catch = phase == "test" and position == N_TEST + 1
        right = phase != "test" or is_catch or rng.random() < share
        rows["responses"].append({
            **answer, "phase": phase, "session": str(session), "position": str(position),
            "trial": f"{phase}-{session}-{position}", "expected": "wolf",
            "choice": "wolf" if right else "husky", "correct": str(right).lower(),
            "is_catch": str(is_catch).lower(), "tie": "",
        })  # fmt: skip
    events = [("assigned", 0, "quiz")]
    events += [("trial_shown", s, "training") for s in range(1, 4) for _ in range(N_TRAINING)]
    for i, (event, session, phase) in enumerate(events, start=1):
        rows["events"].append(
            {**who, "number": str(i), "event": event, "session": str(session), "phase": phase}
        )

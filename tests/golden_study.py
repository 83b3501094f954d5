"""The golden export: four participations with fixed answers and times.

Made anew, after a change of the format, by ``python -m tests.golden_study``.
"""

import tempfile
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock

from stimuli_builder.bundle import Bundle, read_bundle
from study_app.app import create_app
from study_app.config import sqlite_url
from study_app.export import FILES, about_study, export_files
from study_app.export_folder import replace_folder
from study_app.extensions import db
from study_app.rows import read_tables
from study_app.services.participations import Visitor, begin_participation
from study_app.services.scoring import asked_at
from study_app.services.study import prepare_database
from study_app.services.submissions import Sent, leave_step
from study_app.steps import parse_step
from tests.small_bundle import write_small_bundle

GOLDEN = Path(__file__).parent / "golden"
START = datetime(2025, 3, 1, 12, 0, 0, tzinfo=UTC)
TICK = timedelta(seconds=2, milliseconds=125)
CLOCKS = ("study_app.services.submissions.datetime", "study_app.services.participations.datetime")


@contextmanager
def fixed_clock():
    """Let every look at the clock find it one tick later."""
    instants = (START + number * TICK for number in range(100_000))
    clock = mock.Mock(now=lambda _zone: next(instants))
    with mock.patch(CLOCKS[0], clock), mock.patch(CLOCKS[1], clock):
        yield


def take_part(
    bundle: Bundle, key: str, *, kind: str | None = None, n_steps: int, wrong_every: int
) -> None:
    """Go through some steps; of the trials, every so-manieth is answered wrong."""
    visitor = Visitor(is_simulated=kind is not None, simulated_kind=kind)
    participation = begin_participation(bundle.manifest, key, visitor)
    for number in range(1, n_steps + 1):
        step = parse_step(participation.step)
        if step.is_end:
            return
        choices = []
        for asked in asked_at(bundle, step, participation.draw):
            is_wrong = step.kind == "test" and number % wrong_every == 0
            right = asked.offered.index(asked.expected)
            choices.append(1 - right if is_wrong else right)
        has_scripts = kind is None
        sent = Sent(
            answer_key=f"{number:016d}",
            choices=tuple(choices),
            looking_ms=500.0 + 12.5 * number if has_scripts else None,
            reservoir_ms=(1500.0,) if has_scripts and step.position == 2 else (),
        )
        participation = leave_step(bundle, key, step, sent).participation


def write_golden_export(folder: Path) -> Path:
    """Write the export that `tests/golden/export` holds."""
    bundle = read_bundle(GOLDEN / "bundle")
    with tempfile.TemporaryDirectory() as scratch:
        app = create_app(
            {
                "STUDY_BUNDLE": bundle.path,
                "STUDY_DATABASE_URL": sqlite_url(Path(scratch) / "study.sqlite"),
                "STUDY_SECRET_KEY": "a secret of the tests",
            }
        )
        with app.app_context(), fixed_clock():
            prepare_database(bundle, seed=11)
            take_part(bundle, "a" * 24, n_steps=99, wrong_every=5)
            take_part(bundle, "b" * 24, n_steps=99, wrong_every=1)
            take_part(bundle, "c" * 24, n_steps=16, wrong_every=99)
            take_part(bundle, "d" * 24, kind="guesser", n_steps=99, wrong_every=4)
            tables = read_tables(bundle, now=START)
            about = about_study(bundle, assignment_seed=11)
            db.session.remove()
            db.engine.dispose()
    fixed = {"package_version": "0.1.0", "git_commit": None}
    return replace_folder(folder, export_files(about | fixed, tables), known=FILES)


if __name__ == "__main__":
    write_small_bundle(GOLDEN / "bundle", size_px=16, n_lists=1, n_sessions=1)
    write_golden_export(GOLDEN / "export")

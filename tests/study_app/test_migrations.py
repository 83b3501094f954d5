"""A database of the first release is brought to the newest schema without loss."""

import shutil
import sqlite3
from datetime import datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, select

from stimuli_builder.bundle import read_bundle
from study_app.app import create_app
from study_app.backup import restore_backup, write_backup
from study_app.codes import code_hash, withdrawal_code
from study_app.config import sqlite_url
from study_app.extensions import db
from study_app.formats import export_as
from study_app.models import Admin, Participation, Slot
from study_app.services.study import prepare_database
from tests.study_app.walker import Walker

OLD = Path("tests/golden/old")
MOVED = ("bundle_path", "admin_password_hash")  # where the bundle lies now; to a table of its own


@pytest.fixture
def old_bundle(tmp_path):
    folder = shutil.copytree(OLD / "bundle", tmp_path / "bundle")
    shutil.copytree("tests/golden/bundle/media", folder / "media")
    return read_bundle(folder)


@pytest.fixture
def old_rows(tmp_path):
    """The rows of the old database, which lies at study.sqlite, with all their columns."""
    with sqlite3.connect(tmp_path / "study.sqlite") as connection:
        connection.row_factory = sqlite3.Row
        connection.executescript((OLD / "database-1.sql").read_text())
        tables = ("studies", "participations", "responses", "events")
        return {
            table: [dict(row) for row in connection.execute(f"SELECT * FROM {table} ORDER BY id")]
            for table in tables
        }


@pytest.fixture
def migrated(old_bundle, old_rows, tmp_path):
    app = create_app(
        {
            "STUDY_BUNDLE": old_bundle.path,
            "STUDY_DATABASE_URL": sqlite_url(tmp_path / "study.sqlite"),
            "STUDY_SECRET_KEY": "a secret of the tests",
            "STUDY_SECURE_COOKIES": "0",
        }
    )
    with app.app_context():
        prepare_database(old_bundle)
        yield app
        db.session.remove()
        db.engine.dispose()


def test_schema_is_the_newest(migrated):
    with db.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), db.metadata) == []


def test_no_row_and_no_value_is_lost(migrated, old_rows):
    for name, rows in old_rows.items():
        table = db.metadata.tables[name]
        kept = [table.c[column] for column in rows[0] if column not in MOVED]
        found = db.session.execute(select(*kept).order_by(table.c.id)).mappings()
        stored = {row["id"]: {k: as_in_sqlite(value) for k, value in row.items()} for row in found}
        assert len(rows) > 0
        for row in rows:
            expected = {k: value for k, value in row.items() if k not in MOVED}
            assert stored[row["id"]] == expected
    (study,) = old_rows["studies"]
    passwords = db.session.scalars(select(Admin.password_hash)).all()
    assert passwords == [each for each in [study["admin_password_hash"]] if each is not None]


def as_in_sqlite(value):
    """Return a value as the first release's file holds it."""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S.%f}"
    return int(value) if isinstance(value, bool) else value


def test_participations_get_codes_places_and_verdicts(migrated):
    rows = db.session.scalars(select(Participation).order_by(Participation.id)).all()
    assert all(row.withdrawal_hash == code_hash(withdrawal_code(row.key)) for row in rows)
    held = dict(db.session.execute(select(Slot.participation_id, Slot.number)).all())
    assert {row.id: row.assignment_number for row in rows if row.verdict == "include"}.items() <= (
        held.items()
    )
    assert all((row.verdict is None) == (row.status == "in_progress") for row in rows)


def test_participant_goes_on_where_they_were(migrated, old_bundle):
    query = select(Participation).filter_by(status="in_progress")
    key = db.session.scalars(query).one().key
    walker = Walker(migrated.test_client(), old_bundle)
    walker.see(walker.client.get(f"/p/{key}"))
    walker.walk_to("debriefing")
    assert walker.main.select_one(".completion-code")


def test_export_has_everybody(migrated, old_bundle, old_rows, tmp_path):
    folder = export_as(old_bundle, tmp_path / "export")
    lines = (folder / "participants.csv").read_text().splitlines()
    assert len(lines) == 1 + len(old_rows["participations"])


@pytest.mark.slow
def test_old_database_is_moved_to_postgresql_and_migrated_there(
    old_bundle, old_rows, postgresql, tmp_path
):
    old = create_engine(sqlite_url(tmp_path / "study.sqlite"))
    saved = write_backup(old, tmp_path / "old.zip")
    old.dispose()
    assert {name: saved[name] for name in old_rows} == {
        name: len(rows) for name, rows in old_rows.items()
    }
    app = create_app(
        {
            "STUDY_BUNDLE": old_bundle.path,
            "STUDY_DATABASE_URL": postgresql("old"),
            "STUDY_SECRET_KEY": "a secret of the tests",
            "STUDY_WITHDRAWALS": str(tmp_path / "none"),
        }
    )
    with app.app_context():
        restore_backup(db.engine, tmp_path / "old.zip")
        prepare_database(old_bundle)
        test_schema_is_the_newest(app)
        test_no_row_and_no_value_is_lost(app, old_rows)
        test_participations_get_codes_places_and_verdicts(app)
        db.session.remove()
        db.engine.dispose()

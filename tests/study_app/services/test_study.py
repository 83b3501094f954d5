import re

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from study_app.errors import SetupError
from study_app.extensions import db
from study_app.services.study import (
    prepare_database,
    read_study,
)
from tests.small_bundle import write_small_bundle


def test_migrations_make_the_tables_that_the_models_describe(context):
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, db.metadata) == []


def test_preparing_again_changes_nothing(context, bundle):
    first = read_study().secret_key
    assert prepare_database(bundle).secret_key == first
    assert prepare_database(bundle, seed=0).assignment_seed == 0


def test_other_seed_is_refused(context, bundle):
    with pytest.raises(SetupError, match="seed must be 0, with which this database began; got 7"):
        prepare_database(bundle, seed=7)


def test_other_bundle_is_refused(context, bundle, tmp_path):
    other = write_small_bundle(tmp_path / "other", n_lists=1)
    expected = re.escape(bundle.manifest_sha256[:12])
    with pytest.raises(SetupError, match=f"whose manifest has SHA-256 {expected}.*got"):
        prepare_database(other)


def test_database_that_was_never_served_is_refused(context):
    db.session.execute(text("DELETE FROM studies"))
    with pytest.raises(SetupError, match="database must hold a study; got none"):
        read_study()


def test_answers_are_on_disk_when_acknowledged(context):
    assert db.session.scalar(text("PRAGMA journal_mode")) == "wal"
    assert db.session.scalar(text("PRAGMA synchronous")) == 2

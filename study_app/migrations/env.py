"""Run migrations on the database of the current application."""

from typing import Literal

from alembic import context
from flask import current_app, has_app_context
from sqlalchemy import Connection

from study_app.database import Instant
from study_app.extensions import db


def render_item(kind: str, item: object, _context: object) -> str | Literal[False]:
    """Write instants as what they are in the database."""
    return "sa.DateTime()" if kind == "type" and isinstance(item, Instant) else False


def run_migrations() -> None:
    """Migrate in one transaction."""
    engine = current_app.extensions["migrate"].db.engine
    with engine.connect() as connection:
        set_foreign_keys(connection, "OFF")
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            render_as_batch=True,
            compare_type=True,
            render_item=render_item,
        )
        with context.begin_transaction():
            context.run_migrations()
        set_foreign_keys(connection, "ON")


def set_foreign_keys(connection: Connection, state: str) -> None:
    """Let SQLite make a table anew while others refer to it; outside of any transaction."""
    if connection.dialect.name == "sqlite":
        connection.connection.execute(f"PRAGMA foreign_keys={state}")


if has_app_context():  # not where doctests are collected
    run_migrations()

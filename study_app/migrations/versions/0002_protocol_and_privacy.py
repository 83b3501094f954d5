"""protocol and privacy

Every row of the first schema is kept. What it did not know is empty, but for the withdrawal code,
which follows from the participation's key, and the places of the permuted blocks, which are those
that were drawn.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

from study_app.codes import code_hash, withdrawal_code

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

STATUSES = "status IN ('in_progress', 'screened_out', 'completed')"
VERDICTS = "verdict IN ('include', 'exclude', 'screen_out', 'reject')"


def upgrade() -> None:
    _studies()
    _participations()
    _responses()
    _events()
    _new_tables()
    op.execute(
        "INSERT INTO slots "
        "(is_simulated, number, condition, list_name, condition_number, participation_id) "
        "SELECT is_simulated, assignment_number, condition, list_name, (SELECT count(*) FROM "
        "participations AS earlier WHERE earlier.is_simulated = participations.is_simulated AND "
        "earlier.condition = participations.condition AND "
        "earlier.assignment_number < participations.assignment_number), id "
        "FROM participations WHERE assignment_number IS NOT NULL ORDER BY id"
    )


def _studies() -> None:
    with op.batch_alter_table("studies") as batch:
        batch.add_column(sa.Column("quota", sa.Integer(), nullable=True))
        batch.create_check_constraint("one", "id = 1")


def _participations() -> None:
    with op.batch_alter_table("participations") as batch:
        batch.add_column(sa.Column("withdrawal_hash", sa.String(length=64), nullable=True))
        batch.add_column(
            sa.Column("consent_version", sa.String(length=40), nullable=False, server_default="1")
        )
        batch.add_column(sa.Column("verdict", sa.String(length=16), nullable=True))
        batch.add_column(sa.Column("order_seed", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("assigned_at", sa.DateTime(), nullable=True))
    connection = op.get_bind()
    for number, key in connection.execute(sa.text("SELECT id, key FROM participations")).all():
        connection.execute(
            sa.text("UPDATE participations SET withdrawal_hash = :hash WHERE id = :id"),
            {"hash": code_hash(withdrawal_code(key)), "id": number},
        )
    op.execute(
        "UPDATE participations SET assigned_at = (SELECT at FROM events WHERE "
        "events.participation_id = participations.id AND events.name = 'assigned')"
    )
    is_sqlite = connection.dialect.name == "sqlite"
    with op.batch_alter_table(
        "participations",
        recreate="always" if is_sqlite else "auto",
        table_kwargs={"sqlite_autoincrement": True} if is_sqlite else {},
    ) as batch:
        batch.alter_column(
            "withdrawal_hash", existing_type=sa.String(length=64), nullable=False
        )
        batch.alter_column(
            "consent_version", existing_type=sa.String(length=40), server_default=None
        )
        batch.drop_constraint(op.f("uq_participations_is_simulated"), type_="unique")
        batch.create_unique_constraint(
            op.f("uq_participations_withdrawal_hash"), ["withdrawal_hash"]
        )
        batch.create_check_constraint("status", STATUSES)
        batch.create_check_constraint("verdict", VERDICTS)
        batch.create_check_constraint(
            "finished", "(status = 'in_progress') = (finished_at IS NULL)"
        )
        batch.create_check_constraint("drawn", "(condition IS NULL) = (list_name IS NULL)")
        batch.create_check_constraint(
            "code", "status <> 'completed' OR completion_code IS NOT NULL"
        )


def _responses() -> None:
    with op.batch_alter_table("responses") as batch:
        batch.add_column(sa.Column("place", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("confidence", sa.Integer(), nullable=True))
        batch.create_check_constraint(
            "numbers", "session >= 0 AND attempt >= 1 AND position >= 1"
        )
        batch.create_check_constraint("place", "place >= 1")
        batch.create_check_constraint("confidence", "confidence >= 1")
        batch.create_check_constraint("rt_ms", "rt_ms >= 0")


def _events() -> None:
    with op.batch_alter_table("events") as batch:
        batch.add_column(sa.Column("step", sa.String(length=40), nullable=True))
        batch.add_column(sa.Column("detail", sa.String(), nullable=True))
        batch.create_check_constraint("number", "number >= 1")
        batch.create_check_constraint("duration_ms", "duration_ms >= 0")


def _new_tables() -> None:
    op.create_table(
        "submissions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("participation_id", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column("answer_key", sa.String(length=64), nullable=False),
        sa.Column("received_at", sa.DateTime(), nullable=False),
        _owner("submissions"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submissions")),
        sa.UniqueConstraint(
            "participation_id", "step", name=op.f("uq_submissions_participation_id")
        ),
        sa.UniqueConstraint(
            "participation_id", "answer_key", name=op.f("uq_submissions_answer_key")
        ),
    )
    op.create_table(
        "replies",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("participation_id", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column("session", sa.Integer(), nullable=False),
        sa.Column("questionnaire", sa.String(), nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("replied_at", sa.DateTime(), nullable=False),
        _owner("replies"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_replies")),
        sa.UniqueConstraint(
            "participation_id", "step", "question", name=op.f("uq_replies_participation_id")
        ),
    )
    op.create_table(
        "slots",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("is_simulated", sa.Boolean(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("condition", sa.String(), nullable=False),
        sa.Column("list_name", sa.String(), nullable=False),
        sa.Column("condition_number", sa.Integer(), nullable=False),
        sa.Column("participation_id", sa.Integer(), nullable=True),
        _owner("slots"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slots")),
        sa.UniqueConstraint("is_simulated", "number", name=op.f("uq_slots_is_simulated")),
        sa.UniqueConstraint("participation_id", name=op.f("uq_slots_participation_id")),
        sa.CheckConstraint("number >= 0", name=op.f("ck_slots_number")),
    )
    op.create_table(
        "decisions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("participation_id", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("reasons", sa.String(length=200), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("decided_by", sa.String(length=16), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        _owner("decisions"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
        sa.CheckConstraint(VERDICTS, name=op.f("ck_decisions_verdict")),
        sa.CheckConstraint(
            "decided_by IN ('rules', 'researcher')", name=op.f("ck_decisions_decided_by")
        ),
        sa.CheckConstraint(
            "verdict = 'include' OR reasons <> ''", name=op.f("ck_decisions_reasons")
        ),
        sa.CheckConstraint(
            "verdict <> 'reject' OR decided_by = 'researcher'",
            name=op.f("ck_decisions_rejected_by"),
        ),
    )
    op.create_index("ix_decisions_participation_id", "decisions", ["participation_id"])
    op.create_table(
        "outside_ids",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("id_hash", sa.String(length=64), nullable=False),
        sa.Column("participation_id", sa.Integer(), nullable=False),
        _owner("outside_ids"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outside_ids")),
        sa.UniqueConstraint("id_hash", name=op.f("uq_outside_ids_id_hash")),
        sa.UniqueConstraint("participation_id", name=op.f("uq_outside_ids_participation_id")),
    )
    op.create_table(
        "withdrawals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("is_simulated", sa.Boolean(), nullable=False),
        sa.Column("condition", sa.String(), nullable=True),
        sa.Column("withdrawn_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_withdrawals")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_withdrawals_code_hash")),
    )


def _owner(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["participation_id"], ["participations.id"], name=op.f(f"fk_{table}_participation_id")
    )


def downgrade() -> None:
    raise NotImplementedError("what 0002 stores has no place in 0001; restore a backup instead")

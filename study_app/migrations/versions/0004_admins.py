"""admins

Several researchers with roles in place of one password, what they did, whether the study is open,
and the analysis plan's hash. The password that there was becomes that of an owner called ``admin``.

Revision ID: 0004_admins
Revises: 0003_panels
"""

import sqlalchemy as sa
from alembic import op

revision = "0004_admins"
down_revision = "0003_panels"
branch_labels = None
depends_on = None

ACTIONS = (
    "'paused', 'resumed', 'closed', 'decided', 'exported', 'saw_results', 'admin_added', "
    "'admin_removed'"
)


def upgrade() -> None:
    op.create_table(
        "admins",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("password_hash", sa.String(length=256), nullable=False),
        sa.Column("added_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint(
            "role IN ('viewer', 'researcher', 'owner')", name=op.f("ck_admins_role")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_admins")),
        sa.UniqueConstraint("name", name=op.f("uq_admins_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "actions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("admin", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=24), nullable=False),
        sa.Column("detail", sa.String(length=200), nullable=True),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.CheckConstraint(f"name IN ({ACTIONS})", name=op.f("ck_actions_name")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_actions")),
    )
    op.execute(
        "INSERT INTO admins (id, name, role, password_hash, added_at) "
        "SELECT 1, 'admin', 'owner', admin_password_hash, CURRENT_TIMESTAMP FROM studies "
        "WHERE admin_password_hash IS NOT NULL"
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "SELECT setval(pg_get_serial_sequence('admins', 'id'), MAX(id)) FROM admins "
            "HAVING MAX(id) IS NOT NULL"
        )
    with op.batch_alter_table("studies") as studies:
        studies.add_column(
            sa.Column("state", sa.String(length=8), nullable=False, server_default="open")
        )
        studies.add_column(sa.Column("plan_file", sa.String(length=200), nullable=True))
        studies.add_column(sa.Column("plan_sha256", sa.String(length=64), nullable=True))
        studies.drop_column("admin_password_hash")
        studies.create_check_constraint(
            op.f("ck_studies_state"), "state IN ('open', 'paused', 'closed')"
        )
    with op.batch_alter_table("studies") as studies:
        studies.alter_column("state", server_default=None)


def downgrade() -> None:
    op.add_column(
        "studies", sa.Column("admin_password_hash", sa.String(length=256), nullable=True)
    )
    op.execute(
        "UPDATE studies SET admin_password_hash = (SELECT password_hash FROM admins "
        "WHERE role = 'owner' ORDER BY id LIMIT 1)"
    )
    with op.batch_alter_table("studies") as studies:
        studies.drop_constraint(op.f("ck_studies_state"), type_="check")
        studies.drop_column("plan_sha256")
        studies.drop_column("plan_file")
        studies.drop_column("state")
    op.drop_table("actions")
    op.drop_table("admins")

"""panels

Which key the numbers from outside are stored with, and what a panel's export last said of a
participation. Both columns may be empty; nothing is copied.

Revision ID: 0003_panels
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003_panels"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("studies", sa.Column("id_key_check", sa.String(length=64), nullable=True))
    op.add_column("participations", sa.Column("panel_status", sa.String(length=24), nullable=True))


def downgrade() -> None:
    op.drop_column("participations", "panel_status")
    op.drop_column("studies", "id_key_check")

"""Enrolled voices."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision: str | None = "0003"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "voices",
        sa.Column("user", sa.String(), primary_key=True),
        sa.Column("name", sa.String(), primary_key=True),
        sa.Column("engine", sa.String(), primary_key=True),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("speech_s", sa.Double(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
    )
    op.create_index("ix_voices_key", "voices", ["key"])


def downgrade() -> None:
    """Forget the voices."""
    op.drop_table("voices")

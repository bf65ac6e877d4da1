"""Voices that users have added to speak with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision: str | None = "0004"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "library_voices",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("user", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("engine", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("revision", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("transcript", sa.String(), nullable=False),
        sa.Column("design", sa.String(), nullable=False),
        sa.Column("instruct", sa.String(), nullable=False),
        sa.Column("consent_at", sa.Double(), nullable=True),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("prompt", sa.LargeBinary(), nullable=False),
        sa.Column("prompt_revision", sa.String(), nullable=False),
    )
    op.create_index("ix_library_voices_user_name", "library_voices", ["user", "name"], unique=True)


def downgrade() -> None:
    """Forget the voices; their files are swept away as files that nobody knows."""
    op.drop_table("library_voices")

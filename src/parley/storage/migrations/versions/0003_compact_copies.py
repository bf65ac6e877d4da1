"""Compact copies of recordings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision: str | None = "0002"


def upgrade() -> None:
    """Add the column: nothing has been tried yet."""
    op.add_column("recordings", sa.Column("compact_bytes", sa.Integer(), nullable=True))


def downgrade() -> None:
    """Drop the column; copies are swept away as files that nobody knows."""
    op.drop_column("recordings", "compact_bytes")

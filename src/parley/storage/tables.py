"""The tables of `parley.db`; `migrations/` makes them, a test holds the two together.

Times are seconds since the epoch by the wall clock: they are compared between processes.
"""

from __future__ import annotations

from sqlalchemy import Double, Index
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

HEAD_REVISION = "0001"
"""The newest migration. Revisions count upwards, so that an older Parley knows a newer database."""


class Row(DeclarativeBase):
    """The root of every table."""

    # SQLAlchemy 2.0 and 2.1 differ in what they make of a float.
    type_annotation_map = {float: Double()}  # noqa: RUF012 - SQLAlchemy reads it so


class UnitRow(Row):
    """The result of one unit of work, never changed once it is there.

    The payload comes last: SQLite reads the other columns without walking through its pages.
    """

    __tablename__ = "units"

    work: Mapped[str] = mapped_column(primary_key=True)
    stage: Mapped[str] = mapped_column(primary_key=True)
    unit: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    size_bytes: Mapped[int]
    payload: Mapped[bytes]


class WorkRow(Row):
    """What the units of one work and stage take, and when they were last asked for or added to."""

    __tablename__ = "works"
    __table_args__ = (Index("ix_works_accessed_at", "accessed_at"),)

    work: Mapped[str] = mapped_column(primary_key=True)
    stage: Mapped[str] = mapped_column(primary_key=True)
    size_bytes: Mapped[int]
    created_at: Mapped[float]
    accessed_at: Mapped[float]


class TranscriptRow(Row):
    """A finished transcript as JSON."""

    __tablename__ = "transcripts"
    __table_args__ = (Index("ix_transcripts_accessed_at", "accessed_at"),)

    key: Mapped[str] = mapped_column(primary_key=True)
    size_bytes: Mapped[int]
    created_at: Mapped[float]
    accessed_at: Mapped[float]
    payload: Mapped[bytes]


class LeaseRow(Row):
    """Who works on what: `owner` is a fresh token for every hold, the rest tells whether it lives.

    `process_started` is in the terms of `processes.ProcessMark`.
    """

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(primary_key=True)
    owner: Mapped[str]
    host: Mapped[str]
    pid: Mapped[int]
    process_started: Mapped[float]
    renewed_at: Mapped[float]
    expires_at: Mapped[float]

"""The tables of `parley.db`; `migrations/` makes them, a test holds the two together.

Times are seconds since the epoch by the wall clock: they are compared between processes.
"""

from __future__ import annotations

from sqlalchemy import Double, Index
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

HEAD_REVISION = "0006"
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


class RecordingRow(Row):
    """A recording whose bytes the server has received; `present` while its file is there.

    The row stays when the file goes: it says which MD5 belongs to which SHA-256. `compact_bytes` is
    the size of its compact copy, 0 where there can be none, None where none was made yet.
    """

    __tablename__ = "recordings"
    __table_args__ = (Index("ix_recordings_md5", "md5"),)

    sha256: Mapped[str] = mapped_column(primary_key=True)
    md5: Mapped[str]
    size_bytes: Mapped[int]
    present: Mapped[bool]
    created_at: Mapped[float]
    used_at: Mapped[float]
    compact_bytes: Mapped[int | None]


class OwnerRow(Row):
    """A user who has uploaded a recording, and so may know what is in it."""

    __tablename__ = "owners"

    user: Mapped[str] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(primary_key=True)
    created_at: Mapped[float]


class UploadRow(Row):
    """A recording on its way in; its id is that of the task it will be.

    `received` has a bit per chunk (of a tus upload: none, `offset_bytes` counts). `order` is what
    the task will be asked for, as JSON. `sha256` is set when all bytes are there and agree; the
    upload then waits to be admitted.
    """

    __tablename__ = "uploads"
    __table_args__ = (Index("ix_uploads_touched_at", "touched_at"), Index("ix_uploads_user", "user"))

    id: Mapped[str] = mapped_column(primary_key=True)
    user: Mapped[str]
    door: Mapped[str]
    file_name: Mapped[str]
    declared_hash: Mapped[str]
    size_bytes: Mapped[int]
    chunk_bytes: Mapped[int]
    chunks: Mapped[int]
    received: Mapped[bytes]
    offset_bytes: Mapped[int]
    sha256: Mapped[str | None]
    md5: Mapped[str | None]
    created_at: Mapped[float]
    touched_at: Mapped[float]
    order: Mapped[bytes]


class TaskRow(Row):
    """A request for a transcript, from its admission until it is forgotten.

    `work` is the key under which identical tasks share what is done, `turn` the place in the queue,
    `order` what was asked for as JSON, frozen at admission, `transcript` the key of the result.
    """

    __tablename__ = "tasks"
    __table_args__ = (
        Index("ix_tasks_user", "user", "created_at"),
        Index("ix_tasks_state", "state", "turn"),
        Index("ix_tasks_work", "work"),
        Index("ix_tasks_sha256", "sha256"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    user: Mapped[str]
    state: Mapped[str]
    turn: Mapped[int]
    work: Mapped[str]
    sha256: Mapped[str]
    md5: Mapped[str]
    size_bytes: Mapped[int]
    file_name: Mapped[str]
    profile: Mapped[str]
    output_format: Mapped[str]
    progress: Mapped[float]
    transcript: Mapped[str | None]
    projected: Mapped[bool]
    duration: Mapped[float | None]
    processing_s: Mapped[float]
    error_code: Mapped[str | None]
    error_message: Mapped[str | None]
    error_type: Mapped[str | None]
    created_at: Mapped[float]
    started_at: Mapped[float | None]
    finished_at: Mapped[float | None]
    edited_at: Mapped[float | None]
    edits: Mapped[bytes | None]
    order: Mapped[bytes]


class HeardRow(Row):
    """A piece of recognised text in the order it was first told, for whoever attaches later."""

    __tablename__ = "heard"

    work: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    start: Mapped[float]
    end: Mapped[float]
    text: Mapped[str]


class KeyRow(Row):
    """An API key: only the digest of its secret part is known here."""

    __tablename__ = "api_keys"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    digest: Mapped[str]
    subject: Mapped[str]
    scopes: Mapped[str]
    created_at: Mapped[float]
    expires_at: Mapped[float | None]
    revoked_at: Mapped[float | None]


class OutboxRow(Row):
    """Something that has to be told, until it was told or given up."""

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_due_at", "due_at"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    target: Mapped[str]
    event: Mapped[str]
    created_at: Mapped[float]
    due_at: Mapped[float]
    attempts: Mapped[int]
    payload: Mapped[bytes]


class ImportRow(Row):
    """A transcript of a first-generation server, known by MD5 only."""

    __tablename__ = "imports"

    md5: Mapped[str] = mapped_column(primary_key=True)
    profile: Mapped[str] = mapped_column(primary_key=True)
    file_name: Mapped[str]
    processing_s: Mapped[float]
    created_at: Mapped[float]
    payload: Mapped[bytes]


class VoiceRow(Row):
    """An enrolled voice: one vector (little-endian float32) by user, name and engine."""

    __tablename__ = "voices"
    __table_args__ = (Index("ix_voices_key", "key"),)

    user: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    engine: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str]
    speech_s: Mapped[float]
    created_at: Mapped[float]
    vector: Mapped[bytes]


class LibraryVoiceRow(Row):
    """A voice to speak with that a user has added; its files lie in a folder named after its id."""

    __tablename__ = "library_voices"
    __table_args__ = (Index("ix_library_voices_user_name", "user", "name", unique=True),)

    id: Mapped[str] = mapped_column(primary_key=True)
    user: Mapped[str]
    name: Mapped[str]
    kind: Mapped[str]
    engine: Mapped[str]
    model: Mapped[str]
    revision: Mapped[str]
    language: Mapped[str]
    transcript: Mapped[str]
    design: Mapped[str]
    instruct: Mapped[str]
    consent_at: Mapped[float | None]
    created_at: Mapped[float]
    prompt: Mapped[bytes]
    prompt_revision: Mapped[str]

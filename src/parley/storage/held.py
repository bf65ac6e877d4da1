"""How much is remembered."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from parley.storage.database import Database
from parley.storage.tables import ImportRow, TranscriptRow, WorkRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Numbers and bytes of what is in the database."""

    transcripts: int
    transcript_bytes: int
    unit_bytes: int
    imports: int


async def weigh(database: Database) -> Held:
    """Count what is there. Raises StorageError."""
    return await database.read(_weigh)


def _weigh(connection: Connection) -> Held:
    transcripts = select(func.count(), func.coalesce(func.sum(TranscriptRow.size_bytes), 0))
    count, size = connection.execute(transcripts.select_from(TranscriptRow)).one()
    units = connection.execute(select(func.coalesce(func.sum(WorkRow.size_bytes), 0))).scalar_one()
    imports = connection.execute(select(func.count()).select_from(ImportRow)).scalar_one()
    return Held(transcripts=count, transcript_bytes=size, unit_bytes=units, imports=imports)

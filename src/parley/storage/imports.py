"""Transcripts of a first-generation server: known by the MD5 of the recording only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.sqlite import insert

from parley.speech.transcript import SCHEMA_VERSION, Transcript
from parley.storage.database import Database
from parley.storage.tables import ImportRow

_decoder = msgspec.json.Decoder(Transcript)


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """A transcript from elsewhere. `profile` is what the engine was called there, `processing_s` what
    making it took, `is_whole` whether it was stored as data: a subtitle file has lost something.
    """

    md5: str
    profile: str
    file_name: str
    processing_s: float
    created_at: float
    transcript: Transcript
    is_whole: bool = True


class Imports:
    """What was taken over. Every method may raise StorageError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, found: Sequence[Imported]) -> int:
        """Remember transcripts; gives how many were new. The same again changes nothing.

        One made from a subtitle file never replaces another.
        """

        def write(connection: Connection) -> int:
            before = connection.execute(_count).scalar_one()
            for each in found:
                _put(connection, each)
            return connection.execute(_count).scalar_one() - before

        return await self._database.write(write)

    async def find(self, md5: str, profile: str | None = None) -> Imported | None:
        """The transcript of a recording, made by that profile, or by any (the newest) where it is None."""
        rows = select(
            ImportRow.md5, ImportRow.profile, ImportRow.file_name, ImportRow.processing_s,
            ImportRow.created_at, ImportRow.payload,
        ).where(ImportRow.md5 == md5)  # fmt: skip
        if profile is not None:
            rows = rows.where(ImportRow.profile == profile)
        rows = rows.order_by(ImportRow.created_at.desc()).limit(1)
        row = await self._database.read(lambda connection: connection.execute(rows).one_or_none())
        transcript = None if row is None else _decode(row.payload)
        if row is None or transcript is None:
            return None
        return Imported(
            md5=row.md5,
            profile=row.profile,
            file_name=row.file_name,
            processing_s=row.processing_s,
            created_at=row.created_at,
            transcript=transcript,
        )

    async def count(self) -> int:
        """How many there are."""
        return await self._database.read(lambda connection: connection.execute(_count).scalar_one())


_count = select(func.count()).select_from(ImportRow)


def _put(connection: Connection, each: Imported) -> None:
    values = {
        "file_name": each.file_name,
        "processing_s": each.processing_s,
        "created_at": each.created_at,
        "payload": msgspec.json.encode(each.transcript),
    }
    row = insert(ImportRow).values(md5=each.md5, profile=each.profile, **values)
    keys = ["md5", "profile"]
    if each.is_whole:
        row = row.on_conflict_do_update(index_elements=keys, set_=values)
    else:
        row = row.on_conflict_do_nothing(index_elements=keys)
    connection.execute(row)


def _decode(payload: bytes) -> Transcript | None:
    try:
        transcript = _decoder.decode(payload)
    except msgspec.MsgspecError:
        return None
    return transcript if transcript.schema_version == SCHEMA_VERSION else None

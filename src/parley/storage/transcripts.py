"""Finished transcripts, filed under the digest of everything they depend on."""

from __future__ import annotations

import hashlib
import time
from contextlib import suppress

import msgspec
from sqlalchemy import delete, select, update
from sqlalchemy.dialects.sqlite import insert

from parley.errors import StorageError
from parley.speech.transcript import SCHEMA_VERSION, Transcript
from parley.storage.database import Database
from parley.storage.tables import TranscriptRow
from parley.storage.tasks import KEPT
from parley.storage.units import ACCESS_RESOLUTION_S

_decoder = msgspec.json.Decoder(Transcript)


class Transcripts:
    """What has been finished. Every method may raise StorageError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, key: str) -> Transcript | None:
        """The transcript, None if there is none that this version of Parley understands."""
        row = select(TranscriptRow.payload, TranscriptRow.accessed_at).where(TranscriptRow.key == key)
        found = await self._database.read(lambda connection: connection.execute(row).one_or_none())
        if found is None:
            return None
        payload, accessed_at = found
        if time.time() - accessed_at > ACCESS_RESOLUTION_S:
            await self._mark_used(key)
        return _decode(payload)

    async def put(self, key: str, transcript: Transcript) -> None:
        """Remember a transcript in place of any earlier one; it is on the disk when this returns."""
        payload = msgspec.json.encode(transcript)
        now = time.time()
        values = {"payload": payload, "size_bytes": len(payload), "created_at": now, "accessed_at": now}
        row = insert(TranscriptRow).values(key=key, **values)
        row = row.on_conflict_do_update(index_elements=["key"], set_=values)
        await self._database.write(lambda connection: connection.execute(row))

    async def keep(self, transcript: Transcript) -> str:
        """Remember a transcript for tasks; its key, which is the digest of its content.

        So what a task was answered with never changes, whatever is remembered later under the key
        of its options. It is on the disk when the row of the task is, which is written after it.
        """
        payload = msgspec.json.encode(transcript)
        key = KEPT + hashlib.sha256(payload).hexdigest()[:40]
        now = time.time()
        values = {"payload": payload, "size_bytes": len(payload), "created_at": now, "accessed_at": now}
        row = insert(TranscriptRow).values(key=key, **values)
        row = row.on_conflict_do_update(index_elements=["key"], set_={"accessed_at": now})
        await self._database.write(lambda connection: connection.execute(row), survives_power_cut=False)
        return key

    async def forget(self, key: str) -> None:
        """Drop a transcript; the units it was made from stay."""
        row = delete(TranscriptRow).where(TranscriptRow.key == key)
        await self._database.write(lambda connection: connection.execute(row))

    async def _mark_used(self, key: str) -> None:
        touch = update(TranscriptRow).where(TranscriptRow.key == key).values(accessed_at=time.time())
        with suppress(StorageError):  # what was read is good, whether or not that can be noted
            await self._database.write(lambda connection: connection.execute(touch), survives_power_cut=False)


def _decode(payload: bytes) -> Transcript | None:
    try:
        transcript = _decoder.decode(payload)
    except msgspec.MsgspecError:
        return None
    return transcript if transcript.schema_version == SCHEMA_VERSION else None

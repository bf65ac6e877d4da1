"""Enrolled voices: vectors under a name, for each user."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, select
from sqlalchemy.dialects.sqlite import insert

from parley.errors import InvalidOption
from parley.speech.enrolment import KnownVoice
from parley.storage.database import Database
from parley.storage.tables import VoiceRow

MOST_VOICES = 200
"""Of one user: each is compared with every speaker of every recording."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolledVoice:
    """A voice without its vector. `created_at` is seconds since the epoch, `speech_s` what it was made of."""

    voice: KnownVoice
    user: str
    speech_s: float
    created_at: float


class Voices:
    """The voices that were enrolled. Every method may raise StorageError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def enroll(
        self, user: str, name: str, engine: str, vector: bytes, speech_s: float
    ) -> EnrolledVoice:
        """Remember a voice (little-endian float32), in the place of one of the same name and engine.

        Raises InvalidOption when the user has MOST_VOICES already.
        """
        voice = KnownVoice(name=name, engine=engine, key=hashlib.sha256(vector).hexdigest()[:40])
        now = time.time()
        values = {"key": voice.key, "speech_s": speech_s, "created_at": now, "vector": vector}
        row = insert(VoiceRow).values(user=user, name=name, engine=engine, **values)
        row = row.on_conflict_do_update(index_elements=["user", "name", "engine"], set_=values)
        others = select(func.count(VoiceRow.name.distinct())).where(
            VoiceRow.user == user, VoiceRow.name != name
        )

        def write(connection: Connection) -> bool:
            if connection.execute(others).scalar_one() >= MOST_VOICES:
                return False
            connection.execute(row)
            return True

        if not await self._database.write(write):
            raise InvalidOption(f"There are {MOST_VOICES} enrolled speakers already; remove one first.")
        return EnrolledVoice(voice=voice, user=user, speech_s=speech_s, created_at=now)

    async def list(self, user: str | None = None) -> list[EnrolledVoice]:
        """The voices of a user, or of everybody, by user, name and engine."""
        rows = select(
            VoiceRow.user,
            VoiceRow.name,
            VoiceRow.engine,
            VoiceRow.key,
            VoiceRow.speech_s,
            VoiceRow.created_at,
        ).order_by(VoiceRow.user, VoiceRow.name, VoiceRow.engine)
        if user is not None:
            rows = rows.where(VoiceRow.user == user)
        found = await self._database.read(lambda connection: connection.execute(rows).all())
        return [
            EnrolledVoice(
                voice=KnownVoice(name=row.name, engine=row.engine, key=row.key),
                user=row.user,
                speech_s=row.speech_s,
                created_at=row.created_at,
            )
            for row in found
        ]

    async def known(self, user: str) -> tuple[KnownVoice, ...]:
        """The voices of a user by reference."""
        return tuple(enrolled.voice for enrolled in await self.list(user))

    async def vectors(self, keys: Sequence[str]) -> Mapping[str, bytes]:
        """Vectors by key; those that were removed are missing."""
        rows = select(VoiceRow.key, VoiceRow.vector).where(VoiceRow.key.in_(keys))
        found = await self._database.read(lambda connection: connection.execute(rows).all())
        return {row.key: row.vector for row in found}

    async def remove(self, user: str, name: str) -> bool:
        """Forget a voice; False when there is none."""
        rows = delete(VoiceRow).where(VoiceRow.user == user, VoiceRow.name == name)
        return await self._database.write(lambda connection: connection.execute(rows).rowcount > 0)

"""Recognised text in the order it was first told, for whoever attaches later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert

from parley.storage.database import Database
from parley.storage.tables import HeardRow


@dataclass(frozen=True, slots=True)
class HeardPiece:
    """Text with its times in seconds of the recording."""

    start: float
    end: float
    text: str


class Heard:
    """What was told of every work, numbered from 0. Every method may raise StorageError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, work: str) -> list[HeardPiece]:
        """Everything told of a work, in order."""
        rows = select(HeardRow.start, HeardRow.end, HeardRow.text)
        rows = rows.where(HeardRow.work == work).order_by(HeardRow.number)
        found = await self._database.read(lambda connection: connection.execute(rows).all())
        return [HeardPiece(*row) for row in found]

    async def add(self, told: Mapping[str, tuple[int, Sequence[HeardPiece]]]) -> None:
        """Add pieces to works: by work, the number of the first and the pieces from there on.

        Survives the end of the process but maybe not a power cut.
        """
        rows = [
            {"work": work, "number": first + place, "start": it.start, "end": it.end, "text": it.text}
            for work, (first, pieces) in told.items()
            for place, it in enumerate(pieces)
        ]

        def write(connection: Connection) -> None:
            if rows:
                connection.execute(insert(HeardRow).on_conflict_do_nothing(), rows)

        await self._database.write(write, survives_power_cut=False)

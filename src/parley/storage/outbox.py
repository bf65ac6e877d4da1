"""Deliveries to the outside that are not done yet."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, select, update

from parley.storage.database import Database
from parley.storage.tables import OutboxRow
from parley.storage.tokens import new_token


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """A delivery; times are seconds since the epoch, `attempts` counts tries that failed."""

    id: str
    target: str
    event: str
    created_at: float
    due_at: float
    attempts: int
    payload: bytes


# Users name as many addresses as they like; the operator's targets shall not wait for them or give way.
_IS_CALLBACK = OutboxRow.target.startswith("callback:")

_COLUMNS = tuple(getattr(OutboxRow, name) for name in OutboxEntry.__slots__)


class Outbox:
    """What has to be told. Every method may raise StorageError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, target: str, event: str, payload: bytes, *, most: int) -> int:
        """Add a delivery that is due now; gives how many of the oldest had to go for there to be `most`."""
        now = time.time()
        row = insert(OutboxRow).values(
            id=new_token(),
            target=target,
            event=event,
            created_at=now,
            due_at=now,
            attempts=0,
            payload=payload,
        )

        def write(connection: Connection) -> int:
            connection.execute(row)
            return _drop_oldest(connection, most)

        return await self._database.write(write)

    async def due(self, now: float, *, besides: Sequence[str], limit: int) -> list[OutboxEntry]:
        """Deliveries whose time has come, of targets other than `besides`: the oldest first, those to
        addresses that tasks name behind all others.
        """
        rows = select(*_COLUMNS).where(OutboxRow.due_at <= now, OutboxRow.target.not_in(besides))
        rows = rows.order_by(_IS_CALLBACK, OutboxRow.due_at, OutboxRow.created_at).limit(limit)
        found = await self._database.read(lambda connection: connection.execute(rows).all())
        return [OutboxEntry(*row) for row in found]

    async def next_due(self, *, besides: Sequence[str]) -> float | None:
        """When the next delivery to a target other than `besides` is due, None when there is none."""
        earliest = select(func.min(OutboxRow.due_at)).where(OutboxRow.target.not_in(besides))
        return await self._database.read(lambda connection: connection.execute(earliest).scalar())

    async def postpone(self, delivery_id: str, *, due_at: float, attempts: int) -> None:
        """Try again later."""
        row = update(OutboxRow).where(OutboxRow.id == delivery_id).values(due_at=due_at, attempts=attempts)
        await self._database.write(lambda connection: connection.execute(row), survives_power_cut=False)

    async def remove(self, delivery_id: str) -> None:
        """It was delivered, or given up."""
        row = delete(OutboxRow).where(OutboxRow.id == delivery_id)
        # A power cut may bring it back: whoever is told twice sees the same event id.
        await self._database.write(lambda connection: connection.execute(row), survives_power_cut=False)

    async def count(self) -> int:
        """How many there are."""
        rows = select(func.count()).select_from(OutboxRow)
        return await self._database.read(lambda connection: connection.execute(rows).scalar_one())


def _drop_oldest(connection: Connection, most: int) -> int:
    there = connection.execute(select(func.count()).select_from(OutboxRow)).scalar_one()
    excess = max(0, there - most)
    if excess:
        oldest = select(OutboxRow.id).order_by(_IS_CALLBACK.desc(), OutboxRow.created_at, OutboxRow.id)
        oldest = oldest.limit(excess)
        connection.execute(delete(OutboxRow).where(OutboxRow.id.in_(oldest)))
    return excess

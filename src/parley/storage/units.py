"""Results of units of work, filed under the digest of everything they depend on."""

from __future__ import annotations

import time
from contextlib import suppress

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects.sqlite import insert

from parley.errors import StorageError
from parley.storage.database import Database
from parley.storage.tables import UnitRow, WorkRow

ACCESS_RESOLUTION_S = 3600.0
"""Access times are kept to the hour: a read should not cost a write, and they serve to tell days apart."""


class Units:
    """What has been done of a stage of a work. Every method may raise StorageError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, work: str, stage: str) -> dict[int, bytes]:
        """Payloads by unit."""
        rows = select(UnitRow.unit, UnitRow.payload).where(UnitRow.work == work, UnitRow.stage == stage)
        used = select(WorkRow.accessed_at).where(WorkRow.work == work, WorkRow.stage == stage)

        def read(connection: Connection) -> tuple[dict[int, bytes], float | None]:
            found = {unit: payload for unit, payload in connection.execute(rows)}  # noqa: C416 - typed rows
            return found, connection.execute(used).scalar()

        found, accessed_at = await self._database.read(read)
        if accessed_at is not None and time.time() - accessed_at > ACCESS_RESOLUTION_S:
            await self._mark_used(work, stage)
        return found

    async def put(self, work: str, stage: str, unit: int, payload: bytes, *, replace: bool = False) -> None:
        """Remember a payload; it is on the disk when this returns.

        The first result stays, so that whoever has read it and whoever reads it later agree, unless
        `replace` says that old results are not trusted.
        """

        def write(connection: Connection) -> None:
            if replace:
                _drop(connection, work, stage, unit)
            row = insert(UnitRow).values(
                work=work, stage=stage, unit=unit, size_bytes=len(payload), payload=payload
            )
            if connection.execute(row.on_conflict_do_nothing()).rowcount == 1:
                _account(connection, work, stage, len(payload))

        await self._database.write(write)

    async def _mark_used(self, work: str, stage: str) -> None:
        row = update(WorkRow).where(WorkRow.work == work, WorkRow.stage == stage)
        touch = row.values(accessed_at=time.time())
        with suppress(StorageError):  # what was read is good, whether or not that can be noted
            await self._database.write(lambda connection: connection.execute(touch), survives_power_cut=False)


def _drop(connection: Connection, work: str, stage: str, unit: int) -> None:
    """Remove one unit and take its size off the account."""
    chosen = (UnitRow.work == work, UnitRow.stage == stage, UnitRow.unit == unit)
    size = connection.execute(delete(UnitRow).where(*chosen).returning(UnitRow.size_bytes)).scalar()
    if size is not None:
        _account(connection, work, stage, -size)


def _account(connection: Connection, work: str, stage: str, size_bytes: int) -> None:
    """Add to what the units of a work and stage take; adding counts as use."""
    now = time.time()
    row = insert(WorkRow).values(
        work=work, stage=stage, size_bytes=size_bytes, created_at=now, accessed_at=now
    )
    grown = {"size_bytes": WorkRow.size_bytes + size_bytes, "accessed_at": now}
    connection.execute(row.on_conflict_do_update(index_elements=["work", "stage"], set_=grown))

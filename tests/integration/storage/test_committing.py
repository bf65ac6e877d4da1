"""Writes that wait together share a flush of the disk, and nothing else."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select, text

from parley.storage.database import Database
from parley.storage.tables import HeardRow


def add(number: int) -> Any:
    row = insert(HeardRow).values(work="w", number=number, start=0.0, end=1.0, text="")
    return lambda connection: connection.execute(row).rowcount


def numbers(connection: Connection) -> list[int]:
    return list(connection.execute(select(HeardRow.number).order_by(HeardRow.number)).scalars())


@pytest.fixture
def database(tmp_path: Path) -> Any:
    path = tmp_path / "parley.db"
    path.touch()
    made = Database.open(path)
    yield made
    made.close()


def test_one_that_raises_takes_back_only_its_own(database: Database) -> None:
    def fails(connection: Connection) -> None:
        add(99)(connection)
        raise LookupError("mine")

    async def main() -> list[Any]:
        writes = [add(0), fails, add(1), add(1), add(2)]
        return await asyncio.gather(*map(database.write, writes), return_exceptions=True)

    done = asyncio.run(main())
    assert [done[0], done[2], done[4]] == [1, 1, 1]
    assert isinstance(done[1], LookupError)
    assert getattr(done[3], "code", "") == "storage_error"
    assert asyncio.run(database.read(numbers)) == [0, 1, 2]


def test_many_come_in_few_transactions(database: Database, tmp_path: Path) -> None:
    """Each sees what stood before it in the line; a transaction is told by its frames in the log."""

    async def main() -> None:
        gate = asyncio.create_task(database.write(lambda connection: asyncio.run(asyncio.sleep(0.3))))
        await asyncio.sleep(0.05)
        await asyncio.gather(gate, *(database.write(add(number)) for number in range(60)))

    log = tmp_path / "parley.db-wal"
    before = log.stat().st_size
    asyncio.run(main())
    assert asyncio.run(database.read(numbers)) == list(range(60))
    frames = (log.stat().st_size - before) / 4120
    assert frames < 30


def test_when_the_transaction_itself_fails_each_is_tried_alone(database: Database) -> None:
    def ends_the_transaction(connection: Connection) -> None:
        connection.execute(text("ROLLBACK"))

    async def main() -> list[Any]:
        writes = [add(0), ends_the_transaction, add(1)]
        return await asyncio.gather(*map(database.write, writes), return_exceptions=True)

    done = asyncio.run(main())
    assert [done[0], done[2]] == [1, 1]
    assert asyncio.run(database.read(numbers)) == [0, 1]


def test_who_stopped_waiting_has_written_nothing(database: Database) -> None:
    async def main() -> None:
        gate = asyncio.create_task(database.write(lambda connection: asyncio.run(asyncio.sleep(0.3))))
        await asyncio.sleep(0.05)
        given_up = asyncio.create_task(database.write(add(7)))
        await asyncio.sleep(0.05)
        given_up.cancel()
        await asyncio.gather(gate, database.write(add(8)))

    asyncio.run(main())
    assert asyncio.run(database.read(numbers)) == [8]

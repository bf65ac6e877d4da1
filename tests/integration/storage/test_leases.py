"""One holder at a time, whatever happens to the others."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from functools import partial
from pathlib import Path

import pytest

from parley.errors import StoreBusy
from parley.storage import holdings
from parley.storage.database import Database
from parley.storage.processes import ProcessMark, this_process
from parley.storage.store import Store
from tests.integration.storage.conftest import Start

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")


@asynccontextmanager
async def opened(data_dir: Path, ttl_s: float = 15.0) -> AsyncIterator[Store]:
    store = await Store.open(data_dir, lease_ttl_s=ttl_s)
    try:
        yield store
    finally:
        await store.close()


def rows(data_dir: Path) -> list[str]:
    with closing(sqlite3.connect(data_dir / "parley.db")) as connection:
        return [name for (name,) in connection.execute("SELECT name FROM leases")]


def leave_lease(data_dir: Path, process: ProcessMark, *, expires_in_s: float) -> None:
    """A lease as another process would have left it."""
    expires = time.time() + expires_in_s
    values = ("work", "owner", process.host, process.pid, process.started, expires - 15.0, expires)
    with closing(sqlite3.connect(data_dir / "parley.db")) as connection, connection:
        connection.execute(
            "INSERT INTO leases (name, owner, host, pid, process_started, renewed_at, expires_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            values,
        )


async def seconds_to_get(store: Store, name: str = "work") -> float:
    began = time.monotonic()
    async with store.leases.hold(name, give_up_s=10.0):
        return time.monotonic() - began


@posix
def test_of_eight_processes_one_is_inside_at_a_time(data_dir: Path, start: Start) -> None:
    async def prepare() -> None:
        async with opened(data_dir):
            pass

    asyncio.run(prepare())
    # They also fight over a lease whose owner is dead.
    leave_lease(data_dir, ProcessMark(this_process().host, 2**22 + 1, 1.0), expires_in_s=60.0)
    (data_dir / "counter").write_text("0")
    together = time.time() + 3.0
    children = [start("count", data_dir, "work", 3, together) for _ in range(8)]
    for child in children:
        child.finish()
    assert (data_dir / "counter").read_text() == "24"
    assert rows(data_dir) == []


@posix
def test_a_killed_holder_is_succeeded_within_a_second(data_dir: Path, start: Start) -> None:
    holder = start("hold", data_dir, "work", 15.0)
    assert holder.line() == "held"

    async def main() -> None:
        async with opened(data_dir) as store:
            told: list[float] = []
            waiting = asyncio.ensure_future(wait(store, told))
            await asyncio.sleep(0.6)
            assert not waiting.done()
            killed = time.monotonic()
            # Nobody collects the child's status, so it stays behind as a zombie.
            holder.send(signal.SIGKILL)
            taken = await waiting
            print(f"taken over {taken - killed:.2f} s after the kill")
            assert taken - killed < 1.0
            assert len(told) == 1

    async def wait(store: Store, told: list[float]) -> float:
        async with store.leases.hold("work", on_wait=lambda: told.append(time.monotonic())) as lease:
            assert not lease.lost.is_set()
            return time.monotonic()

    asyncio.run(main())


@posix
def test_a_stopped_holder_is_succeeded_and_told(data_dir: Path, start: Start) -> None:
    holder = start("hold", data_dir, "work", 1.0)
    assert holder.line() == "held"
    holder.send(signal.SIGSTOP)

    async def main() -> None:
        async with opened(data_dir, ttl_s=1.0) as store:
            began = time.monotonic()
            async with store.leases.hold("work") as lease:
                print(f"taken over {time.monotonic() - began:.2f} s after the stop")
                assert 0.3 < time.monotonic() - began < 10.0
                holder.send(signal.SIGCONT)
                assert await asyncio.to_thread(holder.line) == "lost"
                assert not lease.lost.is_set()

    asyncio.run(main())


@posix
def test_a_holder_that_slept_while_nobody_wanted_the_work_keeps_it(data_dir: Path, start: Start) -> None:
    holder = start("hold", data_dir, "work", 0.6)
    assert holder.line() == "held"
    holder.send(signal.SIGSTOP)
    time.sleep(1.0)
    holder.send(signal.SIGCONT)
    time.sleep(0.5)
    holder.tell("release")
    assert holder.line() == "released"


@posix
def test_waiting_lasts_as_long_as_the_other_renews(data_dir: Path, start: Start) -> None:
    holder = start("hold", data_dir, "work", 1.2)
    assert holder.line() == "held"

    async def main() -> None:
        async with opened(data_dir) as store:
            getting = asyncio.ensure_future(seconds_to_get(store))
            await asyncio.sleep(3.0)  # more than two of its times to live
            assert not getting.done()
            holder.tell("release")
            assert await getting < 9.0

    asyncio.run(main())


def test_tasks_of_one_process_exclude_each_other_too(data_dir: Path) -> None:
    inside = 0

    async def enter(store: Store) -> None:
        nonlocal inside
        async with store.leases.hold("work"):
            inside += 1
            assert inside == 1
            await asyncio.sleep(0.01)
            inside -= 1

    async def main() -> None:
        async with opened(data_dir) as store:
            await asyncio.gather(*(enter(store) for _ in range(4)))
            # Another name is another matter.
            async with store.leases.hold("work"):
                assert await seconds_to_get(store, "other") < 3.0

    asyncio.run(main())


def test_giving_up(data_dir: Path) -> None:
    async def main() -> None:
        async with opened(data_dir) as store, store.leases.hold("work"):
            with pytest.raises(StoreBusy, match="still at work"):
                async with store.leases.hold("work", give_up_s=0.3):
                    raise AssertionError
            assert rows(data_dir) == ["work"]

    asyncio.run(main())


@pytest.mark.parametrize("delay_s", [0.0, 0.001, 0.003, 0.01, 0.3])
def test_cancellation_at_any_moment_leaves_no_lease(data_dir: Path, delay_s: float) -> None:
    async def hold(store: Store) -> None:
        async with store.leases.hold("work"):
            await asyncio.sleep(60)

    async def main() -> None:
        async with opened(data_dir) as store:
            task = asyncio.ensure_future(hold(store))
            await asyncio.sleep(delay_s)
            task.cancel()
            await asyncio.wait({task})
            assert task.cancelled()
        assert rows(data_dir) == []

    asyncio.run(main())


def test_an_exception_inside_releases(data_dir: Path) -> None:
    async def main() -> None:
        async with opened(data_dir) as store:
            with pytest.raises(ZeroDivisionError):
                async with store.leases.hold("work"):
                    raise ZeroDivisionError
            assert await seconds_to_get(store) < 3.0

    asyncio.run(main())


MINE = this_process()
ANOTHER_TIME = ProcessMark(MINE.host, MINE.pid, MINE.started - 100.0)
ELSEWHERE = ProcessMark("another host", MINE.pid, MINE.started)


@pytest.mark.parametrize(
    ("process", "expires_in_s", "least_s", "most_s"),
    [
        pytest.param(ANOTHER_TIME, 60.0, 0.0, 3.0, id="the pid belongs to a later process"),
        pytest.param(ELSEWHERE, 1.0, 0.8, 10.0, id="another host is given its time"),
        pytest.param(ELSEWHERE, -1.0, 0.0, 3.0, id="another host has had its time"),
        pytest.param(MINE, -1.0, 0.0, 3.0, id="a living process has had its time"),
    ],
)
def test_when_a_lease_is_taken_over(
    data_dir: Path, process: ProcessMark, expires_in_s: float, least_s: float, most_s: float
) -> None:
    async def main() -> None:
        async with opened(data_dir) as store:
            leave_lease(data_dir, process, expires_in_s=expires_in_s)
            assert least_s <= await seconds_to_get(store) < most_s

    asyncio.run(main())


def test_of_two_claims_on_what_was_seen_one_succeeds(data_dir: Path) -> None:
    """Whatever the timing: the second claim of a free name, then of a dead lease, comes too late."""

    async def main() -> None:
        database = await asyncio.to_thread(Database.open, data_dir / "parley.db")
        try:
            for _ in range(2):
                seen = await database.read(lambda connection: holdings.look(connection, "work"))
                claims = [
                    partial(holdings.claim, name="work", owner=owner, ttl_s=15.0, seen=seen)
                    for owner in ("one", "two")
                ]
                assert [await database.write(claim) for claim in claims] == [True, False]
        finally:
            await asyncio.to_thread(database.close)

    data_dir.mkdir()
    asyncio.run(main())


def test_a_clock_set_back_does_not_make_a_lease_eternal(data_dir: Path) -> None:
    async def main() -> None:
        async with opened(data_dir) as store:
            leave_lease(data_dir, MINE, expires_in_s=86400.0)
            with closing(sqlite3.connect(data_dir / "parley.db")) as connection, connection:
                connection.execute("UPDATE leases SET renewed_at = expires_at - 1.0")
            assert 0.9 < await seconds_to_get(store) < 9.0

    asyncio.run(main())


def test_only_what_is_certainly_dead_stops_protecting(data_dir: Path) -> None:
    async def main() -> None:
        async with opened(data_dir) as store:
            for process, expires_in_s, protects in [
                (MINE, -60.0, True),
                (ELSEWHERE, -60.0, True),
                (MINE, -holdings.ABANDONED_S - 60.0, False),
                (ANOTHER_TIME, 60.0, False),
            ]:
                leave_lease(data_dir, process, expires_in_s=expires_in_s)
                assert await store.leases.protected("wo") == ({"rk"} if protects else set())
                await store.leases.forget_abandoned()
                assert rows(data_dir) == (["work"] if protects else [])
                with closing(sqlite3.connect(data_dir / "parley.db")) as connection, connection:
                    connection.execute("DELETE FROM leases")

    asyncio.run(main())


def test_a_lease_that_cannot_be_renewed_is_lost_in_time(data_dir: Path) -> None:
    """The row is gone (somebody removed it), or the file is."""

    async def main() -> None:
        async with opened(data_dir, ttl_s=0.6) as store, store.leases.hold("work") as lease:
            with closing(sqlite3.connect(data_dir / "parley.db")) as connection, connection:
                connection.execute("ALTER TABLE leases RENAME TO elsewhere")
            await asyncio.wait_for(lease.lost.wait(), timeout=2.0)

    asyncio.run(main())


def test_a_process_knows_itself() -> None:
    assert this_process().pid == os.getpid()
    assert not this_process().is_gone()
    assert ANOTHER_TIME.is_gone()
    assert not ELSEWHERE.is_gone()

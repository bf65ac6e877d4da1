"""Uploads on the disk: crashes, full disks, limits, and what is swept away."""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import signal
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from uuid import uuid4

import pytest

from parley.errors import DiskBudgetSpent, DiskFull, SessionNotFound, TooManySessions
from parley.jobs.reception import Reception
from parley.jobs.upload import Started
from parley.storage.arrival import Arrival
from parley.storage.arrivals import Arrivals
from parley.storage.bitmap import Bitmap
from parley.storage.space import UploadLimits
from parley.storage.store import Store
from parley.storage.uploads import UploadRecord
from tests.integration.jobs.scripted_desk import (
    ALICE,
    ScriptedDesk,
    accept,
    body,
    chunked,
    cut,
    pieces,
    single,
)
from tests.integration.storage.actor import MEBIBYTE, NO_LIMITS, chunk_of, record_of
from tests.integration.storage.conftest import Start
from tests.integration.storage.test_disk_full import fill
from tests.integration.storage.test_leases import opened

KILLS = 5
CHUNKS = 2000


@asynccontextmanager
async def arrivals_of(store: Store) -> AsyncIterator[Arrivals]:
    arrivals = Arrivals(store.uploads)
    try:
        yield arrivals
    finally:
        await arrivals.close()


def found_rows(data_dir: Path) -> set[str]:
    with closing(sqlite3.connect(data_dir / "parley.db")) as connection:
        return {name for (name,) in connection.execute("SELECT id FROM uploads")}


def found_files(data_dir: Path) -> set[str]:
    return {path.name.removesuffix(".part") for path in (data_dir / "uploads").glob("*")}


def is_there(data_dir: Path, upload_id: str) -> bool:
    present = {upload_id in found_rows(data_dir), upload_id in found_files(data_dir)}
    assert len(present) == 1, "a row and a file are there together or not at all"
    return present.pop()


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_what_the_row_says_is_in_the_file_after_sigkill(data_dir: Path, start: Start) -> None:
    record = record_of(10_000, CHUNKS)
    asyncio.run(open_one(data_dir, record))
    moments = random.Random(7)
    received = [0]
    while len(received) <= KILLS and received[-1] < CHUNKS:
        child = start("send_chunks", data_dir, record.id)
        assert int(child.line()) == CHUNKS - received[-1]
        deadline = time.monotonic() + 60.0
        while saved(data_dir).received == received[-1] and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(moments.uniform(0.0, 0.2))
        child.send(signal.SIGKILL)
        child.process.wait(30.0)
        received.append(check_row(data_dir, record.id))
    print("chunks noted at each kill:", received)
    assert received[1] > 0
    assert received == sorted(received)
    child = start("send_chunks", data_dir, record.id)
    child.line()
    assert child.line(60.0) == "whole"
    child.tell("")
    child.finish()
    asyncio.run(check_digests(data_dir, record.id))


async def open_one(data_dir: Path, record: UploadRecord) -> None:
    async with opened(data_dir) as store:
        await store.uploads.add(record, NO_LIMITS)


def saved(data_dir: Path) -> Bitmap:
    with closing(sqlite3.connect(data_dir / "parley.db")) as connection:
        [(bits,)] = connection.execute("SELECT received FROM uploads").fetchall()
    return Bitmap(CHUNKS, bits)


def check_row(data_dir: Path, upload_id: str) -> int:
    """The number of chunks in the row, each of which is in the file."""
    bitmap = saved(data_dir)
    with (data_dir / "uploads" / f"{upload_id}.part").open("rb") as file:
        for index in range(CHUNKS):
            if index in bitmap:
                file.seek(index * 10_000)
                assert file.read(10_000) == chunk_of(index)
    return bitmap.received


async def check_digests(data_dir: Path, upload_id: str) -> None:
    """The last child was not killed, but it ended without saving either."""
    content = b"".join(map(chunk_of, range(CHUNKS)))
    async with opened(data_dir) as store, arrivals_of(store) as arrivals:
        arrival = await arrivals.find(upload_id)
        assert arrival is not None
        for first, last in arrival.bitmap.missing():
            for index in range(first, last + 1):
                await arrival.put(index, chunk_of(index), None)
        expected = (hashlib.md5(content).hexdigest(), hashlib.sha256(content).hexdigest())
        assert await arrival.digests() == expected


def test_much_arrives_in_little_memory(data_dir: Path, start: Start) -> None:
    before, most = map(int, start("receive_much", data_dir, 128).line(120.0).split())
    print(f"{(most - before) / MEBIBYTE:.0f} MiB for an upload of 128 MiB")
    assert most - before < 48 * MEBIBYTE


def test_a_disk_that_is_full_in_the_middle_of_a_chunk(mount: Callable[[str], Path]) -> None:
    folder = mount("size=6m")
    content = os.urandom(2_000_000)
    parts = cut(content, 50_000)

    async def main() -> None:
        async with opened(folder / "data") as store:
            reception = Reception(store, desk := ScriptedDesk(), accept)
            desk.store = store
            task_id = (await reception.open(ALICE, chunked(content, 50_000))).task_id
            ballast = fill(folder, leaving_bytes=720_000)
            with pytest.raises(DiskFull, match="No space"):
                for index, part in enumerate(parts):
                    await reception.write_chunk(ALICE, task_id, index, part, None)
            [(first, last)] = (await reception.state(ALICE, task_id)).missing
            assert 0 < first < last == 39
            # The row cannot be saved now either; nothing breaks, and it is saved later.
            await asyncio.sleep(0.6)
            ballast.unlink()
            for index in range(first, 40):
                receipt = await reception.write_chunk(ALICE, task_id, index, parts[index], None)
            assert receipt.whole
            assert await reception.finish(ALICE, task_id) == Started(task_id=task_id)
            assert desk.recordings[task_id].path.read_bytes() == content
            await reception.close()

    asyncio.run(main())


@pytest.mark.parametrize("door", ["single", "http"])
def test_a_disk_that_is_full_before_a_whole_file_is_there(mount: Callable[[str], Path], door: str) -> None:
    folder = mount("size=6m")
    content = os.urandom(2_000_000)

    async def main() -> None:
        async with opened(folder / "data") as store:
            reception = Reception(store, desk := ScriptedDesk(), accept)
            desk.store = store
            single_id = (await reception.open(ALICE, single(content))).task_id
            ballast = fill(folder, leaving_bytes=720_000)

            async def send() -> object:
                if door == "single":
                    return await reception.write_whole(ALICE, single_id, content)
                return await reception.receive(ALICE, body(), pieces(*cut(content, 65536)))

            with pytest.raises(DiskFull):
                await send()
            ballast.unlink()
            assert isinstance(await send(), Started)
            await reception.close()

    asyncio.run(main())


def test_rows_and_files_that_lost_each_other_are_removed(data_dir: Path) -> None:
    async def main() -> None:
        async with opened(data_dir) as store:
            kept, no_file, broken_body = record_of(10, 2), record_of(10, 2), record_of(10, 2, door="http")
            for record in (kept, no_file, broken_body):
                await store.uploads.add(record, NO_LIMITS)
            store.uploads.path(no_file.id).unlink()
            orphan = store.uploads.path(str(uuid4()))
            stranger = orphan.with_name("notes.part")
            for path in (orphan, stranger):
                path.write_bytes(b"bytes")
            async with arrivals_of(store) as arrivals:
                fresh = await arrivals.add(record_of(10, 2), NO_LIMITS)
                assert await arrivals.sweep() == 2
                assert found_rows(data_dir) == {kept.id, fresh.record.id}
                assert found_files(data_dir) == {kept.id, fresh.record.id, "notes"}

    asyncio.run(main())


def test_silent_uploads_expire_and_others_do_not(data_dir: Path) -> None:
    async def main() -> None:
        async with opened(data_dir) as store, arrivals_of(store) as arrivals:
            long_ago = time.time() - 1000
            silent, asked, fed, unloaded = [
                record_of(10, 2, created_at=long_ago, touched_at=long_ago) for _ in range(4)
            ]
            for record in (silent, asked, fed):
                await arrivals.add(record, NO_LIMITS)
            await store.uploads.add(unloaded, NO_LIMITS)
            (await found(arrivals, asked)).touch()
            await (await found(arrivals, fed)).put(0, bytes(10), None)
            gone = await found(arrivals, silent)
            assert await arrivals.expire(900.0) == 2
            assert [is_there(data_dir, each.id) for each in (silent, asked, fed, unloaded)] == [
                False, True, True, False,
            ]  # fmt: skip
            with pytest.raises(SessionNotFound):
                await gone.put(0, bytes(10), None)
            assert await arrivals.find(silent.id) is None

    asyncio.run(main())


async def found(arrivals: Arrivals, record: UploadRecord) -> Arrival:
    arrival = await arrivals.find(record.id)
    assert arrival is not None
    return arrival


def test_an_upload_that_is_asked_for_by_many_at_once_is_one(data_dir: Path) -> None:
    async def main() -> None:
        record = record_of(10, 2)
        async with opened(data_dir) as store, arrivals_of(store) as arrivals:
            await store.uploads.add(record, NO_LIMITS)
            many = await asyncio.gather(*(arrivals.find(record.id) for _ in range(10)))
            assert len(set(map(id, many))) == 1

    asyncio.run(main())


def test_what_is_refused_leaves_nothing(data_dir: Path) -> None:
    async def main() -> None:
        async with opened(data_dir) as store:
            limits = UploadLimits(max_open=2, max_open_per_user=1, disk_bytes=100)
            first = record_of(10, 8)
            await store.uploads.add(first, limits)
            with pytest.raises(TooManySessions):
                await store.uploads.add(record_of(10, 1), limits)
            with pytest.raises(DiskBudgetSpent):
                await store.uploads.add(record_of(7, 3, user="bob"), limits)
            await store.uploads.add(record_of(10, 2, user="bob"), limits)
            with pytest.raises(TooManySessions):
                await store.uploads.add(record_of(10, 1, user="carol"), limits)
            assert len(found_rows(data_dir)) == len(found_files(data_dir)) == 2
            await store.uploads.remove(first.id)
            await store.uploads.add(record_of(10, 8, user="carol"), limits)

    asyncio.run(main())


@pytest.mark.parametrize("name", ["..", "../x", "", "A" * 36, "x" * 36, "\0"])
def test_only_an_id_becomes_a_path(data_dir: Path, name: str) -> None:
    async def main() -> None:
        async with opened(data_dir) as store:
            with pytest.raises(ValueError, match="UUID"):
                store.uploads.path(name)
            with pytest.raises(ValueError, match="SHA-256"):
                store.recordings.path(name)
            assert await store.uploads.get(name) is None

    asyncio.run(main())

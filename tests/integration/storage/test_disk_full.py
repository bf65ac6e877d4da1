"""The disk fills up: a clear error, nothing half-written, and it works again when there is space."""

from __future__ import annotations

import asyncio
import errno
import io
import os
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from parley.errors import DiskFull, StorageError
from parley.storage.failures import storage_errors
from parley.storage.store import Store
from tests.integration.storage.actor import write_pcm
from tests.integration.storage.test_leases import opened

SMALL = "size=3m"


def fill(folder: Path, leaving_bytes: int = 0) -> Path:
    """A file that takes all space but some."""
    ballast = folder / "ballast"
    free = os.statvfs(folder)
    with ballast.open("wb", buffering=0) as file:
        for _ in range((free.f_bavail * free.f_frsize - leaving_bytes) // 4096):
            file.write(bytes(4096))
    return ballast


async def put_until_full(store: Store) -> set[int]:
    """The units that were acknowledged before the disk was full."""
    acknowledged: set[int] = set()
    for unit in range(1000):
        try:
            await store.units.put("work", "stage", unit, os.urandom(50_000))
        except DiskFull as error:
            assert "No space" in error.message
            return acknowledged
        acknowledged.add(unit)
    raise AssertionError


def check(data_dir: Path) -> None:
    with closing(sqlite3.connect(data_dir / "parley.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        [(difference,)] = connection.execute(
            "SELECT (SELECT sum(size_bytes) FROM works) - (SELECT sum(size_bytes) FROM units)"
        ).fetchall()
        assert difference == 0


def test_units_on_a_full_disk(mount: Callable[[str], Path]) -> None:
    folder = mount(SMALL)

    async def main() -> None:
        async with opened(folder / "data") as store:
            ballast = fill(folder, leaving_bytes=600_000)
            acknowledged = await put_until_full(store)
            assert acknowledged
            assert set(await store.units.get("work", "stage")) == acknowledged
            with pytest.raises(DiskFull):
                await store.units.put("work", "stage", 1000, os.urandom(50_000))
            ballast.unlink()
            await store.units.put("work", "stage", 1000, b"again")
            assert set(await store.units.get("work", "stage")) == acknowledged | {1000}
        check(folder / "data")

    asyncio.run(main())


def test_a_lease_outlives_a_disk_that_is_full_for_a_while(mount: Callable[[str], Path]) -> None:
    folder = mount(SMALL)

    async def main() -> None:
        async with opened(folder / "data", ttl_s=3.0) as store, store.leases.hold("work") as lease:
            ballast = fill(folder)
            await asyncio.sleep(1.5)
            ballast.unlink()
            await asyncio.sleep(2.5)
            assert not lease.lost.is_set()

    asyncio.run(main())


def test_opening_on_a_full_disk(mount: Callable[[str], Path]) -> None:
    folder = mount(SMALL)
    ballast = fill(folder)

    async def main() -> None:
        async with opened(folder / "data") as store:
            await store.units.put("work", "stage", 0, b"payload")

    with pytest.raises(DiskFull):
        asyncio.run(main())
    ballast.unlink()
    asyncio.run(main())
    check(folder / "data")


@pytest.mark.parametrize("what", ["publish", "spool"])
def test_files_on_a_full_disk(mount: Callable[[str], Path], what: str) -> None:
    folder = mount(SMALL)

    async def use(store: Store) -> None:
        if what == "spool":
            async with store.spool(io.BytesIO(bytes(700_000)), max_bytes=10**6):
                pass
        else:
            async with store.pcm.writing("key") as partial:
                media = write_pcm(partial.path, 1600)
                if not list(folder.glob("freed")):
                    fill(folder)
                await partial.publish(media)

    async def main() -> None:
        async with opened(folder / "data") as store:
            if what == "spool":
                fill(folder, leaving_bytes=500_000)
            with pytest.raises(DiskFull):
                await use(store)
            (folder / "ballast").rename(folder / "freed")
            os.truncate(folder / "freed", 0)
            assert not list((folder / "data" / "pcm").glob("*"))
            assert not list((folder / "data" / "incoming").glob("*"))
            await use(store)

    asyncio.run(main())


@pytest.mark.skipif(sys.platform == "win32", reason="no such limit")
def test_a_quota_is_a_full_disk_too(data_dir: Path) -> None:
    """A limit on the size of files stands in for a quota: SQLite sees the same failed write."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    async def main() -> None:
        async with opened(data_dir) as store:
            resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
            try:
                acknowledged = await put_until_full(store)
                with pytest.raises(DiskFull):
                    async with store.spool(io.BytesIO(bytes(2_000_000)), max_bytes=10**7):
                        pass
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
            assert set(await store.units.get("work", "stage")) == acknowledged
            await store.units.put("work", "stage", 1000, b"again")
        check(data_dir)

    asyncio.run(main())


@pytest.mark.parametrize(
    ("number", "kind", "says"),
    [
        (errno.ENOSPC, DiskFull, "No space"),
        (errno.EDQUOT, DiskFull, "No space"),
        (errno.EFBIG, DiskFull, "No space"),
        (errno.EROFS, StorageError, "cannot be written"),
        (errno.EACCES, StorageError, "cannot be written"),
        (errno.EIO, StorageError, "could not be read or written"),
    ],
)
def test_what_the_system_says_in_our_words(number: int, kind: type[StorageError], says: str) -> None:
    with pytest.raises(kind, match=says) as caught, storage_errors():
        raise OSError(number, os.strerror(number), "/home/somebody/secret.wav")
    assert type(caught.value) is kind
    assert "somebody" not in caught.value.message + caught.value.detail

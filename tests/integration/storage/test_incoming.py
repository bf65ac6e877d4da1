"""Digests of files, and recordings that arrive as a stream."""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from parley.errors import FileNotFound, MediaTooLarge
from parley.storage.hashing import hash_file
from parley.storage.store import Store
from tests.integration.storage.conftest import Start
from tests.integration.storage.test_leases import opened, rows

CONTENT = os.urandom(3_000_001)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("content", [b"", b"x", CONTENT])
def test_a_file_is_known_by_its_sha256(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "talk.wav").write_bytes(content)
    assert asyncio.run(hash_file(tmp_path / "talk.wav")) == sha256(content)


def test_progress_is_told_on_the_loop(tmp_path: Path) -> None:
    size = 40 * 1024 * 1024
    with (tmp_path / "talk.wav").open("wb") as file:
        file.truncate(size)

    async def main() -> list[int]:
        told: list[int] = []

        def progress(done: int) -> None:
            asyncio.get_running_loop()  # raises elsewhere
            told.append(done)

        await hash_file(tmp_path / "talk.wav", progress)
        await asyncio.sleep(0.01)
        return told

    told = asyncio.run(main())
    assert told == sorted(told)
    assert len(told) == 3
    assert told[-1] == size


def test_the_loop_stays_free_and_a_cancelled_digest_stops(tmp_path: Path) -> None:
    with (tmp_path / "talk.wav").open("wb") as file:
        file.truncate(20 * 2**30)  # sparse: a minute or so of hashing

    async def main() -> None:
        task = asyncio.ensure_future(hash_file(tmp_path / "talk.wav"))
        ticks = 0
        until = time.monotonic() + 0.3
        while time.monotonic() < until:
            await asyncio.sleep(0.005)
            ticks += 1
        task.cancel()
        await asyncio.wait({task})
        assert task.cancelled()
        assert ticks > 3

    began = time.monotonic()
    asyncio.run(main())  # which waits for the threads of its executor
    assert time.monotonic() - began < 5


@pytest.mark.skipif(sys.platform == "win32", reason="named pipes")
def test_what_cannot_be_hashed_is_not_found_and_names_no_folder(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in ("missing.wav", "pipe", "."):
        with pytest.raises(FileNotFound) as caught:
            asyncio.run(asyncio.wait_for(hash_file(tmp_path / name), timeout=2))
        assert str(tmp_path.parent) not in caught.value.message


async def pushed() -> AsyncIterator[bytes]:
    for first in range(0, len(CONTENT), 100_000):
        yield CONTENT[first : first + 100_000]


@pytest.mark.parametrize("kind", ["blocking", "file", "async"])
def test_a_stream_becomes_a_file_for_a_while(data_dir: Path, tmp_path: Path, kind: str) -> None:
    (tmp_path / "source").write_bytes(CONTENT)

    async def main() -> None:
        async with opened(data_dir) as store:
            with (tmp_path / "source").open("rb") as file:
                stream = {"blocking": io.BytesIO(CONTENT), "file": file, "async": pushed()}[kind]
                async with store.spool(stream, max_bytes=len(CONTENT)) as path:
                    assert path.read_bytes() == CONTENT
                    path.write_bytes(b"changed")  # to see that it is not read a second time
                    assert await store.hash_file(path) == sha256(CONTENT)
                    await store.tidy(pcm_bytes=0, cache_bytes=0, cache_age_s=0.0)
                    assert path.exists()
            assert not path.exists()
        assert rows(data_dir) == []

    asyncio.run(main())


@pytest.mark.parametrize("kind", ["blocking", "async"])
def test_too_large_a_stream_is_refused_and_leaves_nothing(data_dir: Path, kind: str) -> None:
    async def main() -> None:
        async with opened(data_dir) as store:
            stream = {"blocking": io.BytesIO(CONTENT), "async": pushed()}[kind]
            with pytest.raises(MediaTooLarge, match="larger than the limit of 3 MiB"):
                async with store.spool(stream, max_bytes=len(CONTENT) - 1):
                    raise AssertionError
        assert list((data_dir / "incoming").iterdir()) == []

    asyncio.run(main())


@pytest.mark.skipif(sys.platform == "win32", reason="a pipe cannot be polled there")
def test_a_silent_standard_input_can_be_cancelled_and_holds_up_no_exit(data_dir: Path, start: Start) -> None:
    child = start("spool_standard_input", data_dir)
    assert child.line() == "cancelled True []"
    began = time.monotonic()
    assert child.process.wait(timeout=5) == 0
    assert time.monotonic() - began < 2


def test_an_upload_that_breaks_off_leaves_nothing(data_dir: Path) -> None:
    async def breaking() -> AsyncIterator[bytes]:
        yield b"some"
        raise ConnectionResetError

    async def receive(store: Store) -> None:
        async with store.spool(breaking(), max_bytes=100):
            raise AssertionError

    async def main() -> None:
        async with opened(data_dir) as store:
            with pytest.raises(ConnectionResetError):
                await receive(store)
        assert list((data_dir / "incoming").iterdir()) == []

    asyncio.run(main())

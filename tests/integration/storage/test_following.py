"""Digests that follow a file are those of the whole file."""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from parley.storage import following
from parley.storage.following import FileTooShort, FollowingHash

CONTENT = random.Random(3).randbytes(100_000)


def digests_of(content: bytes) -> tuple[str, str]:
    return hashlib.md5(content).hexdigest(), hashlib.sha256(content).hexdigest()


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[ThreadPoolExecutor]:
    monkeypatch.setattr(following, "_BLOCK_BYTES", 1000)
    monkeypatch.setattr(following, "_WORTHWHILE_BYTES", 2500)
    monkeypatch.setattr(following, "_TURN_BYTES", 7000)
    with ThreadPoolExecutor(2) as threads:
        yield threads


@pytest.mark.parametrize("step", [1, 999, 2500, 30_000, 100_000])
def test_it_keeps_up_and_agrees(tmp_path: Path, threads: ThreadPoolExecutor, step: int) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"")

    async def main() -> None:
        follows = FollowingHash(file, threads)
        with file.open("ab", buffering=0) as out:
            for at in range(0, min(100 * step, len(CONTENT)), step):
                out.write(CONTENT[at : at + step])
                follows.advance(file.stat().st_size)
                await asyncio.sleep(0)
        size = file.stat().st_size
        expected = digests_of(CONTENT[:size])
        assert await follows.digests(size) == expected
        assert await follows.digests(size) == expected

    asyncio.run(main())


def test_several_may_wait(tmp_path: Path, threads: ThreadPoolExecutor) -> None:
    file = tmp_path / "file"
    file.write_bytes(CONTENT)

    async def main() -> None:
        follows = FollowingHash(file, threads)
        found = await asyncio.gather(*(follows.digests(len(CONTENT)) for _ in range(5)))
        assert set(found) == {digests_of(CONTENT)}

    asyncio.run(main())


def test_bytes_that_are_not_there_are_missed_and_found_later(
    tmp_path: Path, threads: ThreadPoolExecutor
) -> None:
    file = tmp_path / "file"
    file.write_bytes(CONTENT)
    os.truncate(file, 50_000)

    async def main() -> None:
        follows = FollowingHash(file, threads)
        follows.advance(len(CONTENT))
        for _ in range(2):
            with pytest.raises(FileTooShort):
                await follows.digests(len(CONTENT))
        file.write_bytes(CONTENT)
        assert await follows.digests(len(CONTENT)) == digests_of(CONTENT)

    asyncio.run(main())


def test_it_begins_anew_for_other_bytes(tmp_path: Path, threads: ThreadPoolExecutor) -> None:
    file = tmp_path / "file"
    file.write_bytes(CONTENT)

    async def main() -> None:
        follows = FollowingHash(file, threads)
        follows.advance(len(CONTENT))
        await follows.restart()
        file.write_bytes(b"other")
        assert await follows.digests(5) == digests_of(b"other")

    asyncio.run(main())


def test_it_lets_go_of_the_file(tmp_path: Path, threads: ThreadPoolExecutor) -> None:
    file = tmp_path / "file"
    file.write_bytes(CONTENT)

    async def main() -> None:
        follows = FollowingHash(file, threads)
        follows.advance(len(CONTENT))
        await follows.rest()
        file.unlink()
        await asyncio.sleep(0.05)

    asyncio.run(main())

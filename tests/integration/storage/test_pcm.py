"""Decoded audio: whole or absent, and never taken from under its users."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from parley.errors import StorageError
from parley.speech.media import DecodedMedia
from parley.storage.media_folder import describe
from parley.storage.store import Store
from tests.integration.storage.actor import write_pcm
from tests.integration.storage.conftest import Start
from tests.integration.storage.test_leases import opened, rows

SAMPLES = 16_000
FOLDER_BYTES = 2 * SAMPLES


async def publish(store: Store, key: str, *, used_at: float | None = None) -> DecodedMedia:
    async with store.pcm.writing(key) as folder:
        media = await folder.publish(write_pcm(folder.path, SAMPLES))
    if used_at is not None:
        os.utime(Path(media.tracks[0].path).with_name("media.json"), (used_at, used_at))
    return media


def size(path: str) -> int:
    return Path(path).stat().st_size


def names(data_dir: Path) -> set[str]:
    return {path.name for path in (data_dir / "pcm").iterdir()}


def test_published_audio_is_found_with_absolute_paths(data_dir: Path) -> None:
    async def main() -> None:
        async with opened(data_dir) as store:
            assert await store.pcm.find("key") is None
            published = await publish(store, "key")
            assert await store.pcm.find("key") == published
        [track] = published.tracks
        assert Path(track.path) == data_dir / "pcm" / "key" / "0.pcm"
        assert size(track.path) == FOLDER_BYTES
        description = (data_dir / "pcm" / "key" / "media.json").read_text()
        assert str(data_dir) not in description
        assert names(data_dir) == {"key"}

    asyncio.run(main())


def test_a_folder_about_to_be_published_is_not_swept(data_dir: Path) -> None:
    async def main() -> None:
        async with opened(data_dir) as store, store.pcm.writing("key") as folder:
            media = write_pcm(folder.path, SAMPLES)
            describe(folder.path, media)
            assert await store.pcm.sweep(0) == 0
            await folder.publish(media)
            assert names(data_dir) == {"key"}

    asyncio.run(main())


def test_the_data_directory_may_move(data_dir: Path) -> None:
    async def before() -> None:
        async with opened(data_dir) as store:
            await publish(store, "key")

    async def after() -> None:
        async with opened(data_dir.with_name("moved")) as store:
            media = await store.pcm.find("key")
            assert media is not None
            assert size(media.tracks[0].path) == FOLDER_BYTES

    asyncio.run(before())
    data_dir.rename(data_dir.with_name("moved"))
    asyncio.run(after())


@pytest.mark.parametrize("damage", ["shorter", "missing", "no description", "nonsense"])
def test_what_is_not_whole_is_absent_and_can_be_published_again(data_dir: Path, damage: str) -> None:
    async def main() -> None:
        async with opened(data_dir) as store:
            await publish(store, "key")
            folder = data_dir / "pcm" / "key"
            if damage == "shorter":
                (folder / "0.pcm").write_bytes(b"12")
            elif damage == "missing":
                (folder / "0.pcm").unlink()
            elif damage == "no description":
                (folder / "media.json").unlink()
            else:
                (folder / "media.json").write_bytes(b"[1, 2")
            assert await store.pcm.find("key") is None
            again = await publish(store, "key")
            assert await store.pcm.find("key") == again
        assert names(data_dir) == {"key"}

    asyncio.run(main())


def test_incomplete_audio_is_not_published(data_dir: Path) -> None:
    async def main() -> None:
        async with opened(data_dir) as store:
            async with store.pcm.writing("key") as folder:
                media = write_pcm(folder.path, SAMPLES)
                longer = replace(media.tracks[0], samples=SAMPLES + 1)
                with pytest.raises(StorageError, match="not complete"):
                    await folder.publish(replace(media, tracks=(longer,)))
            assert await store.pcm.find("key") is None
        assert names(data_dir) == set()

    asyncio.run(main())


def test_of_two_publishers_the_first_one_wins_unless_it_is_not_trusted(data_dir: Path) -> None:
    async def main() -> None:
        async with opened(data_dir) as store:
            async with store.pcm.writing("key") as one, store.pcm.writing("key") as two:
                ours = replace(write_pcm(one.path, SAMPLES), codec="first")
                theirs = replace(write_pcm(two.path, SAMPLES), codec="second")
                assert (await one.publish(ours)).codec == "first"
                assert (await two.publish(theirs)).codec == "first"
            async with store.pcm.writing("key") as three:
                newer = replace(write_pcm(three.path, SAMPLES), codec="third")
                assert (await three.publish(newer, replace=True)).codec == "third"
        assert names(data_dir) == {"key"}

    asyncio.run(main())


def test_many_publishers_at_once_all_get_whole_audio(data_dir: Path) -> None:
    async def main() -> None:
        async with opened(data_dir) as store:
            found = await asyncio.gather(*(publish(store, "key") for _ in range(8)))
            assert len(set(found)) == 1
        assert names(data_dir) == {"key"}

    asyncio.run(main())


def test_a_failed_or_cancelled_decode_leaves_nothing(data_dir: Path) -> None:
    async def decode(store: Store, begun: asyncio.Event) -> None:
        async with store.pcm.writing("key") as folder:
            write_pcm(folder.path, SAMPLES)
            begun.set()
            await asyncio.sleep(60)

    async def main() -> None:
        async with opened(data_dir) as store:
            begun = asyncio.Event()
            task = asyncio.ensure_future(decode(store, begun))
            await begun.wait()
            task.cancel()
            await asyncio.wait({task})
        assert names(data_dir) == set()
        assert rows(data_dir) == []

    asyncio.run(main())


@pytest.mark.parametrize("key", ["", "..", "a/b", "a\\b", ".part-1", "a" * 200])
def test_a_key_cannot_leave_the_folder(data_dir: Path, key: str) -> None:
    async def main() -> None:
        async with opened(data_dir) as store:
            with pytest.raises(ValueError, match="PCM key"):
                await store.pcm.find(key)

    asyncio.run(main())


def test_the_least_recently_used_is_swept_first(data_dir: Path) -> None:
    async def main() -> None:
        async with opened(data_dir) as store:
            now = time.time()
            for age, key in enumerate(["new", "old", "older", "oldest"]):
                await publish(store, key, used_at=now - 100 * (age + 1))
            await store.pcm.find("oldest")  # and so it is the newest
            freed = await store.pcm.sweep(2 * FOLDER_BYTES + 1000)
            assert names(data_dir) == {"new", "oldest"}
            assert freed > 2 * FOLDER_BYTES
            await store.pcm.sweep(0)
            assert names(data_dir) == set()

    asyncio.run(main())


def test_what_is_held_is_never_swept(data_dir: Path) -> None:
    async def main() -> None:
        async with opened(data_dir) as store, opened(data_dir) as another:
            for key in ("held", "held-", "free"):
                await publish(store, key)
            async with store.pcm.holding("held"), store.pcm.holding("held"):
                async with store.pcm.holding("held"):
                    pass  # one of several holders leaves
                await another.pcm.sweep(0)
                assert names(data_dir) == {"held"}
                assert await store.pcm.find("held") is not None
            await another.pcm.sweep(0)
            assert names(data_dir) == set()

    asyncio.run(main())


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_what_another_process_uses_stays_until_it_is_killed(data_dir: Path, start: Start) -> None:
    child = start("hold_pcm", data_dir, "key")
    assert child.line() == "held"

    async def main() -> None:
        async with opened(data_dir) as store:
            await store.tidy(pcm_bytes=0, cache_bytes=0, cache_age_s=0.0)
            assert "key" in names(data_dir)
            assert len(names(data_dir)) == 2  # and the folder that is being written
            assert len(list((data_dir / "incoming").iterdir())) == 1
            child.send(signal.SIGKILL)
            await asyncio.sleep(0.1)
            await store.tidy(pcm_bytes=0, cache_bytes=0, cache_age_s=0.0)
        assert names(data_dir) == set()
        assert list((data_dir / "incoming").iterdir()) == []
        assert rows(data_dir) == []

    asyncio.run(main())


def test_holders_and_sweepers_race_and_no_holder_loses(data_dir: Path) -> None:
    """What is found under a hold is there, whole, until the hold ends."""

    async def use(store: Store, rounds: int) -> int:
        found = 0
        for _ in range(rounds):
            async with store.pcm.holding("key"):
                media = await store.pcm.find("key") or await publish(store, "key")
                for _ in range(3):
                    await asyncio.sleep(0)
                    assert size(media.tracks[0].path) == FOLDER_BYTES
                found += 1
        return found

    async def sweep(store: Store, done: asyncio.Event) -> int:
        swept = 0
        while not done.is_set():
            swept += bool(await store.pcm.sweep(0))
        return swept

    async def main() -> None:
        async with opened(data_dir) as one, opened(data_dir) as two:
            done = asyncio.Event()
            sweeping = asyncio.ensure_future(sweep(two, done))
            try:
                assert await use(one, 40) == 40
            finally:
                done.set()
            assert await sweeping > 0

    asyncio.run(main())


def test_a_missing_folder_is_no_obstacle(data_dir: Path) -> None:
    async def main() -> None:
        async with opened(data_dir) as store:
            assert await store.pcm.sweep(0) == 0
            await publish(store, "key")
            await asyncio.to_thread(shutil.rmtree, data_dir / "pcm")
            assert await store.pcm.find("key") is None
            await publish(store, "key")

    asyncio.run(main())

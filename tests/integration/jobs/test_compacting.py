"""Compact copies take the place of recordings that tasks are done with, and lose nothing on the way."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from parley.engines.media.pyav import PyavEngine
from parley.errors import DiskFull, EngineFailed, UnitPoisoned
from parley.jobs.compacting import LAST, TRIES, engines_of
from parley.speech.media import DecodeOptions
from parley.storage.recording_rows import KeepMedia
from parley.storage.space import bytes_reserved
from tests.integration.jobs.copying import PLENTY, STEPS, Copying, copying
from tests.integration.jobs.scene import PROFILE, until
from tests.integration.jobs.scripted_desk import memory_folder, rows

ROOT = Path(__file__).parents[3]


@pytest.fixture
def data_dir() -> Iterator[Path]:
    with memory_folder() as folder:
        yield Path(folder).resolve() / "data"


@pytest.fixture
def talk(audio: Path) -> bytes:
    return (audio / "formats" / "speechbrain_example5.wav").read_bytes()


@pytest.fixture
def other(audio: Path) -> bytes:
    return (audio / "formats" / "speechbrain_example6.wav").read_bytes()


def run(data_dir: Path, test: Callable[[Copying], Coroutine[Any, Any, None]], **how: Any) -> None:
    async def main() -> None:
        async with asyncio.timeout(60), copying(data_dir, **how) as scene:
            await test(scene)

    asyncio.run(main())


async def sweep(scene: Copying, keep: KeepMedia = KeepMedia.COMPACT, disk_bytes: int = PLENTY) -> None:
    await scene.store.recordings.sweep(keep_media=keep, disk_bytes=disk_bytes)


def test_the_copy_takes_the_place_of_the_original(data_dir: Path, talk: bytes, tmp_path: Path) -> None:
    async def test(scene: Copying) -> None:
        recording, _ = await scene.bring(talk, "completed")
        assert await scene.store.recordings.playable(recording.sha256) == recording.path
        await scene.compacting.catch_up()
        assert scene.files() == {f"{recording.sha256}.ogg"}
        copy = await scene.store.recordings.playable(recording.sha256)
        assert copy is not None
        assert copy.stat().st_size < len(talk) / 4
        heard = PyavEngine().decode(copy, tmp_path, DecodeOptions(), lambda seconds: None)
        assert heard.codec == "opus"
        assert heard.duration == pytest.approx(3.62, abs=0.1)
        reserved = await scene.store._database.read(bytes_reserved)
        assert reserved == copy.stat().st_size, "the disk bound knows the copy"
        await scene.compacting.catch_up()
        await sweep(scene)
        assert scene.files() == {f"{recording.sha256}.ogg"}
        assert [priority for _, priority in scene.fleet.asked] == [LAST]

    run(data_dir, test)


def test_an_original_stays_while_a_task_needs_it_and_the_copy_while_one_is_remembered(
    data_dir: Path, talk: bytes
) -> None:
    async def test(scene: Copying) -> None:
        recording, tasks = await scene.bring(talk, "completed", "pending")
        both = {recording.sha256, f"{recording.sha256}.ogg"}
        await scene.compacting.catch_up()
        await sweep(scene)
        assert scene.files() == both
        assert await scene.store.recordings.playable(recording.sha256) == recording.path
        await scene.store.tasks.move([tasks[1]], "processing")
        await sweep(scene)
        assert scene.files() == both
        await scene.store.tasks.move([tasks[1]], "failed")
        await sweep(scene)
        assert scene.files() == {f"{recording.sha256}.ogg"}
        for task_id, left in zip(tasks, (1, 0), strict=True):
            await scene.store.tasks.move([task_id], "expired")
            await sweep(scene)
            assert len(scene.files()) == left

    run(data_dir, test)


def test_the_recording_sent_again_serves_the_next_task_and_goes_again(data_dir: Path, talk: bytes) -> None:
    async def test(scene: Copying) -> None:
        recording, _ = await scene.bring(talk, "completed")
        await scene.compacting.catch_up()
        again, [task] = await scene.bring(talk, "pending")
        await sweep(scene)
        assert again.path.read_bytes() == talk
        await scene.store.tasks.move([task], "completed")
        await scene.compacting.catch_up()
        assert scene.files() == {f"{recording.sha256}.ogg"}
        assert len(scene.fleet.asked) == 1, "the copy that is there is good enough"

    run(data_dir, test)


def test_what_has_no_copy_stays_as_it_came(data_dir: Path, talk: bytes) -> None:
    async def test(scene: Copying) -> None:
        kept = []
        for content, errors in ((os.urandom(20_000), []), (talk, [UnitPoisoned("x")])):
            kept.append((await scene.bring(content, "completed"))[0].sha256)
            scene.fleet.errors = errors
            await scene.compacting.catch_up()
            await sweep(scene)
        kept.append((await scene.bring(talk + b"and a failed task", "failed"))[0].sha256)
        asked = len(scene.fleet.asked)
        await scene.compacting.catch_up()
        assert len(scene.fleet.asked) == asked, "what is known to be in vain is not tried again"
        await sweep(scene)
        assert scene.files() == set(kept)
        await sweep(scene, KeepMedia.NONE)
        assert scene.files() == set()

    run(data_dir, test)


def test_what_may_pass_is_tried_again_but_not_for_ever(data_dir: Path, talk: bytes, other: bytes) -> None:
    async def test(scene: Copying) -> None:
        bad, _ = await scene.bring(talk, "completed")
        scene.fleet.errors = [EngineFailed("x") for _ in range(TRIES)]
        for number in range(1, TRIES + 2):
            await scene.compacting.catch_up()
            assert len(scene.fleet.asked) == min(number, TRIES)
        assert scene.files() == {bad.sha256}
        good, _ = await scene.bring(other, "completed")
        await scene.compacting.catch_up()
        assert scene.files() == {bad.sha256, f"{good.sha256}.ogg"}
        assert rows(data_dir, "SELECT compact_bytes FROM recordings WHERE present") == [(0,)]

    run(data_dir, test)


def test_a_full_disk_is_waited_for(data_dir: Path, talk: bytes, other: bytes) -> None:
    async def test(scene: Copying) -> None:
        for content in (talk, other):
            await scene.bring(content, "completed")
        originals = scene.files()
        scene.fleet.errors = [DiskFull("x")]
        with pytest.raises(DiskFull):
            await scene.compacting.catch_up()
        assert scene.files() == originals, "nothing is left of the copy"
        scene.fleet.errors = [DiskFull("x")]
        running = asyncio.create_task(scene.compacting.run())
        await until(lambda: scene.files() == {f"{name}.ogg" for name in originals})
        running.cancel()

    run(data_dir, test)


def test_run_hears_of_tasks_that_end(data_dir: Path, talk: bytes) -> None:
    async def test(scene: Copying) -> None:
        scene.compacting._every_s = 3600
        running = asyncio.create_task(scene.compacting.run())
        await asyncio.sleep(0.1)
        recording, _ = await scene.bring(talk, "completed")
        scene.compacting.wake()
        await until(lambda: scene.files() == {f"{recording.sha256}.ogg"})
        running.cancel()

    run(data_dir, test)


def test_an_engine_without_the_ability(data_dir: Path, talk: bytes) -> None:
    async def test(scene: Copying) -> None:
        recording, _ = await scene.bring(talk, "completed")
        await scene.compacting.run()
        await sweep(scene)
        assert scene.files() == {recording.sha256}
        assert not scene.fleet.asked
        await sweep(scene, KeepMedia.NONE)
        assert scene.files() == set()

    assert engines_of({"test": PROFILE}) == {}
    run(data_dir, test, profile=PROFILE)


def test_a_profile_that_is_gone(data_dir: Path, talk: bytes) -> None:
    async def test(scene: Copying) -> None:
        recording, _ = await scene.bring(talk)
        await scene.refer(recording, "completed", "forgotten")
        await scene.compacting.catch_up()
        assert scene.files() == {recording.sha256}

    run(data_dir, test)


def test_forgotten_while_it_is_copied(data_dir: Path, talk: bytes) -> None:
    async def test(scene: Copying) -> None:
        recording, [task] = await scene.bring(talk, "completed")
        scene.fleet.gate = asyncio.Event()
        copy = asyncio.create_task(scene.compacting.catch_up())
        await until(lambda: scene.fleet.asked)
        await scene.store.tasks.move([task], "expired")
        scene.fleet.gate.set()
        await copy
        assert scene.files() == {recording.sha256}
        await sweep(scene)
        assert scene.files() == set()

    run(data_dir, test)


def test_sweeping_leaves_a_copy_in_the_making_alone(data_dir: Path, talk: bytes) -> None:
    async def test(scene: Copying) -> None:
        async with scene.store.recordings.copies.writing() as part:
            await scene.bring(talk)
            part.write_bytes(b"half")
            await sweep(scene)
            assert scene.files() == {part.name}
        assert scene.files() == set()

    run(data_dir, test)


def test_other_settings(data_dir: Path, talk: bytes) -> None:
    async def test(scene: Copying) -> None:
        recording, _ = await scene.bring(talk, "completed")
        await scene.compacting.catch_up()
        await sweep(scene, KeepMedia.ORIGINAL)
        assert scene.files() == {f"{recording.sha256}.ogg"}, "it is all there is to hear"
        await sweep(scene, KeepMedia.NONE)
        assert scene.files() == set()
        assert rows(data_dir, "SELECT present, compact_bytes FROM recordings") == [(0, None)]

    run(data_dir, test)


def test_copies_make_room_too(data_dir: Path, talk: bytes, other: bytes) -> None:
    async def test(scene: Copying) -> None:
        kept = [(await scene.bring(content, "completed"))[0] for content in (talk, other)]
        await scene.compacting.catch_up()
        sizes = {path.name: path.stat().st_size for path in (data_dir / "recordings").iterdir()}
        await scene.store.recordings.mark_used(kept[0].sha256)
        await sweep(scene, disk_bytes=sum(sizes.values()) - 1)
        assert scene.files() == {f"{kept[0].sha256}.ogg"}
        assert not await scene.store.recordings.make_room(PLENTY, 100)
        assert scene.files() == set()

    run(data_dir, test)


def test_rows_and_copies_that_lost_each_other_agree_again(data_dir: Path, talk: bytes, other: bytes) -> None:
    async def test(scene: Copying) -> None:
        lost, _ = await scene.bring(talk, "completed", "pending")
        await scene.compacting.catch_up()
        scene.store.recordings.copies.path(lost.sha256).unlink()
        stranger, _ = await scene.bring(other, "pending")
        scene.store.recordings.copies.path(stranger.sha256).write_bytes(b"whose is this?")
        await sweep(scene)
        assert scene.files() == {lost.sha256, stranger.sha256}
        await scene.compacting.catch_up()
        assert scene.files() == {lost.sha256, f"{lost.sha256}.ogg", stranger.sha256}

    run(data_dir, test)


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
@pytest.mark.parametrize("sweeps", [0, 2])
@pytest.mark.parametrize("step", STEPS)
def test_killed(step: str, sweeps: int, data_dir: Path, audio: Path) -> None:
    source = audio / "formats" / "speechbrain_example5.wav"
    command = [sys.executable, "-m", "tests.integration.jobs.copying", str(data_dir), step, str(source)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == -9, done.stderr

    async def test(scene: Copying) -> None:
        [(sha256,)] = rows(data_dir, "SELECT sha256 FROM recordings")
        for _ in range(sweeps):
            await sweep(scene)
        playable = await scene.store.recordings.playable(str(sha256))
        assert playable is not None, "there is something to hear at any time"
        if playable.suffix == "":
            assert playable.read_bytes() == source.read_bytes()
        await scene.compacting.catch_up()
        await sweep(scene)
        assert scene.files() == {f"{sha256}.ogg"}

    run(data_dir, test)

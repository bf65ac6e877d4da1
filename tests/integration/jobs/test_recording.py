"""The audio of a live session becomes a recording's task."""

from __future__ import annotations

import asyncio
import io
import random
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest

from parley.app import recording as module
from parley.app.recording import UploadRecorder, wav_head
from parley.errors import DiskBudgetSpent, FleetClosed, TooManySessions
from parley.jobs.reception import ReceptionOptions
from parley.live.options import LiveWish
from parley.storage import upload_files
from tests.integration.fleet.scenario import until
from tests.integration.jobs.scripted_desk import ScriptedDesk, files, memory_folder, reception_of, rows

MIB = 1024 * 1024
RATE_HZ = 16000


@pytest.fixture
def data_dir() -> Iterator[Path]:
    with memory_folder() as folder:
        yield Path(folder).resolve() / "data"


@pytest.fixture
def desk() -> ScriptedDesk:
    return ScriptedDesk()


def noise(seconds: float) -> bytes:
    return random.Random(7).randbytes(2 * round(seconds * RATE_HZ))


def nothing_left(data_dir: Path) -> bool:
    return not rows(data_dir, "SELECT id FROM uploads") and not files(data_dir, "uploads")


def heard(path: Path) -> tuple[int, int, int, bytes]:
    with wave.open(io.BytesIO(path.read_bytes())) as file:
        return (
            file.getframerate(),
            file.getnchannels(),
            file.getsampwidth(),
            file.readframes(file.getnframes()),
        )


def test_all_that_was_written_is_in_a_file_that_players_can_play(data_dir: Path, desk: ScriptedDesk) -> None:
    # More than is written to the disk at once, and than is hashed at once.
    said, generator = noise(180.0), random.Random(3)

    async def main() -> None:
        async with reception_of(data_dir, desk) as reception:
            recorder = UploadRecorder(reception, "embedded", 100 * MIB)
            recording = await recorder.open("alice", LiveWish(language="en", hotwords=(("Parley", 1.0),)))
            at = 0
            while at < len(said):
                size = 2 * generator.randrange(1, 20_000)
                await recording.write(said[at : at + size])
                at += size
            task_id = await recording.finish()
            await recording.abandon()  # Harmless after the end.
            await recorder.close()
        assert task_id is not None
        task, kept = desk.tasks[task_id], desk.recordings[task_id]
        assert task.user == "alice"
        assert heard(kept.path) == (RATE_HZ, 1, 2, said)
        assert nothing_left(data_dir)

    asyncio.run(main())


def test_the_digests_are_those_of_the_file_as_it_is_in_the_end(data_dir: Path, desk: ScriptedDesk) -> None:
    import hashlib

    async def main() -> None:
        async with reception_of(data_dir, desk) as reception:
            recorder = UploadRecorder(reception, "embedded", 100 * MIB)
            recording = await recorder.open("alice", LiveWish())
            for _ in range(10):
                await recording.write(noise(30.0))
            task_id = await recording.finish()
        kept = desk.recordings[str(task_id)]
        content = kept.path.read_bytes()
        assert kept.sha256 == hashlib.sha256(content).hexdigest()
        assert kept.md5 == hashlib.md5(content).hexdigest()

    asyncio.run(main())


def test_a_recording_into_which_nothing_was_said_is_no_task(data_dir: Path, desk: ScriptedDesk) -> None:
    async def main() -> None:
        async with reception_of(data_dir, desk) as reception:
            recorder = UploadRecorder(reception, "embedded", 100 * MIB)
            recording = await recorder.open("alice", LiveWish())
            await recording.write(b"")
            assert await recording.finish() is None
        assert desk.tasks == {}
        assert nothing_left(data_dir)

    asyncio.run(main())


def test_what_is_abandoned_leaves_nothing(data_dir: Path, desk: ScriptedDesk) -> None:
    async def main() -> None:
        async with reception_of(data_dir, desk) as reception:
            recorder = UploadRecorder(reception, "embedded", 100 * MIB)
            recording = await recorder.open("alice", LiveWish())
            await recording.write(noise(60.0))
            await recording.abandon()
            await recording.write(noise(1.0))
            assert nothing_left(data_dir)
            # And what nobody ends is abandoned with the house.
            await (await recorder.open("alice", LiveWish())).write(noise(1.0))
            await recorder.close()
        assert desk.tasks == {}
        assert nothing_left(data_dir)

    asyncio.run(main())


def test_one_that_is_as_large_as_a_file_may_be_ends_there(data_dir: Path, desk: ScriptedDesk) -> None:
    async def main() -> None:
        async with reception_of(data_dir, desk, ReceptionOptions(max_file_bytes=MIB)) as reception:
            recorder = UploadRecorder(reception, "embedded", MIB)
            recording = await recorder.open("alice", LiveWish())
            for _ in range(20):
                await recording.write(noise(4.0))
            task_id = await recording.finish()
        kept = desk.recordings[str(task_id)]
        assert kept.size_bytes == MIB
        assert len(heard(kept.path)[3]) == MIB - 44

    asyncio.run(main())


def test_a_full_queue_is_asked_again_until_it_has_room(
    data_dir: Path, desk: ScriptedDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LONGEST_WAIT_S", 0.01)

    async def main() -> None:
        desk.is_full = True
        async with reception_of(data_dir, desk) as reception:
            recorder = UploadRecorder(reception, "embedded", 100 * MIB)
            recording = await recorder.open("alice", LiveWish())
            await recording.write(noise(1.0))
            task_id = await recording.finish()
            await until(lambda: desk.admissions >= 3, 30)
            desk.is_full = False
            await until(lambda: task_id in desk.tasks, 30)
            await recorder.close()
        assert nothing_left(data_dir)

    asyncio.run(main())


def test_no_place_for_it_is_known_at_once(data_dir: Path, desk: ScriptedDesk) -> None:
    async def main() -> None:
        async with reception_of(data_dir, desk, ReceptionOptions(max_open_per_user=1)) as reception:
            recorder = UploadRecorder(reception, "embedded", 100 * MIB)
            first = await recorder.open("alice", LiveWish())
            with pytest.raises(TooManySessions):
                await recorder.open("alice", LiveWish())
            await first.abandon()
            await (await recorder.open("alice", LiveWish())).abandon()

    asyncio.run(main())


def test_a_disk_that_fills_up_is_told_at_the_end_and_stops_nobody(
    data_dir: Path, desk: ScriptedDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from parley.jobs import streams

    monkeypatch.setattr(streams, "_RESERVE_BYTES", MIB)

    async def main() -> None:
        async with reception_of(data_dir, desk, ReceptionOptions(disk_bytes=4 * MIB)) as reception:
            recorder = UploadRecorder(reception, "embedded", 100 * MIB)
            recording = await recorder.open("alice", LiveWish())
            for _ in range(20):
                await recording.write(noise(16.0))
            with pytest.raises(DiskBudgetSpent):
                await recording.finish()
        assert nothing_left(data_dir)

    asyncio.run(main())


def test_a_slow_disk_makes_the_session_wait_and_not_the_memory_grow(
    data_dir: Path, desk: ScriptedDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    import threading

    gate = threading.Event()
    write_at = upload_files.write_at

    def slow(path: Path, offset: int, data: bytes | bytearray | memoryview) -> None:
        gate.wait(30)
        write_at(path, offset, data)

    monkeypatch.setattr(upload_files, "write_at", slow)

    async def main() -> None:
        async with reception_of(data_dir, desk) as reception:
            recorder = UploadRecorder(reception, "embedded", 100 * MIB)
            recording = await recorder.open("alice", LiveWish())
            written = 0

            async def session() -> None:
                nonlocal written
                for _ in range(12):
                    await recording.write(noise(16.0))
                    written += len(noise(16.0))

            speaking = asyncio.create_task(session())
            await asyncio.sleep(0.3)
            assert not speaking.done()
            assert written <= 4 * module.PENDING_BYTES
            gate.set()
            await speaking
            kept = desk.recordings[str(await recording.finish())]
        assert heard(kept.path)[3] == 12 * noise(16.0)

    asyncio.run(main())


def test_a_house_that_closes_while_one_is_finished_says_so(data_dir: Path, desk: ScriptedDesk) -> None:
    async def main() -> None:
        desk.admitting = asyncio.Event()
        async with reception_of(data_dir, desk) as reception:
            recorder = UploadRecorder(reception, "embedded", 100 * MIB)
            recording = await recorder.open("alice", LiveWish())
            await recording.write(noise(1.0))
            finishing = asyncio.create_task(recording.finish())
            await until(lambda: desk.admissions > 0, 30)
            await recorder.close()
            with pytest.raises(FleetClosed):
                await finishing
            desk.admitting.set()

    asyncio.run(main())


def test_a_file_beyond_the_numbers_of_the_format_says_the_largest() -> None:
    head = wav_head(5 * 1024**3, RATE_HZ)
    assert head[4:8] == head[40:44] == b"\xff" * 4
    with wave.open(io.BytesIO(wav_head(44 + 6, 8000) + b"\0" * 6)) as file:
        assert (file.getnframes(), file.getframerate()) == (3, 8000)

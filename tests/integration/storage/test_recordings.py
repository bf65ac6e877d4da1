"""Recordings stay for as long as somebody may need them, and no longer."""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from parley.storage.recording_rows import KeepMedia
from parley.storage.recordings import BytesLost, StoredRecording
from parley.storage.store import Store
from parley.storage.tasks import StoredTask
from tests.integration.jobs.scripted_desk import ALICE, ScriptedDesk, reception_of, send
from tests.integration.storage.actor import NO_LIMITS, record_of
from tests.integration.storage.test_leases import opened

PLENTY = 10**12


def names(data_dir: Path) -> set[str]:
    return {path.name for path in (data_dir / "recordings").glob("*")}


def present(data_dir: Path) -> set[str]:
    with closing(sqlite3.connect(data_dir / "parley.db")) as connection:
        found = connection.execute("SELECT sha256 FROM recordings WHERE present").fetchall()
    return {name for (name,) in found}


async def bring(store: Store, content: bytes, *, used_at: float | None = None) -> StoredRecording:
    """A recording that nobody refers to."""
    sha256 = hashlib.sha256(content).hexdigest()
    recording = StoredRecording(
        sha256=sha256,
        md5=hashlib.md5(content).hexdigest(),
        size_bytes=len(content),
        path=store.recordings.path(sha256),
    )
    record = record_of(len(content), 1)
    await store.uploads.add(record, NO_LIMITS)
    part = store.uploads.path(record.id)
    part.write_bytes(content)
    assert await store.recordings.take(part, recording, "alice") == recording
    assert not part.exists()
    await store.uploads.remove(record.id)
    if used_at is not None:
        change(store, "UPDATE recordings SET used_at = ? WHERE sha256 = ?", used_at, sha256)
    return recording


async def refer(store: Store, recording: StoredRecording, state: str) -> str:
    """A task of a recording."""
    task_id = str(uuid4())
    task: dict[str, Any] = {
        "id": task_id, "user": "alice", "state": state, "turn": 0, "work": "work", "sha256": recording.sha256,
        "md5": recording.md5, "size_bytes": recording.size_bytes, "file_name": "talk.wav", "profile": "x",
        "output_format": "json", "order": b"{}", "created_at": time.time(),
    }  # fmt: skip
    await store.tasks.add(StoredTask(**task))
    return task_id


def change(store: Store, statement: str, *values: object) -> None:
    root = store.recordings.path("0" * 64).parents[1]
    with closing(sqlite3.connect(root / "parley.db")) as connection, connection:
        assert connection.execute(statement, values).rowcount == 1


@pytest.mark.parametrize(
    ("state", "keep_media", "stays"),
    [
        ("pending", "none", True),
        ("processing", "none", True),
        ("completed", "none", False),
        ("completed", "original", True),
        ("cancelled", "original", True),
        ("failed", "none", False),
        ("expired", "original", False),
        (None, "original", False),
        ("pending", "compact", True),
        ("completed", "compact", True),
        ("expired", "compact", False),
    ],
)
def test_who_keeps_a_recording(data_dir: Path, state: str | None, keep_media: str, stays: bool) -> None:
    async def main() -> None:
        async with opened(data_dir) as store:
            recording = await bring(store, b"talk")
            if state is not None:
                await refer(store, recording, state)
            await store.recordings.sweep(keep_media=KeepMedia(keep_media), disk_bytes=PLENTY)
            assert names(data_dir) == present(data_dir) == ({recording.sha256} if stays else set())
            assert await store.recordings.get(recording.sha256) == recording, "what it was is still known"

    asyncio.run(main())


def test_of_several_tasks_the_last_one_counts(data_dir: Path) -> None:
    async def main() -> None:
        async with opened(data_dir) as store:
            recording = await bring(store, b"talk")
            tasks = [await refer(store, recording, "pending") for _ in range(2)]
            for task_id in tasks:
                assert names(data_dir)
                await store.tasks.move([task_id], "completed")
                await store.recordings.sweep(keep_media=KeepMedia.NONE, disk_bytes=PLENTY)
            assert not names(data_dir)

    asyncio.run(main())


def test_an_upload_that_waits_keeps_its_recording(data_dir: Path) -> None:
    async def main() -> None:
        async with opened(data_dir) as store:
            recording = await bring(store, b"talk")
            record = record_of(4, 1, sha256=recording.sha256, md5=recording.md5)
            await store.uploads.add(record, NO_LIMITS)
            await store.recordings.sweep(keep_media=KeepMedia.NONE, disk_bytes=0)
            assert names(data_dir) == {recording.sha256}
            await store.uploads.remove(record.id)
            await store.recordings.sweep(keep_media=KeepMedia.NONE, disk_bytes=PLENTY)
            assert not names(data_dir)

    asyncio.run(main())


def test_too_much_is_cut_from_the_least_recently_used(data_dir: Path) -> None:
    async def main() -> None:
        async with opened(data_dir) as store:
            contents = [bytes([number]) * 100 for number in range(4)]
            kept = [await bring(store, content, used_at=number) for number, content in enumerate(contents)]
            for recording, state in zip(
                kept, ("pending", "completed", "completed", "completed"), strict=True
            ):
                await refer(store, recording, state)
            await store.recordings.mark_used(kept[1].sha256)
            await store.recordings.sweep(keep_media=KeepMedia.ORIGINAL, disk_bytes=300)
            assert names(data_dir) == {kept[0].sha256, kept[1].sha256, kept[3].sha256}
            assert await store.recordings.make_room(100, 300)
            assert names(data_dir) == {kept[0].sha256, kept[1].sha256}
            assert not await store.recordings.make_room(201, 300)
            assert names(data_dir) == present(data_dir) == {kept[0].sha256}

    asyncio.run(main())


def test_rows_and_files_that_lost_each_other_agree_again(data_dir: Path) -> None:
    async def main() -> None:
        async with opened(data_dir) as store:
            good, lost = await bring(store, b"good"), await bring(store, b"lost")
            for recording in (good, lost):
                await refer(store, recording, "completed")
            lost.path.unlink()
            orphan = store.recordings.path("a" * 64)
            leftover = orphan.with_name(".gone-0123456789abcdef")
            stranger = orphan.with_name("notes")
            for path in (orphan, leftover, stranger):
                path.write_bytes(b"bytes")
            for _ in range(2):
                await store.recordings.sweep(keep_media=KeepMedia.ORIGINAL, disk_bytes=PLENTY)
            assert names(data_dir) == {good.sha256, "notes"}
            assert present(data_dir) == {good.sha256}
            assert await bring(store, b"lost") == lost
            assert present(data_dir) == {good.sha256, lost.sha256}

    asyncio.run(main())


def test_taking_what_is_in_neither_place(data_dir: Path) -> None:
    async def main() -> None:
        async with opened(data_dir) as store:
            recording = await bring(store, b"talk")
            nowhere = data_dir / "uploads" / "nothing.part"
            assert await store.recordings.take(nowhere, recording, "bob") == recording, "it is here already"
            recording.path.unlink()
            with pytest.raises(BytesLost):
                await store.recordings.take(nowhere, recording, "bob")

    asyncio.run(main())


def test_a_damaged_file_is_replaced_by_a_good_one(data_dir: Path) -> None:
    async def main() -> None:
        async with opened(data_dir) as store:
            recording = await bring(store, b"talk")
            recording.path.write_bytes(b"ta")
            await bring(store, b"talk")
            assert recording.path.read_bytes() == b"talk"

    asyncio.run(main())


def test_removing_and_admitting_do_not_cross(data_dir: Path) -> None:
    """The same content is sent, finished with and swept away, all at the same time."""
    desk = ScriptedDesk()

    async def main() -> None:
        async with reception_of(data_dir, desk) as reception:
            assert desk.store is not None
            recordings = desk.store.recordings
            done = asyncio.Event()

            async def sweep() -> None:
                while not done.is_set():
                    await recordings.sweep(keep_media=KeepMedia.NONE, disk_bytes=PLENTY)

            async def use() -> None:
                for _ in range(8):
                    task_id = await send(reception, ALICE, b"the same talk", 5)
                    await reception.finish(ALICE, task_id)
                    assert desk.recordings[task_id].path.read_bytes() == b"the same talk"
                    await desk.end(task_id)

            sweeping = asyncio.gather(sweep(), sweep())
            await asyncio.gather(*(use() for _ in range(4)))
            done.set()
            await sweeping
            await recordings.sweep(keep_media=KeepMedia.NONE, disk_bytes=PLENTY)
            assert not names(data_dir)

    asyncio.run(main())
    assert len(desk.tasks) == 32

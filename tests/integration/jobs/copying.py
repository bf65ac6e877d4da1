"""A store with real recordings in it, a fleet that makes real copies in a thread, and a server that is
killed while it makes one: `python -m ...copying DATA_DIR STEP SOURCE`.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import msgspec

from parley.batch.wish import HouseLimits
from parley.engines.contract import Role
from parley.engines.media.pyav import PyavEngine
from parley.engines.profiles import Profile
from parley.fleet.fleet import Answer, Fleet
from parley.jobs.compacting import Compacting
from parley.jobs.task import Order
from parley.storage import compact_copies
from parley.storage.compact_copies import CompactCopies
from parley.storage.recordings import StoredRecording
from parley.storage.store import Store
from parley.storage.tasks import StoredTask
from parley.wire import frames
from tests.integration.jobs.scene import PROFILE
from tests.integration.storage.test_recordings import bring

ABLE = Profile("test", PROFILE.engines | {Role.MEDIA: replace(PROFILE.engines[Role.MEDIA], compacts=True)})
PLENTY = 10**12


@dataclass
class CopyingFleet:
    """Makes copies; before that, raises the next of `errors` or waits for `gate`."""

    errors: list[Exception] = field(default_factory=list)
    gate: asyncio.Event | None = None
    asked: list[tuple[frames.CompactMedia, int]] = field(default_factory=list)

    async def call(
        self, engine: str, request: Any, audio_s: float, on_progress: Any = None, priority: int = 0
    ) -> Answer:
        assert engine == "media"
        self.asked.append((request, priority))
        if self.errors:
            _begin(request)
            raise self.errors.pop(0)
        if self.gate is not None:
            await self.gate.wait()
        copy = await asyncio.to_thread(_compact, request)
        return Answer(reply=copy, cpu_s=0.1, worker_pid=1, attempts=1)


def _begin(request: frames.CompactMedia) -> None:
    Path(request.target).write_bytes(b"half a copy")


def _compact(request: frames.CompactMedia) -> frames.Compacted:
    source, target = Path(os.fsdecode(request.source)), Path(request.target)
    copy = PyavEngine().compact(source, target, request.options, request.max_bytes, lambda seconds: None)
    return frames.Compacted(duration=copy.duration, size_bytes=copy.size_bytes)


@dataclass
class Copying:
    """One store, and who makes copies in it."""

    store: Store
    fleet: CopyingFleet
    compacting: Compacting
    data_dir: Path

    async def bring(self, content: bytes, *states: str) -> tuple[StoredRecording, list[str]]:
        """A recording and tasks of it."""
        recording = await bring(self.store, content)
        return recording, [await self.refer(recording, state) for state in states]

    async def refer(self, recording: StoredRecording, state: str, profile: str = "test") -> str:
        task_id = str(uuid4())
        order = msgspec.json.encode(Order(file_name="talk.wav", profile=profile))
        row = StoredTask(
            id=task_id, user="ann", state=state, turn=0, work="work", sha256=recording.sha256,
            md5=recording.md5, size_bytes=recording.size_bytes, file_name="talk.wav", profile=profile,
            output_format="json", order=order, created_at=time.time(),
        )  # fmt: skip
        await self.store.tasks.add(row)
        return task_id

    def files(self) -> set[str]:
        return {path.name for path in (self.data_dir / "recordings").glob("*")}


@asynccontextmanager
async def copying(data_dir: Path, profile: Profile = ABLE) -> AsyncIterator[Copying]:
    store = await Store.open(data_dir)
    fleet = CopyingFleet()
    compacting = Compacting(store, cast(Fleet, fleet), {"test": profile}, HouseLimits(), every_s=0.05)
    try:
        yield Copying(store, fleet, compacting, data_dir)
    finally:
        await store.close()


def die(*_: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def die_async(*_: Any) -> None:
    die()


def _die_half_way(request: frames.CompactMedia) -> None:
    _begin(request)
    die()


_adopt = CompactCopies.adopt


async def _adopt_and_die(self: CompactCopies, *arguments: Any) -> None:
    assert await _adopt(self, *arguments)
    die()


STEPS: dict[str, tuple[Any, str, Any]] = {
    "while the copy is written": (sys.modules[__name__], "_compact", _die_half_way),
    "before the copy is moved": (CompactCopies, "adopt", die_async),
    "between the move and its commit": (compact_copies, "mark_copy", die),
    "before the original goes": (CompactCopies, "adopt", _adopt_and_die),
}


async def main(data_dir: Path, step: str, content: bytes) -> None:
    owner, name, deed = STEPS[step]
    async with copying(data_dir) as scene:
        await scene.bring(content, "completed")
        setattr(owner, name, deed)
        await scene.compacting.catch_up()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]).read_bytes()))

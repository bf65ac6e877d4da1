"""A server that is killed at a chosen step of finishing an upload: `python -m ...dying DATA_DIR STEP`."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

from parley.jobs.upload import Acknowledgement
from parley.storage import recordings
from parley.storage.arrivals import Arrivals
from parley.storage.uploads import Uploads
from tests.integration.jobs.scripted_desk import ALICE, ScriptedDesk, reception_of, rows, send

TALK = b"a talk that must not be lost"


def die(*_: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def die_async(*_: Any) -> None:
    die()


class DyingDesk(ScriptedDesk):
    """Dies before or after it has made the task."""

    def __init__(self, step: str) -> None:
        super().__init__()
        self.step = step

    async def admit(self, *arguments: Any) -> Acknowledgement:
        if self.step == "before admission":
            die()
        await super().admit(*arguments)
        die()
        raise AssertionError


async def mark_and_die(self: Arrivals, *arguments: Any) -> None:
    await mark_whole(self, *arguments)
    die()


mark_whole = Arrivals.mark_whole
STEPS = {
    "before the row names the content": (Arrivals, "mark_whole", die_async),
    "after the row names the content": (Arrivals, "mark_whole", mark_and_die),
    "between the move and its commit": (recordings, "remember", die),
    "before admission": None,
    "after admission": None,
    "before the row goes": (Uploads, "remove", die_async),
}


async def main(data_dir: Path, step: str) -> None:
    target = STEPS[step]
    if target is not None:
        setattr(*target)
    desk = ScriptedDesk() if step == "before the row goes" else DyingDesk(step)
    async with reception_of(data_dir, desk) as reception:
        task_id = await send(reception, ALICE, TALK)
        while not await _is_noted(data_dir):  # noqa: ASYNC110 - a row, not an event
            await asyncio.sleep(0.01)
        print(task_id, flush=True)
        await reception.finish(ALICE, task_id)


async def _is_noted(data_dir: Path) -> bool:
    [(received,)] = rows(data_dir, "SELECT received FROM uploads")
    return received == b"\x7f"


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))

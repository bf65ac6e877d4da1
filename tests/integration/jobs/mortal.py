"""A process with a desk that waits to be killed: `python -m tests.integration.jobs.mortal FOLDER COMMAND`.

Every recognised unit leaves a line (content and second) in FOLDER/units.
"""

from __future__ import annotations

import asyncio
import sys
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from parley.batch.wish import Wish
from parley.fleet.fleet import Answer
from parley.jobs.task import Order
from parley.wire import frames
from tests.integration.jobs.scene import ANN, BOB, Scene, ScriptedFleet, opened

RUNNING = 3
CONTENTS = [f"recording {number}".encode() for number in range(12)]


@dataclass
class NotingFleet(ScriptedFleet):
    """Notes each unit when it is done; `each_s` makes it last."""

    notes: Path = Path()
    each_s: float = 0.05
    begun: dict[str, int] = field(default_factory=dict)

    async def call(self, engine: str, request: Any, *rest: Any, **more: Any) -> Answer:
        if isinstance(request, frames.Recognise):
            await asyncio.sleep(self.each_s)
            answer = await super().call(engine, request, *rest, **more)
            clip = request.stretches[0].clip
            mark = Path(clip.path).with_name("mark").read_text()
            with self.notes.open("a") as file:
                file.write(f"{mark} {clip.first}\n")
            return answer
        return await super().call(engine, request, *rest, **more)


def fleet_of(folder: Path, each_s: float = 0.05) -> NotingFleet:
    return NotingFleet(notes=folder / "units", each_s=each_s)


async def send_all(scene: Scene) -> list[str]:
    ids: list[str] = []
    for number, content in enumerate(CONTENTS):
        for who in (ANN, BOB)[: 2 if number == 1 else 1]:
            ids.append(str(uuid.UUID(int=100 * number + len(ids))))
            order = Order(file_name="a.wav", profile="test", wish=Wish(use_cache=number != 2))
            await scene.desk.admit(who, ids[-1], order, await scene.recording(content))
    return ids


async def main(folder: Path, command: str) -> None:
    async with opened(folder, fleet_of(folder), running=RUNNING) as scene:
        if command == "send":
            ids = await send_all(scene)
            (folder / "ids").write_text("\n".join(ids))
        if command == "cancel":
            ids = await send_all(scene)
            for task_id in ids[-3:]:
                await scene.desk.cancel(ANN, task_id)
            (folder / "ids").write_text("\n".join(ids))
        print("ready", flush=True)
        await asyncio.sleep(600)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))

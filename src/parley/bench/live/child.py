"""A `parley serve` of our own, with limits that are not in the way."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections import deque
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from parley.errors import WorkerError

START_S = 120.0
STOP_S = 60.0

_LISTENS = re.compile(r"listens on (https?://\S+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """Where it listens, and its process."""

    url: str
    pid: int


@asynccontextmanager
async def serving(folder: Path, settings: Mapping[str, str]) -> AsyncGenerator[Child]:
    """A server with a data folder of its own; `settings` are variables. Raises WorkerError."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "parley", "serve", "--host", "127.0.0.1", "--port", "0", "--no-auth"),
        stdin=DEVNULL,
        stdout=DEVNULL,
        stderr=PIPE,
        env={**os.environ, **settings, "PARLEY_DATA_DIR": str(folder)},
    )
    said: deque[str] = deque(maxlen=20)
    reading: asyncio.Task[None] | None = None
    try:
        url = await _listening(process, said)
        # A pipe that nobody empties would hold up whoever writes to it.
        reading = asyncio.create_task(_drain(process, said))
        yield Child(url=url, pid=process.pid)
    finally:
        await _stop(process)
        if reading is not None:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)


async def _listening(process: Process, said: deque[str]) -> str:
    try:
        async with asyncio.timeout(START_S):
            while line := await _line(process):
                said.append(line)
                if found := _LISTENS.search(line):
                    return found[1]
    except TimeoutError:
        raise WorkerError("The server did not begin to listen.", detail="\n".join(said)) from None
    reason = said[-1].strip().removeprefix("parley: ") if said else "it said nothing."
    raise WorkerError(f"The server ended at once: {reason}", detail="\n".join(said))


async def _drain(process: Process, said: deque[str]) -> None:
    while line := await _line(process):
        said.append(line)


async def _line(process: Process) -> str:
    if process.stderr is None:
        return ""
    try:
        return (await process.stderr.readline()).decode(errors="replace")
    except ValueError:
        return "\n"  # longer than a line may be; its rest follows


async def _stop(process: Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), STOP_S)
    except TimeoutError:
        process.kill()
        await process.wait()

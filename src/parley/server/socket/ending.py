"""Why a line with a session ends, and which of its courses is the first to say so."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from enum import Enum, auto
from typing import Any


class Ending(Enum):
    """Why a line ends, errors apart."""

    LOST = auto()
    """Nobody is there any more."""
    OVER = auto()
    """The last event was told; it may not have arrived."""
    WANTED = auto()
    """The client has another line, and wants the session there."""
    TAKEN = auto()
    """The session tells another line already."""


MOVED = (Ending.WANTED, Ending.TAKEN)
"""Those after which the session goes on over another line."""


async def first_of(*courses: Coroutine[Any, Any, Ending]) -> Ending:
    """The outcome of the one that ends first, of several the one named first; the others are cancelled."""
    tasks = [asyncio.create_task(course) for course in courses]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return next(task for task in tasks if task in done).result()

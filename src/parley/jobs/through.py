"""Sees a change through, though whoever asked for it has gone."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

_T = TypeVar("_T")

_under_way: set[asyncio.Task[Any]] = set()
"""asyncio itself keeps no task alive."""


async def through(change: Coroutine[Any, Any, _T]) -> _T:
    """The result of a change in several steps; cancelling who waits for it does not stop it half-way."""
    task = asyncio.create_task(change)
    _under_way.add(task)
    task.add_done_callback(_ended)
    return await asyncio.shield(task)


def _ended(task: asyncio.Task[Any]) -> None:
    _under_way.discard(task)
    if not task.cancelled():
        # Nobody may be there any more to hear of an error.
        task.exception()

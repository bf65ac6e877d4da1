"""A thread for what may block for ever, such as a pipe that nobody closes."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar

_T = TypeVar("_T")


async def apart(work: Callable[[], _T]) -> _T:
    """Run it in a thread that neither the loop nor the process waits for when they end."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[_T] = loop.create_future()

    def settle(value: _T | None, error: BaseException | None) -> None:
        if not done.done():
            done.set_exception(error) if error else done.set_result(value)  # type: ignore[arg-type]

    def run() -> None:
        try:
            value, error = work(), None
        except Exception as problem:  # noqa: BLE001 - it is raised where it is waited for
            value, error = None, problem
        # The loop is closed when whoever waited has left.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, value, error)

    threading.Thread(target=run, name="parley-pipe", daemon=True).start()
    return await done

"""An event loop in a thread of its own, for callers that have none, or one that is busy (Jupyter)."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import AsyncGenerator, Coroutine, Generator
from contextlib import closing
from typing import Any, TypeVar

_T = TypeVar("_T")

_TICK_S = 0.5
"""Waits are cut into such pieces, so that Ctrl-C is heard on every system."""

_LEAVING_S = 10.0


class Portal:
    """Runs coroutines for other threads. The thread starts with the first one."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._is_closed = False

    def run(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Wait for a coroutine; it is cancelled when the waiting thread is interrupted."""
        try:
            loop = self._running()
        except RuntimeError:
            work.close()
            raise
        future = asyncio.run_coroutine_threadsafe(work, loop)
        try:
            while not future.done():
                concurrent.futures.wait([future], _TICK_S)
            return future.result()
        except BaseException:
            if not future.done():
                future.cancel()
            raise

    def iterate(self, events: AsyncGenerator[_T, None]) -> Generator[_T, None, None]:
        """An asynchronous iterator as a plain one; it is closed with it."""
        nothing = object()

        async def step() -> Any:
            return await anext(events, nothing)

        try:
            while (item := self.run(step())) is not nothing:
                yield item
        finally:
            self.run(_ended(events))

    def close(self) -> None:
        """Cancel what runs and end the thread; may be called twice."""
        with self._lock:
            self._is_closed = True
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is None or thread is None:
            return
        loop.call_soon_threadsafe(loop.stop)
        thread.join(_LEAVING_S)

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._is_closed:
                raise RuntimeError("the client is closed")
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(
                    target=_serve, args=(self._loop,), name="parley-client", daemon=True
                )
                self._thread.start()
            return self._loop


async def _ended(events: AsyncGenerator[Any, None]) -> None:
    await events.aclose()


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    with closing(loop):
        loop.run_forever()
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_asyncgens())

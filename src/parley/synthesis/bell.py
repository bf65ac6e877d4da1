"""Wakes everybody who waits for something to change."""

from __future__ import annotations

import asyncio


class Bell:
    """Who waits has found that nothing is there for him yet, and looks again whenever it rings."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def ring(self) -> None:
        """Something has changed."""
        rung, self._event = self._event, asyncio.Event()
        rung.set()

    async def wait(self, seconds: float | None = None) -> None:
        """Returns when it rings, or after so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                await self._event.wait()
        except TimeoutError:
            return

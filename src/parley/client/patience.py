"""How long failing is put up with."""

from __future__ import annotations

import asyncio
import random
import time

FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 10.0


class Patience:
    """Pauses that grow, until nothing has gone forward for `limit_s`."""

    def __init__(self, limit_s: float, longest_pause_s: float | None = None) -> None:
        self._limit_s = limit_s
        self._longest_s = longest_pause_s or LONGEST_PAUSE_S
        self.renew()

    def renew(self) -> None:
        """Something went forward."""
        self._ends: float | None = None
        self._pause_s = FIRST_PAUSE_S

    async def wait(self, reason: Exception, asked_s: float | None = None) -> None:
        """Wait before the next try, `asked_s` where the server said how long; raises `reason` once it
        is pointless.
        """
        now = time.monotonic()
        if self._ends is None:
            self._ends = now + self._limit_s
        if now >= self._ends:
            raise reason
        # Clients that lost the same server do not come back in step.
        pause_s = self._pause_s * random.uniform(0.5, 1.0) if asked_s is None else asked_s  # noqa: S311
        self._pause_s = min(self._pause_s * 2, self._longest_s)
        await asyncio.sleep(min(pause_s, self._ends - now))

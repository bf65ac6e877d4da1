"""Takes many clients a few at a time, so that a crowd does not hold up the event loop for everybody else."""

from __future__ import annotations

import asyncio
from collections import deque

TURNS_IN_A_ROUND = 3
"""Of the event loop. A handshake or a message takes about a millisecond, and a timer, or somebody
else's answer, waits for a whole round.
"""


class Turnstile:
    """First come, first served; at most one wait of each connection, so they bound its length."""

    def __init__(self) -> None:
        self._left = TURNS_IN_A_ROUND
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._is_turning = False

    async def turn(self) -> None:
        """Wait for a turn; none at all where there is no crowd."""
        loop = asyncio.get_running_loop()
        if not self._is_turning:
            self._is_turning = True
            loop.call_soon(self._next_round)
        if self._left > 0 and not self._waiting:
            self._left -= 1
            return
        mine: asyncio.Future[None] = loop.create_future()
        self._waiting.append(mine)
        await mine

    def _next_round(self) -> None:
        self._left = TURNS_IN_A_ROUND
        while self._waiting and self._left > 0:
            next_one = self._waiting.popleft()
            if not next_one.done():
                next_one.set_result(None)
                self._left -= 1
        self._is_turning = self._left < TURNS_IN_A_ROUND
        if self._is_turning:
            asyncio.get_running_loop().call_soon(self._next_round)

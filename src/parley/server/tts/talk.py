"""A line after its opening, and what is open on it."""

from __future__ import annotations

import asyncio

from parley.errors import AuthFailed
from parley.server.socket.entrance import Visitor
from parley.server.socket.refusing import close_code_of
from parley.server.tts.behind import Behind
from parley.server.tts.problems import problem_of
from parley.server.tts.requests import Requests
from parley.server.validity import REVOKED, Validity
from parley.wire.native.message import Data


class Talk:
    """One connection."""

    def __init__(self, behind: Behind, visitor: Visitor) -> None:
        self.behind = behind
        self.line = visitor.line
        self.client = visitor.client
        self.user = visitor.who.user
        self.requests = Requests(behind.options.max_waiting)
        self._validity = Validity(behind.authority, visitor.token)
        self._moved_at = _now()

    async def say(self, data: Data) -> None:
        """Tell the client."""
        await self.line.say(data)

    async def confirm(self) -> None:
        """Raise AuthFailed once a key that can be revoked was."""
        if not await self._validity.holds():
            raise AuthFailed(REVOKED)

    def move(self) -> None:
        """Something happened on the line."""
        self._moved_at = _now()

    @property
    def idle_left_s(self) -> float:
        """Seconds for which the line may still be idle."""
        idle_s = self.behind.options.idle_s
        return idle_s if len(self.requests) else self._moved_at + idle_s - _now()

    async def say_goodbye(self, problem: Exception | None) -> None:
        """The last words, where somebody may hear them."""
        if problem is not None:
            await self.say(problem_of(problem, fatal=True))
            await self.line.close(close_code_of(problem))


def _now() -> float:
    return asyncio.get_running_loop().time()

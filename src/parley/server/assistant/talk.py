"""A line after its opening, and the conversation that is on it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from parley.assistant.contract import AssistantSession
from parley.assistant.events import AssistantEvent
from parley.errors import AuthFailed, LineReplaced
from parley.server.assistant.ahead import Ahead
from parley.server.assistant.behind import Behind
from parley.server.assistant.problems import problem_of
from parley.server.assistant.telling import ready
from parley.server.assistant.wishing import wish_of
from parley.server.socket.ending import MOVED, Ending
from parley.server.socket.entrance import Visitor
from parley.server.socket.frames import CloseCode
from parley.server.socket.refusing import close_code_of
from parley.server.validity import REVOKED, Validity
from parley.wire.native.message import Data
from parley.wire.speech.assistant_client import AssistantStart


class Talk:
    """One connection."""

    def __init__(self, behind: Behind, visitor: Visitor) -> None:
        loop = asyncio.get_running_loop()
        self.behind = behind
        self.line = visitor.line
        self.client = visitor.client
        self.session: AssistantSession | None = None
        self.wanted_elsewhere = asyncio.Event()
        self.ahead = Ahead(behind.options.ahead_s, loop.time)
        self.has_news = asyncio.Event()
        self._token = ""
        self._user = visitor.who.user
        self._validity = Validity(behind.authority, visitor.token)
        self._is_free = asyncio.Event()
        self._opened: asyncio.Future[AsyncIterator[AssistantEvent]] = loop.create_future()

    @property
    def user(self) -> str:
        """Whose it is."""
        return self._user

    async def say(self, data: Data) -> None:
        """Tell the client."""
        await self.line.say(data)

    async def confirm(self) -> None:
        """Raise AuthFailed once a key that can be revoked was."""
        if not await self._validity.holds():
            raise AuthFailed(REVOKED)

    async def begin(self, start: AssistantStart) -> AssistantSession:
        """Open a conversation, or take the one that another line has lost, and say so."""
        session = self.session = await self._open(start)
        self._token = session.facts.resume_token
        self.behind.lines.hold(self._token, self)
        events = session.listen()
        await self.say(ready(session))
        self._opened.set_result(events)
        return session

    async def _open(self, start: AssistantStart) -> AssistantSession:
        room, token = self.behind.room, start.resume_token
        if token is None:
            return await room.open(self._user, wish_of(start))
        await self.behind.lines.free(token, self._user)
        return await room.resume(self._user, token)

    async def begin_anew(self) -> None:
        """Forget what was said; the conversation on this line is another one now."""
        session = self.required
        await session.reset()
        await self.say(ready(session))

    async def opened(self) -> AsyncIterator[AssistantEvent]:
        """What the conversation tells, once there is one."""
        return await asyncio.shield(self._opened)

    @property
    def required(self) -> AssistantSession:
        """The session that is known to be there."""
        if self.session is None:
            raise RuntimeError("a conversation that was open has gone")
        return self.session

    async def give_up(self) -> None:
        """Let go of the session; returns when nothing more is written to it."""
        self.wanted_elsewhere.set()
        await self._is_free.wait()

    async def part(self, ending: Ending | Exception) -> None:
        """The session is on this line no longer: it waits for its client, or is freed."""
        session = self.session
        if session is None:
            return
        try:
            if isinstance(ending, Exception) or ending is Ending.OVER:
                await session.close()
            elif ending is not Ending.TAKEN:
                await session.leave()
        finally:
            self.behind.lines.let_go(self._token, self)
            self._is_free.set()

    async def say_goodbye(self, ending: Ending | Exception) -> None:
        """The last words, where somebody may hear them."""
        problem = LineReplaced("The conversation goes on over another line.") if ending in MOVED else ending
        if isinstance(problem, Exception):
            await self.say(problem_of(problem, fatal=True))
            await self.line.close(close_code_of(problem))
        elif ending is Ending.OVER:
            await self.line.close(CloseCode.NORMAL)

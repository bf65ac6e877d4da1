"""One client's connection: what is said on it, what it follows, and the chunks on their way to the disk."""

from __future__ import annotations

import uuid

from parley.errors import AuthFailed
from parley.jobs.principal import Principal
from parley.jobs.upload import Acknowledgement, Full
from parley.server.native.answers import acknowledged
from parley.server.native.behind import Behind
from parley.server.native.following import Following
from parley.server.native.in_hand import InHand
from parley.server.native.refusals import About, told
from parley.server.native.tally import Tally
from parley.server.socket.line import Line, LineGone
from parley.server.validity import REVOKED, Validity
from parley.wire.native.message import Data
from parley.wire.native.server import Error


class Revoked(Exception):
    """The key this connection was opened with is no longer valid."""


class Conversation:
    """A connection after its opening. `client` is whom limits are counted for."""

    def __init__(self, behind: Behind, line: Line, who: Principal, client: str, token: str | None) -> None:
        self.id = uuid.uuid4().hex
        self.behind = behind
        self.line = line
        self.who = who
        self.client = client
        self.following = Following(behind.desk, who, self.push)
        self.in_hand = InHand(behind.options.chunks_in_hand)
        self.tally = Tally()
        self._validity = Validity(behind.authority, token)

    async def say(self, data: Data) -> None:
        """Answer."""
        await self.line.say(data)

    async def push(self, data: Data) -> None:
        """Tell something nobody asked for just now."""
        try:
            await self.confirm()
        except Revoked:
            # Whoever reads the line will find the same; here nothing more may be told.
            await self.line.say(Error(error=AuthFailed.code, message=REVOKED))
            await self.line.close(1000)
            raise LineGone from None
        await self.line.say(data)

    async def confirm(self) -> None:
        """Look from time to time whether a key that can be revoked was; raises Revoked."""
        if not await self._validity.holds():
            raise Revoked

    async def acknowledge(self, acknowledgement: Acknowledgement) -> None:
        """Say what became of an upload, and only then what happens to its task."""
        await self.say(acknowledged(acknowledgement))
        if not isinstance(acknowledgement, Full):
            await self.follow(acknowledgement.task_id)

    async def follow(self, task_id: str) -> None:
        """Tell progress and end of a task, and its text where that was ordered; once is enough."""
        if task_id in self.following or self.following.knows_the_end_of(task_id):
            return
        task = await self.behind.desk.get(self.who, task_id)
        await self.following.begin(task_id, 0 if task.order.segments else None)

    async def refuse(self, problem: Exception, about: About) -> None:
        """Tell what was wrong with a message."""
        await self.say(told(problem, about))

    async def close(self) -> None:
        """The line is closed: followers end, bytes that arrived are still put away."""
        await self.following.close()
        await self.in_hand.settle()

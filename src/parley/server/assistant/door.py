"""The door of conversations: an ASGI application for WebSockets."""

from __future__ import annotations

import uuid
from typing import Any

from parley.assistant.contract import AssistantRoom
from parley.errors import ParleyError
from parley.server.assistant.behind import AssistantOptions, Behind
from parley.server.assistant.course import Course
from parley.server.assistant.problems import problem_of
from parley.server.assistant.talk import Talk
from parley.server.pace import Pace
from parley.server.rooms import Identities
from parley.server.socket.entrance import Entrance, Manners, Visitor
from parley.server.socket.guests import Guests
from parley.server.socket.line import Line, Receive, Send
from parley.server.socket.lines import Lines
from parley.telemetry.trace import tracing


class AssistantDoor:
    """One connection, one conversation."""

    def __init__(self, behind: Behind) -> None:
        self.behind = behind
        options = behind.options
        manners = Manners(
            excuse=_excuse, auth_timeout_s=options.auth_timeout_s, max_frame_bytes=options.max_frame_bytes
        )
        self._entrance = Entrance(behind.guests, behind.authority, manners)

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Serve one connection to its end."""
        await self._entrance.admit(scope, receive, send, self._serve)

    async def _serve(self, visitor: Visitor) -> None:
        # A message may wait as long as its session does, and must not take others' memory meanwhile.
        visitor.line.wire.give_on_pieces()
        with tracing(uuid.uuid4().hex):
            await Course(Talk(self.behind, visitor)).run()


def assistant_door(
    room: AssistantRoom, authority: Identities, options: AssistantOptions, pace: Pace, guests: Guests
) -> AssistantDoor:
    """The door in front of this room; `pace` and `guests` are shared with other doors."""
    return AssistantDoor(Behind(room, authority, options, pace, guests, Lines()))


async def _excuse(line: Line, error: ParleyError) -> None:
    await line.say(problem_of(error, fatal=True))

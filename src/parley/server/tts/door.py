"""The door of voices: an ASGI application for WebSockets."""

from __future__ import annotations

import uuid
from typing import Any

from parley.errors import ParleyError
from parley.server.pace import Pace
from parley.server.rooms import Identities
from parley.server.socket.entrance import Entrance, Manners, Visitor
from parley.server.socket.guests import Guests
from parley.server.socket.line import Line, Receive, Send
from parley.server.tts.behind import Behind, TtsOptions
from parley.server.tts.course import Course
from parley.server.tts.problems import problem_of
from parley.server.tts.talk import Talk
from parley.synthesis.contract import SynthesisRoom
from parley.telemetry.trace import tracing


class TtsDoor:
    """One connection, one text after the other."""

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
        with tracing(uuid.uuid4().hex):
            await Course(Talk(self.behind, visitor)).run()


def tts_door(
    room: SynthesisRoom, authority: Identities, options: TtsOptions, pace: Pace, guests: Guests
) -> TtsDoor:
    """The door in front of this room; `pace` and `guests` are shared with other doors."""
    return TtsDoor(Behind(room, authority, options, pace, guests))


async def _excuse(line: Line, error: ParleyError) -> None:
    await line.say(problem_of(error, fatal=True))

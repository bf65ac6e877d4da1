"""The course of a connection: it is heard and spoken to at once, and ends for one reason."""

from __future__ import annotations

import asyncio

from parley.errors import SessionIdle
from parley.server.socket.ending import Ending, first_of
from parley.server.socket.line import LineGone
from parley.server.tts.hearing import Hearing
from parley.server.tts.talk import Talk
from parley.server.tts.telling import Telling


class Course:
    """Serves one connection to its end."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk

    async def run(self) -> None:
        """Until the line is closed; nothing that was asked for on it is spoken any more."""
        problem: Exception | None = None
        try:
            await first_of(Telling(self._talk).run(), self._watch(), Hearing(self._talk).run())
        except LineGone:
            return
        except Exception as error:  # noqa: BLE001 - the door
            problem = error
        await self._talk.say_goodbye(problem)

    async def _watch(self) -> Ending:
        """End a line that nobody uses."""
        left_s = self._talk.idle_left_s
        while left_s > 0:
            await asyncio.sleep(left_s)
            left_s = self._talk.idle_left_s
        raise SessionIdle("Nothing was asked of this line for a while; connect again with text to speak.")

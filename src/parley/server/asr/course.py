"""The course of a connection: it is heard, told and acknowledged at once, and ends for one reason."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from parley.server.asr.hearing import Hearing
from parley.server.asr.talk import Talk
from parley.server.asr.telling import acknowledgement, message_of
from parley.server.socket.ending import Ending, first_of
from parley.server.socket.line import LineGone
from parley.speech.live import Done, Failed, Received

_SILENT_S = 0.9
"""Longest time between two acknowledgements: one each second is promised."""


class Course:
    """Serves one connection to its end."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._received = Received(received_samples=0)
        self._acknowledged_at = 0.0

    async def run(self) -> None:
        """Until the line is closed; the session is freed, or waits for its client."""
        talk = self._talk
        ending: Ending | Exception = Ending.LOST
        try:
            ending = await first_of(self._tell(), self._watch(), self._beat(), Hearing(talk).run())
        except LineGone:
            pass
        except Exception as problem:  # noqa: BLE001 - the door
            ending = problem
        finally:
            await talk.part(ending)
        await talk.say_goodbye(ending)

    async def _tell(self) -> Ending:
        session, events = await self._talk.opened()
        try:
            async for event in events:
                if isinstance(event, Failed):
                    raise event.error
                if isinstance(event, Received):
                    self._received, self._acknowledged_at = event, _now()
                await self._talk.say(message_of(event, session))
                if isinstance(event, Done):
                    return Ending.OVER
        finally:
            if isinstance(events, AsyncGenerator):
                await events.aclose()
        return Ending.TAKEN

    async def _beat(self) -> Ending:
        """Acknowledge where the session has not done so lately, and look whether the key still holds."""
        session, _ = await self._talk.opened()
        self._acknowledged_at = _now()
        while True:
            due_s = self._acknowledged_at + _SILENT_S - _now()
            if due_s > 0:
                await asyncio.sleep(due_s)
                await self._talk.confirm()
            else:
                self._acknowledged_at = _now()
                await self._talk.say(acknowledgement(session, self._received))

    async def _watch(self) -> Ending:
        await self._talk.wanted_elsewhere.wait()
        return Ending.WANTED


def _now() -> float:
    return asyncio.get_running_loop().time()

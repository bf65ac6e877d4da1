"""What a client sends, as calls to its conversation."""

from __future__ import annotations

import asyncio

from parley.errors import InvalidOption, RequestError, SessionIdle, TextTooLong
from parley.server.assistant.problems import problem_of
from parley.server.assistant.reading import read_text
from parley.server.assistant.talk import Talk
from parley.server.socket.ending import Ending
from parley.server.socket.refusing import Refused, keep_pace
from parley.wire.native.client import Auth
from parley.wire.native.message import Data, now
from parley.wire.native.server import AuthSuccess, AuthUser
from parley.wire.speech.assistant_client import (
    AssistantFinalize,
    AssistantPing,
    AssistantStart,
    AssistantStop,
    Interrupt,
    Played,
    Reset,
    TypedTurn,
)
from parley.wire.speech.assistant_server import AssistantPong, Bye

_PIECE_BYTES = 64 * 1024
"""Handed over at once: converting more would hold up everybody else."""

_UNCOUNTED = (AssistantStop, Interrupt, Played)
"""What a client may always say: the end, "be quiet", and what it says all the time."""


class Hearing:
    """The ear of one connection. While recognition is too far behind, nothing more is read."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._wire = talk.line.wire
        self._begin_until = asyncio.get_running_loop().time() + talk.behind.options.begin_s
        self._is_stopped = False
        self._has_complained = False

    async def run(self) -> Ending:
        """Until nobody is there any more; raises what ends the session, or what kept one from beginning."""
        while (frame := await self._next()) is not None:
            charged = self._wire.claim()
            try:
                await self._talk.confirm()
                if await self._take(frame) is Ending.OVER:
                    return Ending.OVER
            finally:
                self._wire.release(charged)
        return Ending.LOST

    async def _next(self) -> str | bytes | bytearray | None:
        until = self._begin_until if self._talk.session is None else None
        try:
            async with asyncio.timeout_at(until):
                return await self._talk.line.hear()
        except TimeoutError:
            raise SessionIdle(
                "No conversation was begun on this line; connect again with something to say."
            ) from None

    async def _take(self, frame: str | bytes | bytearray) -> Ending | None:
        try:
            if isinstance(frame, str):
                return await self._text(frame)
            return await self._audio(frame)
        except Refused as refused:
            # It may have been a `start`: what follows would be heard as something that it is not.
            if self._talk.session is None:
                raise
            await self._talk.say(problem_of(refused, fatal=False))
            return None

    async def _audio(self, frame: bytes | bytearray) -> None:
        if self._is_stopped:
            return self._complain()
        session = self._talk.session or await self._talk.begin(AssistantStart())
        audio = memoryview(frame)
        for first in range(0, len(audio), _PIECE_BYTES):
            if first:
                await asyncio.sleep(0)
            await session.write(audio[first : first + _PIECE_BYTES])
        return None

    def _complain(self) -> None:
        """Once: a client that goes on sending hears it already."""
        if not self._has_complained:
            self._has_complained = True
            raise Refused(RequestError("Audio after 'stop' is not heard; open another line for it."))

    async def _text(self, text: str) -> Ending | None:
        message = self._read(text)
        if not isinstance(message, _UNCOUNTED):
            self._keep_pace()
        match message:
            case AssistantStart():
                await self._start(message)
            case AssistantStop():
                return await self._stop()
            case Auth() | AssistantPing():
                await self._talk.say(self._answer_to(message))
            case _:
                await self._obey(message)
        return None

    def _read(self, text: str) -> Data:
        try:
            return read_text(text)
        except Refused:
            # It was read and is answered, so it counts too.
            self._keep_pace()
            raise

    def _keep_pace(self) -> None:
        keep_pace(self._talk.behind.pace, self._talk.client)

    async def _start(self, message: AssistantStart) -> None:
        if self._talk.session is not None:
            raise Refused(RequestError("A conversation is open on this line; open another line for another."))
        await self._talk.begin(message)

    async def _obey(self, message: Data) -> None:
        """What means something within a conversation only. Who types first begins one."""
        if self._is_stopped:
            raise Refused(RequestError("The conversation is ending; open another line for another one."))
        if isinstance(message, TypedTurn) and self._talk.session is None:
            await self._talk.begin(AssistantStart())
        if self._talk.session is None:
            raise Refused(RequestError("No conversation is open on this line; begin with 'start'."))
        session = self._talk.session
        match message:
            case AssistantFinalize():
                await session.finalize()
            case TypedTurn():
                await self._type(message.text)
            case Interrupt():
                await session.interrupt()
            case Played():
                await self._played(message)
            case Reset():
                await self._talk.begin_anew()
            case _:
                raise RuntimeError(f"nobody obeys '{message.TYPE}'")

    async def _type(self, text: str) -> None:
        try:
            await self._talk.required.say(text)
        except (TextTooLong, InvalidOption) as error:
            raise Refused(error) from None

    async def _played(self, message: Played) -> None:
        samples = self._talk.ahead.played(message.turn, message.samples)
        self._talk.has_news.set()
        await self._talk.required.played(message.turn, samples)

    async def _stop(self) -> Ending | None:
        if self._talk.session is None:
            await self._talk.say(Bye())
            return Ending.OVER
        if not self._is_stopped:
            self._is_stopped = True
            await self._talk.session.stop()
        return None

    def _answer_to(self, message: Data) -> Data:
        """Of the messages about the line itself; who it is stays as it was."""
        if isinstance(message, Auth):
            user = AuthUser(username=self._talk.user)
            return AuthSuccess(message="This connection is open already.", user=user)
        return AssistantPong(timestamp=now())

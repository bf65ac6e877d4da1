"""What a client sends, as calls to its requests."""

from __future__ import annotations

from parley.errors import ParleyError, RequestError, TextTooLong, VoicesBusy
from parley.server.choosing import voices_for
from parley.server.socket.ending import Ending
from parley.server.socket.refusing import Refused, keep_pace
from parley.server.tts.problems import problem_of
from parley.server.tts.reading import RequestRefused, read_text
from parley.server.tts.requests import Request
from parley.server.tts.talk import Talk
from parley.server.tts.wishing import wish_of
from parley.wire.native.client import Auth
from parley.wire.native.message import Data, now
from parley.wire.native.server import AuthSuccess, AuthUser
from parley.wire.speech.tts_client import (
    AskVoices,
    SpeakCancel,
    SpeakEnd,
    SpeakFlush,
    SpeakPing,
    SpeakStart,
    SpeakText,
    Synthesize,
)
from parley.wire.speech.tts_server import SpeakCancelled, SpeakPong, VoicesShown

_STREAMED = (SpeakText, SpeakFlush, SpeakEnd, SpeakCancel)
"""Their number is bounded by the text of a request, and a language model writes many."""


class Hearing:
    """The ear of one connection; it never waits for a voice."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._wire = talk.line.wire

    async def run(self) -> Ending:
        """Until nobody is there any more; raises what ends the line."""
        while (frame := await self._talk.line.hear()) is not None:
            charged = self._wire.claim()
            try:
                self._talk.move()
                await self._talk.confirm()
                await self._take(frame)
            finally:
                self._wire.release(charged)
        return Ending.LOST

    async def _take(self, frame: str | bytes | bytearray) -> None:
        try:
            message = self._read(frame)
            if isinstance(message, Synthesize | SpeakStart):
                self._open(message)
            elif isinstance(message, _STREAMED):
                await self._stream(message)
            else:
                await self._talk.say(await self._answer_to(message))
        except RequestRefused as refused:
            # Of an open request of that id nothing may be said that ends it.
            known = refused.request_id in self._talk.requests
            await self._talk.say(problem_of(refused, request_id=None if known else refused.request_id))
        except (Refused, ParleyError) as refused:
            await self._talk.say(problem_of(refused))

    def _read(self, frame: str | bytes | bytearray) -> Data:
        if not isinstance(frame, str):
            self._keep_pace()
            raise Refused(RequestError("Audio is not heard on this line; /asr hears it."))
        try:
            message = read_text(frame, self._talk.behind.options.max_frame_bytes)
        except Refused:
            # It was read and is answered, so it counts too.
            self._keep_pace()
            raise
        if not isinstance(message, _STREAMED) or message.request_id not in self._talk.requests:
            self._keep_pace(message)
        return message

    def _keep_pace(self, message: Data | None = None) -> None:
        try:
            keep_pace(self._talk.behind.pace, self._talk.client)
        except Refused as refused:
            if isinstance(message, Synthesize | SpeakStart):
                raise RequestRefused(refused, message.request_id) from None
            raise

    def _open(self, message: Synthesize | SpeakStart) -> None:
        if message.request_id in self._talk.requests:
            raise Refused(RequestError("A request of this 'request_id' is open; choose another one."))
        most, is_whole = self._talk.behind.options.max_text_chars, isinstance(message, Synthesize)
        request = Request(message.request_id, wish_of(message), most, is_whole=is_whole)
        try:
            if isinstance(message, Synthesize):
                request.write(message.text)
                request.end()
            self._talk.requests.add(request)
        except (TextTooLong, VoicesBusy) as error:
            raise RequestRefused(Refused(error), message.request_id) from None

    async def _stream(self, message: SpeakText | SpeakFlush | SpeakEnd | SpeakCancel) -> None:
        request = self._talk.requests.find(message.request_id)
        if isinstance(message, SpeakCancel):
            return await self._stop(request)
        if request.has_ended:
            raise Refused(RequestError("The text of this request has ended; begin another one for more."))
        match message:
            case SpeakText():
                await self._write(request, message.text)
            case SpeakFlush():
                request.flush()
            case SpeakEnd():
                request.end()
        return None

    async def _write(self, request: Request, text: str) -> None:
        try:
            request.write(text)
        except TextTooLong as error:
            await self._stop(request, error)

    async def _stop(self, request: Request, failure: Exception | None = None) -> None:
        if request.is_spoken:
            # Whoever speaks says that it is over, after its last audio.
            return request.stop(failure)
        self._talk.requests.remove(request)
        request_id = request.request_id
        await self._talk.say(
            problem_of(failure, request_id=request_id) if failure else SpeakCancelled(request_id=request_id)
        )
        return None

    async def _answer_to(self, message: Data) -> Data:
        """Of the messages about the line itself; who it is stays as it was."""
        match message:
            case Auth():
                user = AuthUser(username=self._talk.user)
                return AuthSuccess(message="This connection is open already.", user=user)
            case SpeakPing():
                return SpeakPong(timestamp=now())
            case AskVoices():
                return await self._voices()
            case _:
                raise RuntimeError(f"nobody answers '{message.TYPE}'")

    async def _voices(self) -> VoicesShown:
        known, default = await voices_for(self._talk.behind.room, self._talk.user)
        return VoicesShown(voices=known, default=default)

"""One input: what comes between a first frame and its end, and what is answered to it."""

from __future__ import annotations

import asyncio

from parley.errors import ParleyError, SessionIdle, UnsupportedMedia, UnsupportedOption
from parley.live.contract import LiveSession
from parley.live.options import LiveWish
from parley.server.funasr.files import DECODED, SpooledFile, pieces_of
from parley.server.funasr.manner import Manner
from parley.server.funasr.means import REFUSALS, Listener, Means
from parley.server.funasr.narrators import Close, narrator
from parley.server.funasr.riff import Unwrapping
from parley.server.socket.line import LineGone
from parley.speech.live import Failed, Final, LiveEvent, Partial, Trouble
from parley.wire.funasr.server import Answer

_WRITTEN_AT_ONCE = 32 * 1024
"""Bytes; some clients send a whole file in one message."""


class Input:
    """Answered exactly once to its end, whatever happens.

    A session is opened when samples come, and another one when they come again after a pause in which the
    session was given up, or after settings have changed that a session cannot change.
    """

    def __init__(self, means: Means, manner: Manner, client: Listener) -> None:
        self.error: ParleyError | None = None
        self._means = means
        self._manner = manner
        self._client = client
        self._narrator = narrator(manner)
        self._samples = Unwrapping()
        self._file: SpooledFile | None = None
        self._session: LiveSession | None = None
        self._opened_for: LiveWish | None = None
        self._telling: asyncio.Task[None] | None = None
        self._is_refused = False
        self._is_ending = False
        self._is_answered = False
        self._has_left_out_hotwords = False

    async def hear(self, data: bytes | bytearray | memoryview) -> None:
        """Take audio; raises errors of admission, after which the line is of no use."""
        if self._is_refused:
            return
        try:
            if self._manner.is_samples:
                await self._take(self._samples.feed(data))
            else:
                await self._put_away(data)
        except REFUSALS as error:
            await self._refuse(error)

    async def change(self, manner: Manner) -> None:
        """Later frames: what a session cannot change ends it, and the next samples open another one."""
        self._manner = manner
        if self._session is not None and self._wish() != self._opened_for:
            await self._settle()

    async def end(self, ignored: tuple[str, ...]) -> None:
        """Deal with everything that was said, and give the last answer."""
        self._is_ending = True
        self._narrator.finishing()
        if not self._is_refused:
            try:
                await (self._hear_file(self._file) if self._file else self._take(self._samples.finish()))
            except REFUSALS as error:
                self.error = error
            await self._settle()
        if not self._is_answered:
            await self._close(ignored)

    async def abandon(self) -> None:
        """Nobody is there any more."""
        if self._telling is not None:
            self._telling.cancel()
            await asyncio.gather(self._telling, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
        if self._file is not None:
            await self._file.close()

    async def _put_away(self, data: bytes | bytearray | memoryview) -> None:
        if self._manner.mode != "offline" or self._means.decoder is None:
            raise _unsupported(self._manner)
        self._file = self._file or SpooledFile(self._means.spool)
        await self._file.write(data)

    async def _hear_file(self, file: SpooledFile) -> None:
        if self._means.decoder is None:
            raise _unsupported(self._manner)
        try:
            async with self._means.decoder.decoded(await file.finish()) as samples:
                async for piece in pieces_of(samples):
                    await self._take(piece)
        finally:
            await file.close()

    async def _take(self, samples: bytes) -> None:
        if not samples:
            return
        if self._telling is not None and self._telling.done():
            await self._settle()
        session = self._session or await self._open()
        view = memoryview(samples)
        for at in range(0, len(view), _WRITTEN_AT_ONCE):
            await session.write(view[at : at + _WRITTEN_AT_ONCE])

    async def _open(self) -> LiveSession:
        wish = self._wish()
        self._session = await self._means.room.open(self._means.user, wish)
        self._opened_for = wish
        self._telling = asyncio.create_task(self._tell(self._session), name="funasr telling")
        return self._session

    def _wish(self) -> LiveWish:
        return self._means.wish_of(self._manner, DECODED if self._file else self._samples.format)

    async def _settle(self) -> None:
        """End the session there is; what it still has to tell is told."""
        session, telling = self._session, self._telling
        if session is None or telling is None:
            return
        await session.stop()
        await telling
        await session.close()
        self._narrator.offset_s += session.received_samples / session.facts.sample_rate_hz
        self._session = self._telling = None

    async def _tell(self, session: LiveSession) -> None:
        try:
            async for event in session.listen():
                for answer in self._answers(event, streams=session.facts.streaming):
                    await self._client.say(answer)
                if isinstance(event, Failed) and self.error is not None and not self._is_ending:
                    self._is_refused = True
                    await self._close(())
                    await self._client.part(self.error)
        except LineGone:
            # Whoever waits in `write` for somebody to listen would wait for ever.
            await session.close()
            raise

    def _answers(self, event: LiveEvent, *, streams: bool) -> tuple[Answer, ...]:
        match event:
            case Partial():
                return tuple(self._narrator.partial(event, streams=streams))
            case Final():
                return tuple(self._narrator.final(event))
            case Trouble(error=UnsupportedOption()):
                # A phrase that the recogniser cannot spell: the rest was honoured, and nothing went wrong.
                self._has_left_out_hotwords = True
            case Trouble(error=error) | Failed(error=error) if not isinstance(error, SessionIdle):
                self.error = error
            case _:
                pass
        return ()

    async def _refuse(self, error: ParleyError) -> None:
        """The audio cannot be taken. Who waits for the end of a file is told there, others now."""
        self._is_refused, self.error = True, error
        if self._file is not None:
            await self._file.close()
        if self._manner.mode != "offline":
            await self._close(())

    async def _close(self, ignored: tuple[str, ...]) -> None:
        self._is_answered = True
        if self._has_left_out_hotwords:
            ignored = tuple(dict.fromkeys((*ignored, "hotwords")))
        await self._client.say(self._narrator.close(Close(error=self.error, ignored=ignored)))


def _unsupported(manner: Manner) -> UnsupportedMedia:
    return UnsupportedMedia(
        f"Samples are wanted here, not '{manner.wav_format}'; send 16-bit PCM and set wav_format to pcm."
    )

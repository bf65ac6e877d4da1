"""One connection: inputs one after the other, and the settings that outlive them."""

from __future__ import annotations

import logging

from parley.engines.profiles import Profile
from parley.errors import AuthFailed, LiveOverloaded, ParleyError, RequestError, TooManySessions
from parley.live.options import LiveWish
from parley.server.funasr.behind import Behind
from parley.server.funasr.input import Input
from parley.server.funasr.manner import Manner, read_frame
from parley.server.funasr.means import Means
from parley.server.funasr.riff import WaveFormat
from parley.server.socket.entrance import Visitor
from parley.server.socket.frames import CloseCode
from parley.server.socket.line import Line
from parley.server.validity import REVOKED, Validity
from parley.wire.funasr.client import Frame
from parley.wire.funasr.server import Acknowledgement, Answer

_log = logging.getLogger(__name__)


class Talk:
    """One connection: inputs one after the other, and the settings that outlive them."""

    def __init__(self, behind: Behind, visitor: Visitor) -> None:
        self._behind = behind
        self._line = visitor.line
        self._asked_for = visitor.connection.query_params.get("profile") or None
        self._validity = Validity(behind.authority, visitor.token)
        self._means = Means(behind.room, visitor.who.user, self._wish, behind.decoder, behind.spool)
        self._manner = Manner()
        self._input: Input | None = None

    async def converse(self) -> None:
        """Read to the end of the line; raises what the client has to be told before it is closed."""
        self._profile(self._manner)
        while (frame := await self._line.hear()) is not None:
            charged = self._line.wire.claim()
            try:
                if not await self._validity.holds():
                    raise AuthFailed(REVOKED)
                await self._read(frame)
            finally:
                self._line.wire.release(charged)

    async def say(self, answer: Answer) -> None:
        """Tell something."""
        await self._line.say_text(answer.model_dump_json(exclude_none=True))

    async def hang_up(self, error: ParleyError) -> None:
        """Say what went wrong, and close: every client of this protocol survives that."""
        await excuse(self._line, error, self._manner)
        await self.part(error)

    async def part(self, error: ParleyError) -> None:
        """Close, for this reason."""
        _log.info("a connection of FunASR's protocol is closed: %s (%s)", error.code, error.detail)
        await self._line.close(_close_code(error), error.message)

    async def close(self) -> None:
        """Free what there is."""
        if self._input is not None:
            await self._input.abandon()

    async def _read(self, frame: str | bytes | bytearray) -> None:
        if not isinstance(frame, str):
            return await self._present().hear(frame)
        said = read_frame(frame)
        self._manner = self._manner.after(said)
        if said.ends:
            return await self._end(said)
        if self._input is not None:
            await self._input.change(self._manner)
        return None

    def _present(self) -> Input:
        if self._input is None:
            self._input = Input(self._means, self._manner, self)
        return self._input

    async def _end(self, said: Frame) -> None:
        ended = self._present()
        await ended.end(self._manner.ignored(self._profile(self._manner)))
        self._input = None
        if said.is_end:
            await self._acknowledge(ended.error)

    async def _acknowledge(self, error: ParleyError | None) -> None:
        done = Acknowledgement(
            is_final=error is None,
            wav_name=self._manner.wav_name,
            error=error.message if error else None,
        )
        await self._line.say_text(done.model_dump_json(exclude_none=True))

    def _wish(self, manner: Manner, header: WaveFormat | None) -> LiveWish:
        return manner.wish(self._profile(manner), header)

    def _profile(self, manner: Manner) -> Profile:
        return self._behind.profile(self._asked_for, manner.spoken)


async def excuse(line: Line, error: ParleyError, manner: Manner | None = None) -> None:
    """Why nothing more will come, as a last answer; FunASR has no words of its own for that."""
    manner = manner or Manner()
    answer = Answer(
        mode="2pass-offline" if manner.mode == "2pass" else manner.mode,
        text="",
        wav_name=manner.wav_name,
        is_final=manner.ends_with_true,
        error=error.code,
        message=error.message,
    )
    await line.say_text(answer.model_dump_json(exclude_none=True))


def _close_code(error: ParleyError) -> CloseCode:
    if isinstance(error, TooManySessions | LiveOverloaded):
        return CloseCode.TRY_AGAIN_LATER
    is_theirs = isinstance(error, RequestError) or error.permanent
    return CloseCode.POLICY_VIOLATION if is_theirs else CloseCode.INTERNAL_ERROR

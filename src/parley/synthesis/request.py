"""A request for speech: one task makes its clauses into audio, one listener is told of them."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from parley.engines.contract import EngineSpec
from parley.errors import ParleyError, SessionIdle, SpeakingError
from parley.speech.speaking import (
    Sentence,
    SpeakingCancelled,
    SpeakingEvent,
    SpeakingFailed,
    Spoken,
    SpokenAudio,
)
from parley.speech.voice import SpeakOptions, VoiceFacts
from parley.synthesis.bell import Bell
from parley.synthesis.calling import AHEAD, URGENT, Caller, say
from parley.synthesis.options import SynthesisLimits
from parley.synthesis.pacing import Pace
from parley.synthesis.resampling import Resampling
from parley.synthesis.script import Script

PIECE_S = 0.1
"""Audio in one event: a client that is told to stop has no more than this on its way."""

PREPARED_S = 3.0
"""A clause is made while the one before it is told; when those that wait are shorter than this, another."""

_SAMPLE_BYTES = 2

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """Who says a request, and how."""

    facts: VoiceFacts
    engine: EngineSpec
    options: SpeakOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a request is made of.

    `voice` speaks, unless `cast`, which is given the first clause, finds somebody who speaks its language.
    Clauses have `most_chars` at most.
    """

    user: str
    voice: VoiceFacts
    sample_rate_hz: int
    most_chars: int
    is_paced: bool
    cast: Callable[[str], Awaitable[Speaker]]


@dataclass(slots=True, kw_only=True)
class Costs:
    """What was made so far; `first_audio_s` is None before the first audio."""

    samples: int = 0
    wall_s: float = 0.0
    processor_s: float = 0.0
    first_audio_s: float | None = None


@dataclass(frozen=True, slots=True)
class _Clause:
    text: str
    pcm: bytes

    @property
    def samples(self) -> int:
        return len(self.pcm) // _SAMPLE_BYTES


class Request:
    """See contract.Speaking. `over` is called once, when it takes nobody's place any more."""

    def __init__(
        self,
        plan: Plan,
        fleet: Caller,
        limits: SynthesisLimits,
        clock: Callable[[], float],
        over: Callable[[Request], None],
    ) -> None:
        self.plan = plan
        self.costs = Costs()
        self._fleet = fleet
        self._limits = limits
        self._clock = clock
        self._bell = Bell()
        self._script = Script(limits, plan.most_chars)
        self._resampling = Resampling(plan.sample_rate_hz)
        self._pace = Pace()
        self._speaker: Speaker | None = None
        self._waiting: deque[_Clause] = deque()
        self._being_told = 0
        self._last: SpeakingEvent | None = None
        self._is_cut_off = False
        self._whole_at: float | None = None
        self._moved_at = clock()
        self._task = asyncio.create_task(self._make_all())
        self._task.add_done_callback(self._concluded)
        self._over = over

    @property
    def voice(self) -> VoiceFacts:
        """See Speaking."""
        return self._speaker.facts if self._speaker else self.plan.voice

    @property
    def sample_rate_hz(self) -> int:
        """See Speaking."""
        return self.plan.sample_rate_hz

    @property
    def outcome(self) -> SpeakingEvent | None:
        """How it ended, None while it goes on."""
        return self._last

    async def write(self, text: str) -> None:
        """See Speaking."""
        while self._script.is_full and self._last is None:
            await self._bell.wait()
        await self._script.write(text)
        self._stir()

    async def flush(self) -> None:
        """See Speaking."""
        await self._script.flush()
        self._stir()

    async def end(self) -> None:
        """See Speaking."""
        await self._script.flush()
        self._script.is_ended = True
        self._stir()

    async def cancel(self) -> None:
        """See Speaking."""
        await self.break_off(SpeakingCancelled())

    async def break_off(self, last: SpeakingEvent) -> None:
        """End at once, with this event unless there was a last one: no audio is told from now on."""
        self._last = self._last or last
        self._is_cut_off = True
        self._waiting.clear()
        self._script.close()
        self._stir()
        self._task.cancel()
        await asyncio.wait({self._task})

    def listen(self) -> AsyncIterator[SpeakingEvent]:
        """See Speaking."""
        return self._events()

    # The task.

    async def _make_all(self) -> None:
        while (clause := await self._next()) is not None:
            await self._make(clause)
        while self._waiting or self._being_told:
            await self._wait("Nobody took the audio")
        milliseconds = round(1000 * (self.costs.first_audio_s or 0.0))
        seconds = self.costs.samples / self.sample_rate_hz
        rtf = self.costs.wall_s / seconds if seconds else 0.0
        self._last = Spoken(samples=self.costs.samples, first_audio_ms=milliseconds, rtf=rtf)

    async def _next(self) -> str | None:
        """The clause to be made now, None when there are no more."""
        while True:
            if len(self._script) and self._has_room:
                return self._script.next()
            if not len(self._script) and self._script.is_ended:
                return None
            await self._wait("Nobody took the audio" if len(self._script) else "No text came")

    @property
    def _has_room(self) -> bool:
        """Whether another clause is to be made, seen from what waits to be told."""
        ahead = sum(clause.samples for clause in self._waiting)
        room_s = min(PREPARED_S, self._limits.max_ahead_s)
        is_little = not self._waiting or ahead < room_s * self.sample_rate_hz
        return is_little and ahead + self._being_told < self._limits.max_ahead_s * self.sample_rate_hz

    async def _wait(self, what: str) -> None:
        """Until something changes; raises SessionIdle when nothing did for too long."""
        left_s = self._moved_at + self._limits.idle_s - self._clock()
        if left_s <= 0:
            self._waiting.clear()
            raise SessionIdle(f"{what} for {self._limits.idle_s:g} seconds, so the request was ended.")
        await self._bell.wait(left_s)

    async def _make(self, clause: str) -> None:
        if self._speaker is None:
            self._speaker = await self.plan.cast(clause)
        urgency = AHEAD if self._waiting or self._being_told else URGENT
        began = self._clock()
        speaker = self._speaker
        spoken, processor_s = await say(self._fleet, speaker.engine, clause, speaker.options, urgency)
        pcm = await self._resampling.convert(spoken.pcm, spoken.sample_rate_hz)
        now = self._clock()
        costs = self.costs
        costs.wall_s += now - began
        costs.processor_s += processor_s
        costs.samples += len(pcm) // _SAMPLE_BYTES
        if costs.first_audio_s is None:
            costs.first_audio_s = now - (began if self._whole_at is None else self._whole_at)
        self._script.said(clause)
        if pcm:
            self._waiting.append(_Clause(clause, pcm))
        self._stir()

    def _concluded(self, task: asyncio.Task[None]) -> None:
        """The task has ended, however that came; what was made before it failed is still told."""
        error = None if task.cancelled() else task.exception()
        if error is not None and self._last is None:
            self._last = SpeakingFailed(error=_told(error))
        self._last = self._last or SpeakingCancelled()
        self._script.close()
        self._bell.ring()
        self._over(self)

    def _stir(self) -> None:
        self._moved_at = self._clock()
        if self._whole_at is None and len(self._script):
            self._whole_at = self._moved_at
        self._bell.ring()

    # The listener.

    async def _events(self) -> AsyncIterator[SpeakingEvent]:
        index = told = 0
        while True:
            if self._waiting:
                clause = self._waiting.popleft()
                self._being_told = clause.samples
                yield Sentence(index=index, text=clause.text, first_sample=told, samples=clause.samples)
                async for piece in self._pieces(clause.pcm):
                    yield piece
                index, told = index + 1, told + clause.samples
                self._being_told = 0
                self._stir()
            elif self._last is not None:
                yield self._last
                return
            else:
                await self._bell.wait()

    async def _pieces(self, pcm: bytes) -> AsyncIterator[SpokenAudio]:
        """The audio of a clause in order, until it is cut off."""
        size = round(PIECE_S * self.sample_rate_hz) * _SAMPLE_BYTES
        for first in range(0, len(pcm), size):
            piece = pcm[first : first + size]
            seconds = len(piece) / _SAMPLE_BYTES / self.sample_rate_hz
            while not self._is_cut_off and (wait_s := self._too_early_s(seconds)) > 0:
                await self._bell.wait(wait_s)
            if self._is_cut_off:
                return
            self._pace.told(self._clock(), seconds)
            self._being_told -= len(piece) // _SAMPLE_BYTES
            self._moved_at = self._clock()
            yield SpokenAudio(pcm=piece)

    def _too_early_s(self, seconds: float) -> float:
        return self._pace.wait_s(self._clock(), seconds) if self.plan.is_paced else 0.0


def _told(error: BaseException) -> ParleyError:
    if isinstance(error, ParleyError):
        return error
    _log.error("a request for speech failed for an unforeseen reason", exc_info=error)
    return SpeakingError("The text could not be spoken because of a defect; the log has the details.")

"""Opens requests for speech, and looks after voices."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from parley.engines.contract import Capability, EngineSpec
from parley.errors import FleetClosed, UnsupportedOption, VoicesBusy, VoiceUnknown
from parley.speech.speaking import SpeakingCancelled, SpeakingFailed
from parley.speech.voice import VoiceFacts
from parley.synthesis.bell import Bell
from parley.synthesis.calling import Caller
from parley.synthesis.casting import Casting
from parley.synthesis.catalogue import Catalogue
from parley.synthesis.contract import SynthesisStats
from parley.synthesis.library import VoiceLibrary
from parley.synthesis.options import NewVoice, SpeakingWish, SynthesisLimits
from parley.synthesis.previewing import key_of_preview, make_preview, sentence_in
from parley.synthesis.request import Plan, Request
from parley.synthesis.wishes import check, in_words


@dataclass(slots=True, kw_only=True)
class _Tally:
    started: int = 0
    refused: int = 0
    failed: int = 0
    cancelled: int = 0
    audio_s: float = 0.0
    processor_s: float = 0.0


class SpeechSynthesis:
    """The room of contract.SynthesisRoom: `async with SpeechSynthesis(...) as room`.

    `engines` are installed, best first; `default` is the id or the name of a voice, "" leaving it open.
    `first_audio` hears after how many seconds each request had its first audio.
    """

    def __init__(
        self,
        fleet: Caller,
        engines: Mapping[str, EngineSpec],
        default: str = "",
        limits: SynthesisLimits | None = None,
        library: VoiceLibrary | None = None,
        clock: Callable[[], float] = time.monotonic,
        first_audio: Callable[[float], None] | None = None,
    ) -> None:
        self._fleet = fleet
        self._catalogue = Catalogue(engines, default)
        self._limits = limits or SynthesisLimits()
        self._library = library
        self._casting = Casting(self._catalogue, library)
        self._clock = clock
        self._first_audio = first_audio
        self._requests: set[Request] = set()
        self._tally = _Tally()
        self._left = Bell()
        self._is_closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.drain(0.0)

    async def open(self, user: str, wish: SpeakingWish) -> Request:
        """See SynthesisRoom."""
        check(wish)
        voice = await self._casting.chosen(user, wish)
        self._admit(user)
        rate_hz = wish.sample_rate_hz or self._catalogue.engines[voice.engine].sample_rate_hz
        plan = Plan(
            user=user,
            voice=voice,
            sample_rate_hz=rate_hz,
            most_chars=self._catalogue.longest_clause,
            is_paced=wish.paced,
            cast=partial(self._casting.cast, user, wish, voice),
        )
        request = Request(plan, self._fleet, self._limits, self._clock, self._over)
        self._requests.add(request)
        self._tally.started += 1
        return request

    async def voices(self, user: str) -> Sequence[VoiceFacts]:
        """See SynthesisRoom."""
        return await self._casting.voices(user)

    async def default_voice(self, user: str, language: str | None, engine: str | None = None) -> VoiceFacts:
        """See SynthesisRoom."""
        wish = SpeakingWish(language=language, engine=engine)
        check(wish)
        try:
            return await self._casting.chosen(user, wish)
        except UnsupportedOption as error:
            raise VoiceUnknown(error.message) from error

    async def warm(self, voice: VoiceFacts) -> None:
        """See SynthesisRoom."""
        await self._fleet.warm(voice.engine, keep=False)

    def workspace(self) -> AbstractAsyncContextManager[Path]:
        """See SynthesisRoom."""
        if self._library is None:
            raise UnsupportedOption("No voices are kept here; choose one that comes with an engine.")
        return self._library.workspace()

    async def add(self, user: str, voice: NewVoice) -> VoiceFacts:
        """See SynthesisRoom."""
        self._catalogue.require_any()
        capability = Capability.DESIGN if voice.design else Capability.CLONE
        engine = self._catalogue.able(capability, voice.engine)
        how = in_words(frozenset({capability}))
        if engine is not None and voice.engine not in (None, engine.name):
            raise UnsupportedOption(
                f"No voice of the engine '{voice.engine}' can {how}; use '{engine.name}'."
            )
        if engine is None or self._library is None:
            raise UnsupportedOption(
                f"No engine is installed here whose voices can {how}; see 'parley engines'."
            )
        return self._casting.facts(await self._library.add(user, voice, engine))

    async def remove(self, user: str, voice_id: str) -> bool:
        """See SynthesisRoom."""
        return await self._library.remove(user, voice_id) if self._library else False

    async def preview(self, user: str, voice_id: str) -> Path:
        """See SynthesisRoom."""
        self._catalogue.require_any()
        voice = self._catalogue.find(voice_id, await self._casting.voices(user))
        if self._library is None:
            raise UnsupportedOption("No previews are kept here; let the voice say something instead.")
        engine = self._catalogue.engines[voice.engine]
        sentence = sentence_in(voice.languages[0] if voice.languages else None)
        wish = SpeakingWish(voice=voice.voice_id, language=next(iter(voice.languages), None))

        async def make() -> bytes:
            speaker = await self._casting.cast(user, wish, voice, sentence)
            return await make_preview(self._fleet, speaker, sentence)

        owned = None if voice.kind == "preset" else voice.voice_id
        return await self._library.preview(key_of_preview(voice.voice_id, engine), owned, make)

    async def drain(self, grace_s: float) -> None:
        """Open nothing more, and let requests end by themselves for so long."""
        self._is_closed = True
        until = self._clock() + grace_s
        while self._requests and (left_s := until - self._clock()) > 0:
            await self._left.wait(left_s)
        for request in tuple(self._requests):
            await request.break_off(SpeakingFailed(error=_closed()))

    def stats(self) -> SynthesisStats:
        """See SynthesisRoom."""
        tally = self._tally
        return SynthesisStats(
            speaking=len(self._requests),
            started=tally.started,
            refused=tally.refused,
            failed=tally.failed,
            cancelled=tally.cancelled,
            audio_seconds=tally.audio_s,
            processor_seconds=tally.processor_s,
        )

    def _admit(self, user: str) -> None:
        if self._is_closed:
            raise _closed()
        mine = sum(request.plan.user == user for request in self._requests)
        limits = self._limits
        if len(self._requests) >= limits.max_requests or mine >= limits.max_requests_per_user:
            self._tally.refused += 1
            raise VoicesBusy("As many texts are spoken as may be at once; try again in a moment.")

    def _over(self, request: Request) -> None:
        self._requests.discard(request)
        self._left.ring()
        costs, tally = request.costs, self._tally
        tally.audio_s += costs.samples / request.sample_rate_hz
        tally.processor_s += costs.processor_s
        tally.failed += isinstance(request.outcome, SpeakingFailed)
        tally.cancelled += isinstance(request.outcome, SpeakingCancelled)
        if costs.first_audio_s is not None and self._first_audio is not None:
            self._first_audio(costs.first_audio_s)


def _closed() -> FleetClosed:
    return FleetClosed("The server is being stopped; send the text again when it is back.")

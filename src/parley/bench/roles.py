"""Measures each role by itself: one call after another, on the same spans for every device and profile."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

from parley.batch.find_speech import SpeechFinder
from parley.batch.options import RecipeOptions
from parley.batch.recognise import Hearing, Recogniser
from parley.batch.refine import refine
from parley.batch.units import Tools
from parley.batch.voices import VoiceListener
from parley.bench.corpus import Sample
from parley.bench.report import RoleResult
from parley.bench.shop import Shop, Tell, load_seconds, ran_on, speech_roles
from parley.bench.spread import spread
from parley.bench.stopwatch import StopwatchFleet
from parley.engines.contract import EngineSpec, Role
from parley.engines.profiles import Profile
from parley.errors import EngineFailed, InputError, ParleyError
from parley.fleet.fleet import Fleet
from parley.signal.packing import pack
from parley.speech.media import PcmTrack
from parley.speech.recognition import SpeakerCount
from parley.speech.span import Span
from parley.wire.frames import Decoded, DecodeMedia

IDLE = "There was nothing for it to do."


@dataclass(slots=True, kw_only=True)
class Spans:
    """What every role of every combination is given: decoded once, speech found once, by whoever came
    first; texts by profile, because punctuation wants its own recogniser's."""

    folder: Path
    tracks: dict[str, PcmTrack] = field(default_factory=dict[str, PcmTrack])
    islands: dict[str, list[Span]] = field(default_factory=dict[str, list[Span]])
    texts: dict[str, dict[str, Hearing]] = field(default_factory=dict[str, dict[str, Hearing]])

    def audio_s(self, samples: Sequence[Sample]) -> float:
        """Seconds of the tracks of some recordings."""
        return sum(self.tracks[each.name].duration for each in samples if each.name in self.tracks)


@dataclass(slots=True, kw_only=True)
class RoleMeasurement:
    """The roles of one profile in one shop."""

    shop: Shop
    samples: Sequence[Sample]
    spans: Spans
    options: RecipeOptions
    tell: Tell
    _watch: StopwatchFleet = field(init=False)

    def __post_init__(self) -> None:
        self._watch = StopwatchFleet(self.shop.fleet)

    async def measure(self, runs: int) -> tuple[RoleResult, ...]:
        """Every role of the profile, those that fail with the reason."""
        found: list[RoleResult] = []
        for role in speech_roles(self.shop.profile):
            self.tell(f"role {role.value}")
            found.append(await self._measure(role, runs))
        return tuple(found)

    async def _measure(self, role: Role, runs: int) -> RoleResult:
        engine = self.shop.profile.engines[role]
        try:
            # Warming up hears every recording too: some libraries prepare for each length anew.
            await self._pass(role, engine)
            if not self._watch.calls:
                return RoleResult(role=role.value, engine=engine.name, problem=IDLE)
            costs = [await self._pass(role, engine) for _ in range(runs)]
        except ParleyError as error:
            return RoleResult(role=role.value, engine=engine.name, problem=error.message)
        audio_s = self.spans.audio_s(self.samples)
        return RoleResult(
            role=role.value,
            engine=engine.name,
            ran_on=ran_on(self.shop).get(role.value, ""),
            load_s=load_seconds(self.shop, engine.name),
            wall=spread(wall_s / audio_s for wall_s, _ in costs),
            cpu=spread(cpu_s / audio_s for _, cpu_s in costs),
        )

    async def _pass(self, role: Role, engine: EngineSpec) -> tuple[float, float]:
        """Wall and processor seconds of all calls over all recordings."""
        self._watch.start()
        step = self._steps()[role]
        for sample in self.samples:
            if role == Role.MEDIA or sample.name in self.spans.tracks:
                await step(engine, sample)
        return self._watch.wall_s, self._watch.cpu_s

    def _steps(self) -> Mapping[Role, Callable[[EngineSpec, Sample], Awaitable[None]]]:
        return {
            Role.MEDIA: self._decode,
            Role.VAD: self._find_speech,
            Role.ASR: self._recognise,
            Role.ALIGN: self._refine,
            Role.PUNCTUATION: self._refine,
            Role.SPEAKERS: self._tell_apart,
        }

    async def _decode(self, engine: EngineSpec, sample: Sample) -> None:
        folder = Path(await asyncio.to_thread(tempfile.mkdtemp, dir=self.spans.folder))
        source = os.fsencode(sample.path.resolve())
        request = DecodeMedia(source=source, folder=str(folder), options=self.options.decode)
        try:
            answer = await self._watch.call(engine.name, request, audio_s=0.0)
        except InputError:
            return  # The whole recipe says which recordings cannot be read.
        if sample.name in self.spans.tracks or not isinstance(answer.reply, Decoded):
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        else:
            self.spans.tracks[sample.name] = answer.reply.media.tracks[0]

    async def _find_speech(self, engine: EngineSpec, sample: Sample) -> None:
        track = self.spans.tracks[sample.name]
        finder = SpeechFinder(tools=self._tools(), engine=engine, work="bench", track=track, strict=True)
        islands = await finder.run()
        self.spans.islands.setdefault(sample.name, islands)

    async def _recognise(self, engine: EngineSpec, sample: Sample) -> None:
        recogniser = Recogniser(
            tools=self._tools(),
            engine=engine,
            work="bench",
            track=self.spans.tracks[sample.name],
            options=self.options,
            origin=0.0,
        )
        hearing = await recogniser.run(pack(self._islands(sample), engine.max_stretch_s))
        self.spans.texts.setdefault(self.shop.profile.name, {}).setdefault(sample.name, hearing)

    async def _refine(self, engine: EngineSpec, sample: Sample) -> None:
        known = self.spans.texts.get(self.shop.profile.name, {}).get(sample.name)
        if known is None:
            raise EngineFailed("There is no text, because the recogniser failed.")
        alone = Profile(self.shop.profile.name, {engine.role: engine})
        asked = replace(self.options.recognition, words=engine.role == Role.ALIGN)
        pieces = [replace(each, words=None) for each in known.pieces]
        hearing = Hearing(pieces=pieces, language=known.language)
        track = self.spans.tracks[sample.name]
        options = replace(self.options, recognition=asked)
        refined = await refine(self._tools(), alone, "bench", track, hearing, options)
        if refined.incomplete:
            raise EngineFailed(refined.notices[-1])

    async def _tell_apart(self, engine: EngineSpec, sample: Sample) -> None:
        track = self.spans.tracks[sample.name]
        listener = VoiceListener(self._tools(), engine, "bench", track)
        await listener.run(self._islands(sample), SpeakerCount())
        if listener.incomplete:
            raise EngineFailed("A part of the voices could not be heard.")

    def _islands(self, sample: Sample) -> list[Span]:
        """What the first one found; the whole track where finding failed."""
        track = self.spans.tracks[sample.name]
        return self.spans.islands.setdefault(sample.name, [Span(0.0, track.duration)])

    def _tools(self) -> Tools:
        """What the stages work with: one call at a time, nothing remembered."""
        # It answers what a fleet answers; the stages call nothing else of it.
        fleet = cast("Fleet", self._watch)
        return Tools(store=self.shop.store, fleet=fleet, publish=lambda _: None, in_flight=1, reuse=False)

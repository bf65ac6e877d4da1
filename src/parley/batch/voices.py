"""Stage: take the voices of the speech, then say who speaks when."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from parley.batch.events import Stage
from parley.batch.units import StageRun, Tools, Unit
from parley.engines.contract import EngineSpec
from parley.errors import WorkerError
from parley.signal.naming import mean_voices, name_voices
from parley.signal.windows import Windows, thin
from parley.speech.enrolment import KnownVoice
from parley.speech.media import SAMPLE_RATE_HZ, Clip, PcmTrack
from parley.speech.recognition import SpeakerCount
from parley.speech.span import Span, SpeakerTurn
from parley.wire.frames import Clustered, ClusterVoices, EmbedVoices, Reply, VoiceVectors

UNIT_SPEECH_S = 120.0
"""Speech in one embedding unit: a second of a worker's time, little to lose."""

LONGEST_CLIP_S = 300.0
"""A unit's clip spans the silence between its islands too; this bounds a worker's memory (19 MB)."""

MOST_WINDOWS = 40_000
"""Windows clustered at once, 40 MB in one frame: 5.5 hours of speech in half seconds. Beyond that
neighbouring windows of an island are joined."""


@dataclass(slots=True)
class VoiceListener:
    """Tells the voices of one track apart; `incomplete` says that a part of it could not be heard.

    `names` are those of speakers who are among `known`.
    """

    tools: Tools
    engine: EngineSpec
    work: str
    track: PcmTrack
    known: Sequence[KnownVoice] = ()
    incomplete: bool = False
    names: Mapping[int, str] = field(default_factory=dict[int, str])

    async def run(self, islands: Sequence[Span], count: SpeakerCount) -> tuple[SpeakerTurn, ...]:
        """Turns in seconds of the PCM file, sorted and disjoint; empty without speech."""
        batches = await self.listen(islands)
        if not batches:
            return ()
        request = ClusterVoices(batches=_bounded(batches), count=count)
        seconds = sum(island.duration for island in islands)
        answer = await self.tools.fleet.call(self.engine.name, request, audio_s=seconds, priority=1)
        self.tools.cost(Stage.CLUSTER).cpu_s += answer.cpu_s
        self.tools.cost(Stage.CLUSTER).units_done += 1
        turns = answer.reply.turns if isinstance(answer.reply, Clustered) else ()
        if self.known:
            vectors = await self.tools.store.voices.vectors([voice.key for voice in self.known])
            self.names = await asyncio.to_thread(self._name, batches, turns, vectors)
        return turns

    async def listen(self, islands: Sequence[Span]) -> list[VoiceVectors]:
        """The voices of the islands, windows in seconds of the PCM file."""
        units = self._units(islands)
        if not units:
            return []
        # Recognition goes first: its text is what the user waits for.
        embed = StageRun(
            self.tools, Stage.EMBED, self.work, self.engine, priority=1, isolate=self._do_without
        )
        replies = await embed.run(units)
        return [_absolute(unit, reply) for unit, reply in zip(units, replies, strict=True)]

    def _name(
        self, batches: Sequence[VoiceVectors], turns: Sequence[SpeakerTurn], vectors: Mapping[str, bytes]
    ) -> Mapping[int, str]:
        """Names of the speakers; a voice that was removed since it was asked for names nobody."""
        known = {voice.name: vector_of(vectors[voice.key]) for voice in self.known if voice.key in vectors}
        return name_voices(mean_voices(*unpack(batches), turns), known, self.engine.same_voice)

    def _units(self, islands: Sequence[Span]) -> list[Unit]:
        groups: list[list[Span]] = []
        filled_s = UNIT_SPEECH_S
        for island in islands:
            is_far = bool(groups) and island.end - groups[-1][0].start > LONGEST_CLIP_S
            if filled_s + island.duration > UNIT_SPEECH_S or is_far:
                groups.append([])
                filled_s = 0.0
            groups[-1].append(island)
            filled_s += island.duration
        return [self._unit(index, group) for index, group in enumerate(groups)]

    def _unit(self, index: int, islands: Sequence[Span]) -> Unit:
        first = int(islands[0].start * SAMPLE_RATE_HZ)
        last = min(self.track.samples, round(islands[-1].end * SAMPLE_RATE_HZ))
        inside = tuple(island.shifted(-first / SAMPLE_RATE_HZ) for island in islands)
        clip = Clip(path=self.track.path, first=first, last=last)
        seconds = sum(island.duration for island in islands)
        return Unit(index=index, request=EmbedVoices(clip=clip, islands=inside), audio_s=seconds)

    async def _do_without(self, unit: Unit, error: WorkerError) -> Reply:
        """Words in a part without voices go to the nearest speaker."""
        self.incomplete = True
        return VoiceVectors(windows=b"", vectors=b"", dimension=1)


def _absolute(unit: Unit, reply: Reply) -> VoiceVectors:
    """Windows relative to the unit's clip become seconds of the PCM file."""
    if not (isinstance(reply, VoiceVectors) and isinstance(unit.request, EmbedVoices)):
        raise TypeError(f"a speakers engine answered {type(reply).__name__}")
    windows = np.frombuffer(reply.windows, dtype=np.float64) + unit.request.clip.first / SAMPLE_RATE_HZ
    return VoiceVectors(windows=windows.tobytes(), vectors=reply.vectors, dimension=reply.dimension)


def unpack(batches: Sequence[VoiceVectors]) -> tuple[Windows, npt.NDArray[np.float32]]:
    """Windows (n, 2) in seconds and vectors (n, d) of all batches, sorted by start."""
    heard = [batch for batch in batches if batch.windows]
    if not heard:
        return np.zeros((0, 2)), np.zeros((0, 1), dtype=np.float32)
    windows = np.concatenate([np.frombuffer(batch.windows, dtype="<f8").reshape(-1, 2) for batch in heard])
    vectors = np.concatenate(
        [np.frombuffer(batch.vectors, dtype="<f2").reshape(-1, batch.dimension) for batch in heard]
    )
    order = np.argsort(windows[:, 0], kind="stable")
    return windows[order], vectors[order].astype(np.float32)


def vector_of(stored: bytes) -> npt.NDArray[np.float32]:
    """An enrolled voice as it is stored: little-endian float32."""
    return np.frombuffer(stored, dtype="<f4")


def _bounded(batches: Sequence[VoiceVectors]) -> tuple[VoiceVectors, ...]:
    """The batches that hold windows, together at most about MOST_WINDOWS of them."""
    heard = [batch for batch in batches if batch.windows]
    total = sum(_length(batch) for batch in heard)
    if total <= MOST_WINDOWS:
        return tuple(heard)
    return tuple(_thinned(batch, max(1, _length(batch) * MOST_WINDOWS // total)) for batch in heard)


def _length(batch: VoiceVectors) -> int:
    return len(batch.windows) // 16  # two float64 each


def _thinned(batch: VoiceVectors, most: int) -> VoiceVectors:
    windows = np.frombuffer(batch.windows, dtype=np.float64).reshape(-1, 2)
    vectors = np.frombuffer(batch.vectors, dtype=np.float16).reshape(-1, batch.dimension)
    fewer, means = thin(windows, vectors.astype(np.float32), most)
    return VoiceVectors(
        windows=fewer.tobytes(), vectors=means.astype(np.float16).tobytes(), dimension=batch.dimension
    )

"""Stage: find speech; each unit is a window of the recording with some sound before and after it."""

from __future__ import annotations

from dataclasses import dataclass, field

from parley.batch.events import Stage
from parley.batch.units import StageRun, Tools, Unit
from parley.engines.contract import EngineSpec
from parley.errors import WorkerError
from parley.signal.islands import join_islands
from parley.speech.media import SAMPLE_RATE_HZ, Clip, PcmTrack
from parley.speech.span import Span
from parley.speech.transcript import FailedSpan
from parley.wire.frames import FindSpeech, Reply, SpeechFound

WINDOW_S = 300.0
"""Long enough that a unit costs more than its bookkeeping (0.3 s of a core with Silero), short
enough that all workers are busy on an hour of audio."""

CONTEXT_S = 16.0
"""Sound a recurrent detector hears before and after its window, so that it is nearly in the state it
would be in: Silero's islands differ at one window border in five with 4 s, at one in eight with 16 s."""


@dataclass(slots=True)
class SpeechFinder:
    """Finds the islands of one track; windows that no worker survives become failed spans.

    With `strict` they raise instead.
    """

    tools: Tools
    engine: EngineSpec
    work: str
    track: PcmTrack
    strict: bool
    failed: list[FailedSpan] = field(default_factory=list[FailedSpan])

    async def run(self) -> list[Span]:
        """Islands of speech in seconds of the PCM file, sorted and disjoint."""
        units = self._units()
        run = StageRun(self.tools, Stage.FIND_SPEECH, self.work, self.engine, isolate=self._give_up)
        replies = await run.run(units)
        return join_islands(_inside(unit, reply) for unit, reply in zip(units, replies, strict=True))

    def _units(self) -> list[Unit]:
        size, context = int(WINDOW_S * SAMPLE_RATE_HZ), int(CONTEXT_S * SAMPLE_RATE_HZ)
        samples = self.track.samples
        units: list[Unit] = []
        for index, first in enumerate(range(0, samples, size)):
            last = min(samples, first + size)
            heard = (max(0, first - context), min(samples, last + context))
            clip = Clip(path=self.track.path, first=heard[0], last=heard[1])
            request = FindSpeech(clip=clip)
            units.append(Unit(index=index, request=request, audio_s=(last - first) / SAMPLE_RATE_HZ))
        return units

    async def _give_up(self, unit: Unit, error: WorkerError) -> Reply:
        if self.strict:
            raise error
        start = unit.index * WINDOW_S
        self.failed.append(
            FailedSpan(
                start=start,
                end=start + unit.audio_s,
                code=error.code,
                message=error.message,
                channel=self.track.channel,
            )
        )
        return SpeechFound(islands=())


def _inside(unit: Unit, reply: Reply) -> list[Span]:
    """What was found, in seconds of the PCM file, cut to the window proper."""
    if not (isinstance(reply, SpeechFound) and isinstance(unit.request, FindSpeech)):
        return []
    origin = unit.request.clip.first / SAMPLE_RATE_HZ
    start = unit.index * WINDOW_S
    end = start + unit.audio_s
    found = (island.shifted(origin) for island in reply.islands)
    cut = (Span(max(island.start, start), min(island.end, end)) for island in found)
    return [island for island in cut if island.end > island.start]

"""Stage: recognise packed speech; each unit is a few stretches in a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from parley.batch.events import Heard, Stage
from parley.batch.options import RecipeOptions
from parley.batch.units import UNIT_FAILURES, StageRun, Tools, Unit
from parley.engines.contract import EngineSpec
from parley.errors import WorkerError
from parley.signal.packing import with_margins
from parley.speech.media import SAMPLE_RATE_HZ, Clip, PcmTrack
from parley.speech.recognition import Piece, Recognition
from parley.speech.span import Span
from parley.speech.transcript import FailedSpan, Segment
from parley.wire.frames import Recognise, Recognised, Reply, StretchRef


@dataclass(slots=True)
class Hearing:
    """What was recognised on one track, in seconds of its PCM file, ordered by start.

    `incomplete` says that another try may give more; `notices` are for the user.
    """

    pieces: list[Piece] = field(default_factory=list[Piece])
    failed: list[FailedSpan] = field(default_factory=list[FailedSpan])
    language: str | None = None
    notices: list[str] = field(default_factory=list[str])
    incomplete: bool = False


@dataclass(slots=True, kw_only=True)
class Recogniser:
    """Recognises the stretches of one track and tells each text as it comes.

    A stretch that kills every worker that takes it, or that the engine cannot do, becomes a failed
    span of the result, unless `options.fail_on_lost_speech` lets the error through. `origin` is
    the second of the recording at which the PCM file begins.
    """

    tools: Tools
    engine: EngineSpec
    work: str
    track: PcmTrack
    options: RecipeOptions
    origin: float
    failed: list[FailedSpan] = field(default_factory=list[FailedSpan])

    async def run(self, stretches: Sequence[Sequence[Span]]) -> Hearing:
        """Every stretch is a run of islands, in seconds of the PCM file."""
        units = self._units(stretches)
        run = StageRun(self.tools, Stage.RECOGNISE, self.work, self.engine, isolate=self._isolate)
        replies = await run.run(units, self._tell)
        hearing = Hearing(failed=self.failed)
        for unit, reply in zip(units, replies, strict=True):
            hearing.pieces.extend(_pieces(unit, reply))
            self._note(hearing, reply)
            if unit.index in run.fresh:
                self._account(reply)
        return hearing

    def _units(self, stretches: Sequence[Sequence[Span]]) -> list[Unit]:
        """Consecutive stretches, together up to `unit_seconds` of audio."""
        groups: list[list[StretchRef]] = []
        filled_s = self.options.unit_seconds
        clips = with_margins(stretches, self.track.duration)
        for islands, clip in zip(stretches, clips, strict=True):
            ref = _reference(self.track, islands, clip)
            if filled_s + ref.clip.duration > self.options.unit_seconds:
                groups.append([])
                filled_s = 0.0
            groups[-1].append(ref)
            filled_s += ref.clip.duration
        return [self._unit(index, group) for index, group in enumerate(groups)]

    def _unit(self, index: int, group: Sequence[StretchRef]) -> Unit:
        request = Recognise(stretches=tuple(group), options=self.options.recognition)
        return Unit(index=index, request=request, audio_s=sum(ref.clip.duration for ref in group))

    def _tell(self, unit: Unit, reply: Reply) -> None:
        for piece in _pieces(unit, reply):
            if piece.text:
                start, end = piece.start + self.origin, piece.end + self.origin
                segment = Segment(start=start, end=end, text=piece.text, channel=self.track.channel)
                self.tools.publish(Heard(segment))

    def _note(self, hearing: Hearing, reply: Reply) -> None:
        for recognition in _recognitions(reply):
            hearing.language = hearing.language or recognition.language
            hearing.notices.extend(note for note in recognition.notices if note not in hearing.notices)

    def _account(self, reply: Reply) -> None:
        """Placing happens inside the recognise call; its cost is told apart."""
        placing = sum(recognition.place_cpu_s for recognition in _recognitions(reply))
        self.tools.cost(Stage.PLACE).cpu_s += placing
        self.tools.cost(Stage.RECOGNISE).cpu_s -= placing

    async def _isolate(self, unit: Unit, error: WorkerError) -> Reply:
        """Find out which stretch of a unit is to blame and lose only that one; alone, a stretch that
        was too much for a device's memory beside others may pass."""
        request = unit.request
        if self.options.fail_on_lost_speech or not isinstance(request, Recognise):
            raise error
        if len(request.stretches) == 1:
            return Recognised(recognitions=(self._give_up(request.stretches[0], error),))
        alone = [await self._alone(request, ref) for ref in request.stretches]
        return Recognised(recognitions=tuple(alone))

    async def _alone(self, request: Recognise, ref: StretchRef) -> Recognition:
        single = Recognise(stretches=(ref,), options=request.options)
        try:
            answer = await self.tools.fleet.call(self.engine.name, single, audio_s=ref.clip.duration)
        except UNIT_FAILURES as failure:
            return self._give_up(ref, failure)
        self.tools.cost(Stage.RECOGNISE).cpu_s += answer.cpu_s
        return _recognitions(answer.reply)[0]

    def _give_up(self, ref: StretchRef, error: WorkerError) -> Recognition:
        lost = FailedSpan(
            start=ref.clip.first / SAMPLE_RATE_HZ,
            end=ref.clip.last / SAMPLE_RATE_HZ,
            code=error.code,
            message=error.message,
            channel=self.track.channel,
        )
        self.failed.append(lost)
        return Recognition(pieces=())


def _reference(track: PcmTrack, islands: Sequence[Span], clip: Span) -> StretchRef:
    first = int(clip.start * SAMPLE_RATE_HZ)
    last = min(track.samples, round(clip.end * SAMPLE_RATE_HZ))
    length = (last - first) / SAMPLE_RATE_HZ
    shifted = (island.shifted(-first / SAMPLE_RATE_HZ) for island in islands)
    inside = tuple(Span(max(0.0, island.start), min(island.end, length)) for island in shifted)
    return StretchRef(clip=Clip(path=track.path, first=first, last=last), islands=inside)


def _recognitions(reply: Reply) -> tuple[Recognition, ...]:
    return reply.recognitions if isinstance(reply, Recognised) else ()


def _pieces(unit: Unit, reply: Reply) -> list[Piece]:
    """The pieces of a unit in seconds of the PCM file."""
    refs = unit.request.stretches if isinstance(unit.request, Recognise) else ()
    return [
        _shifted(piece, ref.clip.first / SAMPLE_RATE_HZ)
        for ref, recognition in zip(refs, _recognitions(reply), strict=True)
        for piece in recognition.pieces
    ]


def _shifted(piece: Piece, seconds: float) -> Piece:
    words = piece.words and tuple(
        replace(word, start=word.start + seconds, end=word.end + seconds) for word in piece.words
    )
    return replace(piece, start=piece.start + seconds, end=piece.end + seconds, words=words)

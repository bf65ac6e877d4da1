"""Stage: recognise packed speech; each unit is a few stretches in a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from parley.batch.events import Heard, Stage
from parley.batch.options import RecipeOptions, seconds_at_once
from parley.batch.units import StageRun, Tools, Unit
from parley.engines.contract import EngineSpec
from parley.errors import WorkerError
from parley.signal.packing import with_margins
from parley.speech.media import SAMPLE_RATE_HZ, Clip, PcmTrack
from parley.speech.recognition import Piece, Recognition, RecognitionOptions
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
        # Who wants all or nothing hears of the first loss; less memory is no loss.
        isolate = None if self.options.fail_on_lost_speech else self._give_up
        run = StageRun(
            self.tools, Stage.RECOGNISE, self.work, self.engine, isolate=isolate, parts=_Stretches()
        )
        replies = await run.run(units, self._tell)
        hearing = Hearing(failed=self.failed)
        for unit, reply in zip(units, replies, strict=True):
            hearing.pieces.extend(_pieces(unit, reply))
            self._note(hearing, reply)
            if unit.index in run.fresh:
                self._account(reply)
        return hearing

    def _units(self, stretches: Sequence[Sequence[Span]]) -> list[Unit]:
        """Consecutive stretches, together as much audio as the engine is best given."""
        most_s = seconds_at_once(self.options, self.engine)
        groups: list[list[StretchRef]] = []
        filled_s = most_s
        clips = with_margins(stretches, self.track.duration)
        for islands, clip in zip(stretches, clips, strict=True):
            ref = _reference(self.track, islands, clip)
            if filled_s + ref.clip.duration > most_s:
                groups.append([])
                filled_s = 0.0
            groups[-1].append(ref)
            filled_s += ref.clip.duration
        asked = self.options.recognition
        return [_unit(index, group, asked) for index, group in enumerate(groups)]

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

    async def _give_up(self, unit: Unit, error: WorkerError) -> Reply:
        """A stretch that is lost, of which the transcript says so."""
        request = unit.request
        if not isinstance(request, Recognise):
            raise error
        self.failed.extend(self._lost(ref, error) for ref in request.stretches)
        return Recognised(recognitions=tuple(Recognition(pieces=()) for _ in request.stretches))

    def _lost(self, ref: StretchRef, error: WorkerError) -> FailedSpan:
        return FailedSpan(
            start=ref.clip.first / SAMPLE_RATE_HZ,
            end=ref.clip.last / SAMPLE_RATE_HZ,
            code=error.code,
            message=error.message,
            channel=self.track.channel,
        )


class _Stretches:
    """Units come apart between their stretches."""

    def cut(self, unit: Unit, *, in_two: bool) -> Sequence[Unit]:
        request = unit.request
        if not isinstance(request, Recognise) or len(request.stretches) == 1:
            return (unit,)
        stretches = request.stretches
        size = (len(stretches) + 1) // 2 if in_two else 1
        groups = (stretches[first : first + size] for first in range(0, len(stretches), size))
        return [_unit(unit.index, group, request.options) for group in groups]

    def join(self, replies: Sequence[Reply]) -> Reply:
        recognitions = (each for reply in replies for each in _recognitions(reply))
        return Recognised(recognitions=tuple(recognitions))


def _unit(index: int, group: Sequence[StretchRef], options: RecognitionOptions) -> Unit:
    request = Recognise(stretches=tuple(group), options=options)
    return Unit(index=index, request=request, audio_s=sum(ref.clip.duration for ref in group))


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

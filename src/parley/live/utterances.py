"""An utterance while it goes on and until it is told, and the speech that is known of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from parley.signal.packing import MARGIN_S, pack, with_margins
from parley.speech.media import SAMPLE_RATE_HZ
from parley.speech.recognition import Piece
from parley.speech.span import Span


def sample_at(seconds: float) -> int:
    """The sample that is heard at this time of the session."""
    return round(seconds * SAMPLE_RATE_HZ)


@dataclass(frozen=True, slots=True)
class Part:
    """Audio of an utterance, in samples of the session, and the speech in it in seconds of the session."""

    first: int
    last: int
    islands: tuple[Span, ...]

    @property
    def inside(self) -> tuple[Span, ...]:
        """The speech in seconds from the first sample, within the audio."""
        start_s, length_s = self.first / SAMPLE_RATE_HZ, (self.last - self.first) / SAMPLE_RATE_HZ
        moved = (island.shifted(-start_s) for island in self.islands)
        clipped = (Span(max(0.0, each.start), min(each.end, length_s)) for each in moved)
        return tuple(each for each in clipped if each.end > each.start)

    @property
    def duration(self) -> float:
        """Seconds of audio."""
        return (self.last - self.first) / SAMPLE_RATE_HZ


@dataclass(slots=True, kw_only=True, eq=False)
class Utterance:
    """`first` is the sample where its audio begins; times are seconds of the session.

    While it goes on, `heard` is how far the detector is, `islands` the speech that has ended, `open_since`
    the one that goes on, and `tail_s` how much sound behind the last one belongs to it, once that is
    known. Whatever happens next, the audio before `sure` is part of it. `whole` is all of it, once it has
    ended, which was decided at the sample `decided`.
    `number` is given when it is first told, `shown` was told last, `promised` is the part that stays.
    `is_mute` says that partial texts of it fail.
    """

    start: float
    first: int
    heard: int
    islands: list[Span] = field(default_factory=list[Span])
    open_since: float | None = None
    tail_s: float | None = None
    sure: int = 0
    whole: Part | None = None
    end: float = 0.0
    decided: int = 0
    number: int | None = None
    shown: str = ""
    promised: str = ""
    is_mute: bool = False

    @property
    def is_paused(self) -> bool:
        """Whether nobody speaks at the moment."""
        return self.open_since is None and bool(self.islands)

    @property
    def is_quiet(self) -> bool:
        """Whether a pause has lasted so long that its sound will not change what was said before."""
        known = self.is_paused and self.tail_s is not None
        return known and sample_at(self.islands[-1].end + (self.tail_s or 0.0)) <= self.heard

    @property
    def so_far(self) -> Part:
        """What can be recognised now; in a pause no more than what will be its end if nobody goes on."""
        islands, last = list(self.islands), self.heard
        if self.open_since is not None:
            islands.append(Span(self.open_since, self.heard / SAMPLE_RATE_HZ))
        elif islands and self.tail_s is not None:
            last = min(last, sample_at(islands[-1].end + self.tail_s))
        return Part(self.first, max(self.first, last), tuple(islands))

    def grow(self, islands: Sequence[Span], open_since: float | None, heard: int) -> None:
        """Take all that the detector says of late; what belongs to utterances before is left out."""
        self.islands = []
        for island in islands:
            if island.end > self.start:
                self._add(Span(max(self.start, island.start), island.end))
        self.open_since = None if open_since is None else max(self.start, open_since)
        self.heard = heard

    def _add(self, island: Span) -> None:
        if self.islands and island.start <= self.islands[-1].end:
            island = Span(self.islands.pop().start, island.end)
        self.islands.append(island)


def cut(part: Part, longest_s: float) -> list[Part]:
    """Parts of at most `longest_s`, so that a recogniser takes each."""
    if part.duration <= longest_s or not part.islands:
        return [part]
    stretches = pack(part.islands, longest_s)
    start_s, end_s = part.first / SAMPLE_RATE_HZ, part.last / SAMPLE_RATE_HZ
    spans = with_margins(stretches, end_s)
    return [
        Part(max(part.first, sample_at(max(start_s, span.start))), sample_at(span.end), tuple(stretch))
        for stretch, span in zip(stretches, spans, strict=True)
    ]


def shifted(piece: Piece, seconds: float) -> Piece:
    """The same piece in seconds of the session."""
    words = piece.words and tuple(
        replace(word, start=word.start + seconds, end=word.end + seconds) for word in piece.words
    )
    return replace(piece, start=piece.start + seconds, end=piece.end + seconds, words=words)


__all__ = ["MARGIN_S", "Part", "Utterance", "cut", "sample_at", "shifted"]

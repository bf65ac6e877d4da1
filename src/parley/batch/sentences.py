"""Cuts and joins pieces of recognised text into sentences whose words have times."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from statistics import fmean

from parley.signal.sentences import ends_sentence, split_sentences
from parley.signal.tokens import Token, is_unspaced, join_texts, spread_tokens, tokens_of_words
from parley.speech.recognition import Piece
from parley.speech.transcript import Word

JOIN_GAP_S = 1.5
"""A longer silence ends a sentence even where no mark does: recognisers without punctuation need it."""

LONGEST_JOINED_S = 20.0
"""Pieces are not joined beyond this; a reader loses the thread, and an editor the place."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """Tokens in order, each with the piece it comes from."""

    tokens: Sequence[Token]
    pieces: Sequence[Piece]

    @property
    def start(self) -> float:
        """Seconds at which the first token begins."""
        return self.tokens[0].start

    @property
    def end(self) -> float:
        """Seconds at which the last token ends."""
        return self.tokens[-1].end

    @property
    def text(self) -> str:
        """The text without white space around it."""
        return "".join(token.text for token in self.tokens).strip()

    @property
    def words(self) -> tuple[Word, ...] | None:
        """The recogniser's words, or None where it gave none."""
        return tuple(token.word for token in self.tokens if token.word) or None

    @property
    def phrases(self) -> tuple[Word, ...] | None:
        """What was said between two pauses, one per piece; None where words or a single piece say it all."""
        if self.words or self.pieces[0] is self.pieces[-1]:
            return None
        return tuple(self._phrase([token for token, _ in run]) for run in self._runs())

    @property
    def confidence(self) -> float | None:
        """Mean of the pieces' confidences, None where there are none."""
        known = [run[0][1].confidence for run in self._runs()]
        values = [value for value in known if value is not None]
        return fmean(values) if values else None

    @property
    def raw_text(self) -> str | None:
        """Text before punctuation; None where that is the same or was not cut where this is."""
        whole = all("".join(t.text for t, _ in run).strip() == run[0][1].text.strip() for run in self._runs())
        raw = [run[0][1].raw_text or run[0][1].text for run in self._runs()]
        return join_texts(raw) if whole and any(run[0][1].raw_text for run in self._runs()) else None

    @property
    def tags(self) -> tuple[str, ...]:
        """Everything the pieces were tagged with."""
        return tuple(dict.fromkeys(tag for piece in self.pieces for tag in piece.tags))

    def part(self, first: int, after: int) -> Sentence:
        """Tokens `first` up to `after`, as a sentence."""
        return Sentence(self.tokens[first:after], self.pieces[first:after])

    def clipped(self, start: float, end: float) -> Sentence:
        """The same sentence, not beginning before `start` nor ending after `end` (as far as order allows)."""
        tokens = list(self.tokens)
        tokens[0] = replace(tokens[0], start=min(max(tokens[0].start, start), tokens[0].end))
        tokens[-1] = replace(tokens[-1], end=max(min(tokens[-1].end, end), tokens[-1].start))
        return Sentence(tokens, self.pieces)

    def _runs(self) -> list[list[tuple[Token, Piece]]]:
        paired = zip(self.tokens, self.pieces, strict=True)
        return [list(run) for _, run in groupby(paired, key=lambda pair: id(pair[1]))]

    @staticmethod
    def _phrase(tokens: Sequence[Token]) -> Word:
        text = "".join(token.text for token in tokens).strip()
        return Word(text=text, start=tokens[0].start, end=tokens[-1].end)


def sentences_of(pieces: Sequence[Piece]) -> list[Sentence]:
    """The sentences of pieces ordered by start: cut at marks, joined over pauses that end none."""
    return [sentence for run in _together(pieces) for sentence in _cut(run)]


def _together(pieces: Sequence[Piece]) -> Iterator[list[Piece]]:
    """Runs of pieces within which a sentence may go on."""
    run: list[Piece] = []
    for piece in pieces:
        if not piece.text.strip():
            continue
        if run and not _goes_on(run, piece):
            yield run
            run = []
        run.append(piece)
    if run:
        yield run


def _goes_on(run: Sequence[Piece], piece: Piece) -> bool:
    if ends_sentence(run[-1].text.rstrip()) or piece.start - run[-1].end >= JOIN_GAP_S:
        return False
    # The sentence that is open began in the last piece in which another one ended.
    begun = next((old for old in reversed(run) if len(split_sentences(old.text)) > 1), run[0])
    return piece.end - begun.start <= LONGEST_JOINED_S


def _cut(run: Sequence[Piece]) -> Iterator[Sentence]:
    paired = [(token, piece) for piece in run for token in _tokens(piece, last=piece is run[-1])]
    first = 0
    spoken = 0
    borders = 0
    for text in split_sentences("".join(token.text for token, _ in paired)):
        borders += len(text)
        after = first
        while after < len(paired) and spoken < borders:
            spoken += len(paired[after][0].text)
            after += 1
        if after > first:
            yield Sentence(
                [token for token, _ in paired[first:after]], [piece for _, piece in paired[first:after]]
            )
        first = after


def _tokens(piece: Piece, *, last: bool) -> list[Token]:
    text = piece.text.strip()
    if not last and not is_unspaced(text):
        text += " "
    tokens = tokens_of_words(text, piece.words) if piece.words else []
    return tokens or spread_tokens(text, piece.start, piece.end)

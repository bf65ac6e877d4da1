"""Texts whose tokens have times: from a recogniser's symbols to words, and to pieces inside islands.

For recognisers that say when each token is spoken (Paraformer, CTC and transducer models). Nothing is
left out of the text: what such models repeat was said repeatedly, as in a number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby, pairwise

from parley.signal.grouping import nearest
from parley.signal.sentences import split_sentences
from parley.signal.tokens import Token, is_said, is_unspaced, spread_tokens
from parley.speech.recognition import Piece
from parley.speech.span import Span
from parley.speech.transcript import Word

LONGEST_TOKEN_S = 0.6
"""A token ends where the next begins, but a syllable lasts no longer than this; the rest is a pause."""

PAUSE_S = 1.0
"""Tokens of one island with more than this between them are told apart."""

LEAST_SPAN_S = 0.02
"""What is left of tokens whose times lie outside their island is spread over the island below this."""

_BYTE = re.compile(r"<0x([0-9A-Fa-f]{2})>")

_MARK = re.compile(r"<(?:unk|s|/s|blk|blank|sil|sos/eos|\|[^|]*\|)>", re.IGNORECASE)
"""What stands for no text: unknown words, borders, and what SenseVoice hears beside speech."""


def spell_joined(symbols: Iterable[str]) -> list[str]:
    """Symbols where "@@" means that the word goes on (Paraformer), spelt with a space in front of words.

    Marks are "".
    """
    spelt: list[str] = []
    before, goes_on = "", False
    for symbol in symbols:
        if _MARK.fullmatch(symbol):
            spelt.append("")
            continue
        text = symbol.removesuffix("@@") if len(symbol) > 2 else symbol
        is_spaced = not goes_on and bool(before) and not (is_unspaced(text) and is_unspaced(before))
        spelt.append(f" {text}" if is_spaced else text)
        before, goes_on = text, text != symbol
    return spelt


def spell_pieces(symbols: Iterable[str]) -> list[str]:
    """Symbols of SentencePiece, where "▁" stands for the space in front of a word and bytes for themselves.

    What bytes spell together is told with the first of them, and the others are ""; so are marks.
    """
    spelt: list[str] = []
    for is_byte, group in groupby(symbols, key=lambda symbol: _BYTE.fullmatch(symbol) is not None):
        members = list(group)
        if is_byte:
            raw = bytes(int(member[3:5], 16) for member in members)
            spelt += [raw.decode("utf-8", errors="ignore"), *[""] * (len(members) - 1)]
        else:
            spelt += ["" if _MARK.fullmatch(member) else member.replace("▁", " ") for member in members]
    return spelt


def words_of(spelt: Sequence[str], starts: Sequence[float], end: float) -> list[Token]:
    """Words (Chinese: characters) of symbols that are spelt with the space in front of them.

    `starts` are the seconds at which the symbols begin, one for one and in order, as far as the
    model keeps to that; none lies after `end`. Joined, the tokens are the text again.
    """
    tokens: list[Token] = []
    at = 0.0
    for text, start in zip(spelt, starts, strict=True):
        at = min(max(at, start), end)
        if not text and not tokens:
            continue
        if tokens and (not text.strip() or not _begins(tokens[-1].text, text)):
            tokens[-1] = Token(tokens[-1].text + text, tokens[-1].start, at)
        else:
            tokens.append(Token(text, at, at))
    return _with_ends(tokens, end)


def _begins(before: str, text: str) -> bool:
    """Whether a word begins with this symbol; marks belong to the word in front of them."""
    if not is_said(text):
        return False
    return text[:1].isspace() or before[-1:].isspace() or is_unspaced(text) or is_unspaced(before)


def _with_ends(tokens: Sequence[Token], end: float) -> list[Token]:
    """A token's `end` is that of its last symbol's beginning, until the next token limits it."""
    nexts = [*(token.start for token in tokens[1:]), *[end][: len(tokens)]]
    return [
        replace(token, end=max(token.start, min(after, token.end + LONGEST_TOKEN_S)))
        for token, after in zip(tokens, nexts, strict=True)
    ]


def spread_over(text: str, islands: Sequence[Span]) -> list[Token]:
    """Words of a text without times, in proportion to letters over the islands as if there were no pauses."""
    spoken_s = sum(island.duration for island in islands)
    return [
        replace(token, start=_place(token.start, islands), end=_place(token.end, islands))
        for token in spread_tokens(text, 0.0, spoken_s)
    ]


def _place(spoken_s: float, islands: Sequence[Span]) -> float:
    """The moment at which so many seconds of speech have passed."""
    for island in islands:
        if spoken_s <= island.duration:
            return island.start + spoken_s
        spoken_s -= island.duration
    return islands[-1].end


def pieces_of(tokens: Sequence[Token], islands: Sequence[Span], *, words: bool = False) -> tuple[Piece, ...]:
    """Pieces inside one island each, in order: whole sentences, and what lies between long pauses.

    `islands` are sorted and disjoint. A token belongs to the island its beginning is next to, never to
    one before that of the token in front; its times are moved inside. With `words` each piece has them.
    """
    if not islands:
        return ()
    placed = _in_islands(tokens, islands)
    return tuple(
        _piece(run, words)
        for island, group in groupby(placed, key=lambda pair: pair[0])
        for run in _runs(_squeezed([token for _, token in group], islands[island]))
        if any(is_said(token.text) for token in run)
    )


def _in_islands(tokens: Iterable[Token], islands: Sequence[Span]) -> Iterator[tuple[int, Token]]:
    island = 0
    for token in tokens:
        island = nearest(islands, token.start, island)
        yield island, token


def _squeezed(tokens: Sequence[Token], island: Span) -> list[Token]:
    """The tokens with times inside the island, none before the end of the one in front."""
    squeezed: list[Token] = []
    at = island.start
    for token in tokens:
        start = min(max(token.start, at), island.end)
        at = min(max(token.end, start), island.end)
        squeezed.append(replace(token, start=start, end=at))
    if squeezed[-1].end - squeezed[0].start >= min(LEAST_SPAN_S, island.duration):
        return squeezed
    borders = [island.start + island.duration * index / len(tokens) for index in range(len(tokens))]
    pairs = pairwise([*borders, island.end])
    return [replace(token, start=a, end=b) for token, (a, b) in zip(tokens, pairs, strict=True)]


def _runs(tokens: Sequence[Token]) -> list[list[Token]]:
    """Tokens one after another, cut where a sentence ends and where a long pause lies.

    What has no time of its own is told together with its neighbour.
    """
    ends = _sentence_ends(tokens)
    runs: list[list[Token]] = [[]]
    for index, token in enumerate(tokens):
        run = runs[-1]
        is_border = index in ends or (bool(run) and token.start - run[-1].end > PAUSE_S)
        if run and is_border and run[-1].end - run[0].start >= LEAST_SPAN_S:
            runs.append([])
        runs[-1].append(token)
    if len(runs) > 1 and runs[-1][-1].end - runs[-1][0].start < LEAST_SPAN_S:
        runs[-2:] = [runs[-2] + runs[-1]]
    return runs


def _sentence_ends(tokens: Sequence[Token]) -> set[int]:
    """Indices of the tokens in which a sentence begins that is not the first."""
    borders: set[int] = set()
    lengths = 0
    for sentence in split_sentences("".join(token.text for token in tokens)):
        lengths += len(sentence)
        borders.add(lengths)
    passed = 0
    found: set[int] = set()
    for index, token in enumerate(tokens):
        # The space in front of a word belongs to the sentence before.
        if passed in borders or passed + len(token.text) - len(token.text.lstrip()) in borders:
            found.add(index)
        passed += len(token.text)
    return found


def _piece(run: Sequence[Token], words: bool) -> Piece:
    spoken = tuple(
        Word(text=token.text.strip(), start=token.start, end=token.end) for token in run if token.text.strip()
    )
    return Piece(
        start=run[0].start,
        end=run[-1].end,
        text="".join(token.text for token in run).strip(),
        words=spoken if words else None,
    )

"""From the tokens of FunASR's recognisers to words with times, and to pieces of text."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from parley.engines.contract import Stretch
from parley.engines.funasr_models import library
from parley.signal.grouping import runs_of
from parley.signal.tokens import Token
from parley.speech.media import SAMPLE_RATE_HZ
from parley.speech.recognition import Piece
from parley.speech.transcript import Word

_SILENT = frozenset({"<s>", "</s>", "<unk>", "<OOV>", "<blank>", ""})
_SPACED = re.compile(r"[A-Za-z0-9\u00c0-\u024f\uac00-\ud7a3]")
"""Letters of scripts that put spaces between words, as far as these recognisers write them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """A word, or a Chinese character, and its seconds; `log` is the mean log probability of its tokens,
    None where that is not known, `mark` the punctuation behind it."""

    text: str
    start: float
    end: float
    log: float | None = None
    mark: str = ""


def spoken_of(
    tokens: Sequence[str], logs: Sequence[float] | None, times: Sequence[tuple[int, int]], duration: float
) -> list[Spoken]:
    """Words of tokens, put together as FunASR does; `times` are milliseconds of the first of them.

    Where FunASR cannot tell the times of all, those at the end share what is left of `duration`.
    """
    if not tokens:
        return []
    filled = [*times[: len(tokens)], *_rest(len(tokens) - len(times), times, duration)]
    own = _joined(tokens, [0.0] * len(tokens) if logs is None else logs, filled)
    if logs is None:
        own = [replace(word, log=None) for word in own]
    theirs = _as_funasr(tokens, filled)
    if theirs is None:
        return own
    log = None if logs is None else fmean(logs)
    known = [word.log for word in own] if len(own) == len(theirs) else [log] * len(theirs)
    return [
        Spoken(text=text, start=max(0.0, start / 1000), end=max(0.0, end / 1000), log=sure)
        for (text, start, end), sure in zip(theirs, known, strict=True)
    ]


def _rest(missing: int, times: Sequence[tuple[int, int]], duration: float) -> list[tuple[int, int]]:
    first = times[-1][1] if times else 0
    step = max(0.0, 1000 * duration - first) / max(1, missing)
    return [(round(first + step * at), round(first + step * (at + 1))) for at in range(missing)]


def _as_funasr(tokens: Sequence[str], times: Sequence[tuple[int, int]]) -> list[tuple[str, int, int]] | None:
    """Its words (it joins letters that were spelled), None where it loses the thread."""
    sentence_postprocess = library("funasr.utils.postprocess_utils").sentence_postprocess

    try:
        _, spans, words = sentence_postprocess(list(tokens), [list(span) for span in times])
    except IndexError:
        return None
    if len(spans) != len(words):
        return None
    return [(word, int(start), int(end)) for word, (start, end) in zip(words, spans, strict=True)]


def _joined(tokens: Sequence[str], logs: Sequence[float], times: Sequence[tuple[int, int]]) -> list[Spoken]:
    """`@@` at the end of a token says that the next belongs to the same word."""
    words: list[Spoken] = []
    open_: list[tuple[str, float, int, int]] = []
    for token, log, (start, end) in zip(tokens, logs, times, strict=True):
        if token in _SILENT:
            continue
        open_.append((token.removesuffix("@@"), log, start, end))
        if not token.endswith("@@"):
            words.append(_word(open_))
            open_ = []
    return [*words, _word(open_)] if open_ else words


def _word(parts: Sequence[tuple[str, float, int, int]]) -> Spoken:
    return Spoken(
        text="".join(text for text, _, _, _ in parts),
        start=max(0.0, parts[0][2] / 1000),
        end=max(0.0, parts[-1][3] / 1000),
        log=fmean(log for _, log, _, _ in parts),
    )


def spaced(words: Iterable[Spoken]) -> list[str]:
    """Words and marks, with a space in front where both neighbours want one; joined, they are the text."""
    texts: list[str] = []
    before = ""
    for word in words:
        apart = bool(before and (_SPACED.match(before) or before.isascii()) and _SPACED.match(word.text))
        text = f"{word.text}{word.mark}"
        texts.append(f" {text}" if apart else text)
        before = text[-1:]
    return texts


def pieces_of(spoken: Sequence[Spoken], stretch: Stretch, *, with_words: bool) -> tuple[Piece, ...]:
    """One piece for the words of each island of the stretch."""
    duration = len(stretch.samples) / SAMPLE_RATE_HZ
    if not stretch.islands or not spoken:
        return ()
    texts = spaced(spoken)
    tokens = [_token(word, text, duration) for word, text in zip(spoken, texts, strict=True)]
    # These recognisers write all words at once: five zeros were spoken, and are no loop.
    runs = runs_of([tokens], stretch.islands, may_loop=False)
    return tuple(_piece(run.tokens, with_words=with_words) for run in runs)


def _token(spoken: Spoken, text: str, duration: float) -> Token:
    start, end = min(spoken.start, duration), min(max(spoken.start, spoken.end), duration)
    sure = None if spoken.log is None else round(math.exp(min(0.0, spoken.log)), 3)
    return Token(text, start, end, Word(text=spoken.text, start=start, end=end, confidence=sure))


def _piece(tokens: Sequence[Token], *, with_words: bool) -> Piece:
    words = tuple(token.word for token in tokens if token.word is not None)
    sure = [word.confidence for word in words if word.confidence]
    return Piece(
        start=tokens[0].start,
        end=tokens[-1].end,
        text="".join(token.text for token in tokens).strip(),
        words=words if with_words else None,
        confidence=round(math.exp(fmean(math.log(value) for value in sure)), 3) if sure else None,
    )

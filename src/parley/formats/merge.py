"""Sentences of one speaker that follow each other closely become one longer segment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import reduce
from itertools import chain

from parley.formats.clock import to_ms
from parley.formats.text import join
from parley.speech.transcript import Segment, Word


def merge_segments(segments: Iterable[Segment], gap_s: float = 3.0) -> tuple[Segment, ...]:
    """Join consecutive segments of one speaker and channel with less than `gap_s` seconds between.

    Gaps are compared in whole milliseconds, so 10.1 - 7.1 is 3 s. Texts are joined without a space
    in Chinese and Japanese, with one otherwise. Words survive where every part has them, else the
    parts become phrases; a language only where it is the same. Tags are collected, and the
    confidence is the mean weighted by duration.
    """
    runs: list[list[Segment]] = []
    latest_end = 0
    for segment in segments:
        if runs and _continues(runs[-1][-1], latest_end, segment, to_ms(gap_s)):
            runs[-1].append(segment)
            latest_end = max(latest_end, to_ms(segment.end))
        else:
            runs.append([segment])
            latest_end = to_ms(segment.end)
    return tuple(run[0] if len(run) == 1 else _merged(run) for run in runs)


def _continues(before: Segment, latest_end: int, segment: Segment, gap_ms: int) -> bool:
    same_voice = (before.speaker, before.channel) == (segment.speaker, segment.channel)
    return same_voice and to_ms(segment.start) - latest_end < gap_ms


def _merged(run: Sequence[Segment]) -> Segment:
    words = _words(run)
    languages = {segment.language for segment in run}
    return replace(
        run[0],
        end=max(segment.end for segment in run),
        text=_joined(segment.text for segment in run),
        words=words,
        phrases=None if words else _phrases(run),
        language=run[0].language if len(languages) == 1 else None,
        confidence=_mean_confidence(run),
        raw_text=_raw_text(run),
        tags=tuple(dict.fromkeys(tag for segment in run for tag in segment.tags)),
        overlap=any(segment.overlap for segment in run),
    )


def _words(run: Sequence[Segment]) -> tuple[Word, ...] | None:
    known = [segment.words for segment in run if segment.words is not None]
    return tuple(chain.from_iterable(known)) if len(known) == len(run) else None


def _phrases(run: Sequence[Segment]) -> tuple[Word, ...]:
    """What each part says of its pauses; a part that says nothing is one phrase."""
    whole = [(Word(text=segment.text, start=segment.start, end=segment.end),) for segment in run]
    return tuple(chain.from_iterable(segment.phrases or one for segment, one in zip(run, whole, strict=True)))


def _joined(texts: Iterable[str]) -> str:
    return reduce(join, (text.strip() for text in texts), "")


def _raw_text(run: Sequence[Segment]) -> str | None:
    if all(segment.raw_text is None for segment in run):
        return None
    return _joined(segment.text if segment.raw_text is None else segment.raw_text for segment in run)


def _mean_confidence(run: Sequence[Segment]) -> float | None:
    weighed = [
        (segment.confidence, max(1, to_ms(segment.end) - to_ms(segment.start)))
        for segment in run
        if segment.confidence is not None
    ]
    if len(weighed) < len(run):
        return None
    return sum(value * weight for value, weight in weighed) / sum(weight for _, weight in weighed)

"""What a session says: clips joined at known times, with silence between."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from parley.bench.live.clips import Clip, Samples
from parley.speech.media import SAMPLE_BYTES, SAMPLE_RATE_HZ
from parley.speech.span import Span

LEAD_S = 0.5
"""Silence before the first clip."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidWord:
    """A word and when it has been spoken, in seconds of the script."""

    text: str
    end: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Something said between two silences; `words` only where their ends are known."""

    speech: Span
    words: tuple[SaidWord, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """`pcm` is 16 kHz mono s16le; `said` lies in it in order of time."""

    pcm: bytes
    said: tuple[Said, ...] = ()

    @property
    def duration(self) -> float:
        """Seconds of audio."""
        return len(self.pcm) / SAMPLE_BYTES / SAMPLE_RATE_HZ


def in_turn(clips: Iterable[Clip], gap_s: float) -> Script:
    """Clips one after another, at least `gap_s` of silence after the end of speech in each."""
    return _script([(clip,) for clip in clips], gap_s, within_s=0.0, with_words=False)


def in_groups(words: Sequence[Clip], size: int, count: int, *, gap_s: float, within_s: float) -> Script:
    """Clips of one word each: `size` different ones close together and then silence, `count` times."""
    chosen = random.Random(5)  # noqa: S311 - the same groups every time
    groups = [chosen.sample(list(words), min(size, len(words))) for _ in range(count)]
    return _script(groups, gap_s, within_s=within_s, with_words=True)


def after_each_other(*scripts: Script) -> Script:
    """Scripts as one."""
    pcm, said, at_s = bytearray(), list[Said](), 0.0
    for script in scripts:
        said += [_moved(each, at_s) for each in script.said]
        pcm += script.pcm
        at_s += script.duration
    return Script(pcm=bytes(pcm), said=tuple(said))


def _script(groups: Sequence[Sequence[Clip]], gap_s: float, *, within_s: float, with_words: bool) -> Script:
    parts: list[Samples] = [_silence(LEAD_S)]
    said: list[Said] = []
    at_s = len(parts[0]) / SAMPLE_RATE_HZ
    for clips in groups:
        words: list[SaidWord] = []
        start_s = at_s + clips[0].speech.start
        for number, clip in enumerate(clips, 1):
            words.append(SaidWord(text=clip.text or "", end=at_s + clip.speech.end))
            part = _with_silence(clip, within_s if number < len(clips) else gap_s)
            parts.append(part)
            at_s += len(part) / SAMPLE_RATE_HZ
        said.append(Said(speech=Span(start_s, words[-1].end), words=tuple(words) if with_words else ()))
    return Script(pcm=np.concatenate(parts).astype("<i2").tobytes(), said=tuple(said))


def _with_silence(clip: Clip, gap_s: float) -> Samples:
    """The clip up to its own end or that of the gap, whichever is later: silence that it has counts."""
    missing = int((clip.speech.end + gap_s) * SAMPLE_RATE_HZ) - len(clip.samples)
    return np.concatenate([clip.samples, _silence(missing / SAMPLE_RATE_HZ)])


def _silence(seconds: float) -> Samples:
    return np.zeros(max(0, round(seconds * SAMPLE_RATE_HZ)), dtype=np.int16)


def _moved(said: Said, seconds: float) -> Said:
    words = tuple(SaidWord(text=word.text, end=word.end + seconds) for word in said.words)
    return Said(speech=said.speech.shifted(seconds), words=words)

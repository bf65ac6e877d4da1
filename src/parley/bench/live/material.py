"""What is spoken in a live benchmark: scripts made of recordings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from parley.bench.corpus import Sample
from parley.bench.live.clips import PAUSE_S, Clip, Samples, joined, pieces, voiced, whole
from parley.bench.live.script import Script, after_each_other, in_groups, in_turn
from parley.errors import InputError

GAP_S = 1.6
"""Silence after what is timed: more than the silence that ends an utterance, see `gap`."""

TALK_GAP_S = 1.0
"""Between the recordings of those who just speak."""

GROUP = 5
WITHIN_S = 0.12
"""Words in a group, and the silence between them: too little to end an utterance."""

MOST_TIMED_S = 45.0
"""Of sentences, and of groups of words, in one script."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scripts:
    """`talk` is for those who just speak, `timed` for those who are listened to; `speech_share` is how
    much of `talk` is speech."""

    talk: Script
    timed: Script
    speech_share: float


def scripts(
    recordings: Mapping[str, Samples], words: Sequence[tuple[Sample, Samples]], silence_s: float
) -> Scripts:
    """From recordings of speech, and from some of one word each; raises InputError where all are silent."""
    clips = [clip for name, samples in recordings.items() if (clip := whole(name, samples))]
    if not clips:
        raise InputError("Nothing is said in the recordings; name others.")
    gap_s = max(GAP_S, silence_s + 0.8)
    sentences = _some([piece for clip in clips for piece in pieces(clip)] or clips, MOST_TIMED_S, gap_s)
    timed = in_turn(sentences, gap_s)
    if spoken := _words(words):
        longest_s = GROUP * max(clip.duration + WITHIN_S for clip in spoken) + gap_s
        groups = in_groups(
            spoken, GROUP, max(1, int(MOST_TIMED_S / longest_s)), gap_s=gap_s, within_s=WITHIN_S
        )
        timed = after_each_other(timed, groups)
    talk = in_turn(clips, TALK_GAP_S)
    loud_s = sum(span.duration for clip in clips for span in joined(voiced(clip.samples), PAUSE_S))
    return Scripts(talk=talk, timed=timed, speech_share=loud_s / talk.duration)


def _words(found: Sequence[tuple[Sample, Samples]]) -> list[Clip]:
    """One clip for each word there is."""
    clips: dict[str, Clip] = {}
    for sample, samples in found:
        text = (sample.text or "").strip()
        clip = whole(sample.name, samples, text) if text and len(text.split()) == 1 else None
        if clip is not None:
            clips.setdefault(text, clip)
    return list(clips.values())


def _some(clips: Sequence[Clip], seconds: float, gap_s: float) -> list[Clip]:
    """As many as fit, at even distances: the first ones may all be of one speaker."""
    mean_s = sum(clip.speech.duration + gap_s for clip in clips) / len(clips)
    count = min(len(clips), max(1, int(seconds / mean_s)))
    return [clips[index * len(clips) // count] for index in range(count)]

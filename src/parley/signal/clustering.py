"""Which windows of a recording hold the same voice."""

from __future__ import annotations

import numpy as np

from parley.signal.agglomeration import Labels, agglomerate, group_means
from parley.signal.voice_states import refine_speakers
from parley.signal.voices import Vectors, VoiceModel
from parley.signal.windows import Windows, island_starts, own_stretches
from parley.speech.recognition import SpeakerCount

MOST_SPEAKERS = 60
"""Bounds memory and time; more voices than this in one recording are merged unless more are asked for."""

FEW_SPEAKERS = 4
"""Up to so many, two that sound alike are rather one: short recordings by one person are frequent. Among
more, strangers who sound alike are to be expected."""

ROUNDS = 2
"""Refinement after the second merging changes next to nothing."""

LEAST_OWN_S = 1e-3
"""Windows of islands that overlap may have no stretch of their own."""


def cluster_windows(windows: Windows, vectors: Vectors, model: VoiceModel, count: SpeakerCount) -> Labels:
    """Speakers of windows sorted by time, numbered by first appearance.

    `vectors` (n, d) float32 are centred and of about unit length. The number of speakers is within
    `count`, unless there are fewer windows. Merging finds the voices, refinement moves windows and
    drops voices that are noise, and what is left is merged once more.
    """
    if not len(windows):
        return np.zeros(0, dtype=np.int64)
    voices = model.unbiased(vectors, windows[:, 1] - windows[:, 0])
    own_s = np.maximum(np.diff(own_stretches(windows), axis=1)[:, 0], LEAST_OWN_S)
    first = island_starts(windows)
    many = SpeakerCount(minimum=count.minimum, maximum=max(count.minimum, MOST_SPEAKERS))
    labels = agglomerate(voices, own_s, model, many)
    for _ in range(ROUNDS):
        refined = refine_speakers(voices, own_s, first, labels, model)
        labels = refined if refined.max() + 1 >= count.minimum else labels
        least = model.caution if labels.max() < FEW_SPEAKERS else 0.0
        merged = agglomerate(*group_means(voices, own_s, labels), model, count, least)[labels]
        if merged.max() == labels.max():
            break
        labels = merged
    return _by_appearance(labels)


def _by_appearance(labels: Labels) -> Labels:
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse].astype(np.int64)

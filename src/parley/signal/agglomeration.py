"""Agglomerative clustering of voices: the surest pair is merged first, until no pair is sure enough.

Average linkage with a yardstick: the similarity of two groups is the mean product of their members,
weighted by seconds, but groups are merged in the order of how many standard deviations it lies above
the threshold. A single short window is seldom sure of anything, so it neither founds a speaker nor
drags two together.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from parley.signal.voices import Seconds, Vectors, VoiceModel
from parley.speech.recognition import SpeakerCount

Labels = npt.NDArray[np.int64]
"""Shape (n,), counted from 0 without gaps."""

MOST_ITEMS = 1_500
"""Items clustered at once: 40 MB, a quarter of a second."""


def agglomerate(
    vectors: Vectors, own_s: Seconds, model: VoiceModel, count: SpeakerCount, least: float = 0.0
) -> Labels:
    """Groups of unbiased vectors, merged while a pair's confidence is `least` or more.

    There are no fewer than `count.minimum` (or the items there are), no more than `count.maximum`.
    More than `MOST_ITEMS` items are first grouped block by block, in their order, and the groups
    then among themselves.
    """
    if len(vectors) <= MOST_ITEMS:
        return _Merging(vectors, own_s, model).run(count, least)
    blocks = np.array_split(np.arange(len(vectors)), -(-len(vectors) // MOST_ITEMS))
    kept = SpeakerCount(minimum=count.minimum, maximum=max(count.minimum, MOST_ITEMS // len(blocks)))
    labels = np.zeros(len(vectors), dtype=np.int64)
    found = 0
    for block in blocks:
        labels[block] = found + _Merging(vectors[block], own_s[block], model).run(kept, least)
        found = int(labels[block].max()) + 1
    means, seconds = group_means(vectors, own_s, labels)
    return _Merging(means, seconds, model).run(count, least)[labels]


def group_means(vectors: Vectors, own_s: Seconds, labels: Labels) -> tuple[Vectors, Seconds]:
    """Mean vector of each group, weighted by seconds, and the seconds of each group."""
    seconds = np.bincount(labels, weights=own_s).astype(np.float64)
    means = np.zeros((len(seconds), vectors.shape[1]), dtype=np.float64)
    np.add.at(means, labels, vectors * own_s[:, None])
    return (means / seconds[:, None]).astype(np.float32), seconds


class _Merging:
    """The state of one clustering: products and confidences of groups, each row's best partner."""

    def __init__(self, vectors: Vectors, own_s: Seconds, model: VoiceModel) -> None:
        weighted = vectors.astype(np.float64) * own_s[:, None]
        self._model = model
        self._seconds = own_s.astype(np.float64)
        self._products = weighted @ weighted.T
        self._alive = np.ones(len(vectors), dtype=np.bool_)
        self._group = np.arange(len(vectors))
        self._sure = np.stack([self._row(item) for item in range(len(vectors))])
        self._partner = self._sure.argmax(axis=1)
        self._best = self._sure.max(axis=1)

    def run(self, count: SpeakerCount, least: float) -> Labels:
        for left in range(len(self._group), max(count.minimum, 1), -1):
            kept = int(self._best.argmax())
            if self._best[kept] < least and (count.maximum is None or left <= count.maximum):
                break
            self._merge(kept, int(self._partner[kept]))
        return np.unique(self._group, return_inverse=True)[1].astype(np.int64)

    def _row(self, item: int) -> npt.NDArray[np.float64]:
        similarity = self._products[item] / (self._seconds[item] * self._seconds)
        sure = self._model.confidence(similarity, self._seconds, float(self._seconds[item]))
        sure[~self._alive] = -np.inf
        sure[item] = -np.inf
        return sure

    def _merge(self, kept: int, gone: int) -> None:
        self._products[kept] += self._products[gone]
        self._products[:, kept] += self._products[:, gone]
        self._seconds[kept] += self._seconds[gone]
        self._group[self._group == gone] = kept
        self._alive[gone] = False
        self._sure[gone] = self._sure[:, gone] = -np.inf
        self._best[gone] = -np.inf
        self._sure[kept] = self._sure[:, kept] = self._row(kept)
        self._choose_again(kept, gone)

    def _choose_again(self, kept: int, gone: int) -> None:
        """Only rows whose partner has changed, or that now like the merged group best."""
        lost = self._alive & ((self._partner == kept) | (self._partner == gone))
        lost[kept] = True
        self._partner[lost] = self._sure[lost].argmax(axis=1)
        self._best[lost] = self._sure[lost].max(axis=1)
        better = self._sure[kept] > self._best
        self._partner[better] = kept
        self._best[better] = self._sure[kept][better]

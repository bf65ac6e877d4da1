"""Which of the voices heard are ones that are known by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from parley.signal.windows import Windows
from parley.speech.span import SpeakerTurn

Vector = npt.NDArray[np.float32]
"""A voice: shape (d,)."""


def mean_voices(
    windows: Windows, vectors: npt.NDArray[np.float32], turns: Sequence[SpeakerTurn]
) -> dict[int, Vector]:
    """The mean vector of each speaker: of the windows, shape (n, 2), whose middle lies in a turn of theirs.

    `turns` are sorted and disjoint. Speakers without a window are left out.
    """
    if not turns or not len(windows):
        return {}
    middles = windows.mean(axis=1)
    starts = np.array([turn.start for turn in turns])
    at = np.clip(np.searchsorted(starts, middles, side="right") - 1, 0, None)
    ends = np.array([turn.end for turn in turns])[at]
    speakers = np.array([turn.speaker for turn in turns])[at]
    inside = (middles >= starts[at]) & (middles < ends)
    return {
        int(speaker): vectors[inside & (speakers == speaker)].mean(axis=0)
        for speaker in np.unique(speakers[inside])
    }


def name_voices(heard: Mapping[int, Vector], known: Mapping[str, Vector], threshold: float) -> dict[int, str]:
    """Names of speakers, the most alike first: a speaker has one name and a name is one speaker's.

    Two voices are the same when their cosine is `threshold` at least.
    """
    pairs = [
        (_cosine(voice, vector), speaker, name)
        for speaker, voice in heard.items()
        for name, vector in known.items()
    ]
    named: dict[int, str] = {}
    for likeness, speaker, name in sorted(pairs, key=lambda pair: (-pair[0], pair[1], pair[2])):
        if likeness >= threshold and speaker not in named and name not in named.values():
            named[speaker] = name
    return named


def _cosine(one: Vector, other: Vector) -> float:
    """-1 for vectors that have no direction or do not belong together."""
    lengths = float(np.linalg.norm(one) * np.linalg.norm(other))
    if one.shape != other.shape or not np.isfinite(lengths) or lengths == 0.0:
        return -1.0
    return float(one @ other) / lengths

"""Stretches of about the same length go through an encoder together, so that little is padding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from parley.engines.contract import Progress, Samples, Stretch
from parley.engines.funasr_models import LEAST_SAMPLES
from parley.speech.media import SAMPLE_RATE_HZ

T = TypeVar("T")

MOST_S = 300.0
"""Seconds in a batch, padding included: FunASR's own `batch_size_s`."""


def batches_of(lengths: Sequence[int], most_s: float) -> list[list[int]]:
    """Places of the stretches of each batch, up to `most_s` seconds with padding; with 0 each alone.

    What is too short to hold a word is left out.
    """
    order = sorted((length, place) for place, length in enumerate(lengths) if length >= LEAST_SAMPLES)
    groups: list[list[int]] = []
    for length, place in order:
        if groups and length * (len(groups[-1]) + 1) <= most_s * SAMPLE_RATE_HZ:
            groups[-1].append(place)
        else:
            groups.append([place])
    return groups


def heard_in_batches(
    stretches: Sequence[Stretch],
    hear: Callable[[Sequence[Samples]], Sequence[T]],
    progress: Progress,
    most_s: float,
) -> list[T | None]:
    """What `hear` makes of each stretch, None for those that are too short for it."""
    found: list[T | None] = [None] * len(stretches)
    done_s = 0.0
    for places in batches_of([len(stretch.samples) for stretch in stretches], most_s):
        audio = [stretches[place].samples for place in places]
        for place, heard in zip(places, hear(audio), strict=True):
            found[place] = heard
        done_s += sum(map(len, audio)) / SAMPLE_RATE_HZ
        progress(done_s)
    return found

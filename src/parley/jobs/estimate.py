"""How long it will take, from what was measured. Pure.

Speed is learned as seconds of work per byte, apart for each kind of file: a WAV has ten times the
bytes of an M4A for the same speech. Recent jobs count more (an exponentially weighted mean).
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence

PRIOR_S_PER_BYTE = 0.1 / 16_000
"""Before anything is measured: compressed audio of 128 kbit/s, worked on at a tenth of its length."""

LEAST_S = 1.0
"""A job takes at least about so long: it is started, decoded and written down."""

WEIGHT = 0.3
"""Of the newest measurement; the last six jobs make up nine tenths of the mean."""

_MOST_SUFFIXES = 64


class Pace:
    """Seconds of work per byte, by suffix and over all."""

    def __init__(self) -> None:
        self._by_suffix: dict[str, float] = {}
        self._overall: float | None = None

    @property
    def s_per_byte(self) -> float:
        """Over all kinds of files."""
        return PRIOR_S_PER_BYTE if self._overall is None else self._overall

    def learn(self, suffix: str, size_bytes: int, took_s: float) -> None:
        """A job over so many bytes took so long; too short ones say nothing."""
        if size_bytes <= 0 or took_s <= 0:
            return
        # What every job takes, however small, is no speed.
        pace = max(0.0, took_s - LEAST_S) / size_bytes
        self._overall = _mixed(self._overall, pace)
        if suffix in self._by_suffix or len(self._by_suffix) < _MOST_SUFFIXES:
            self._by_suffix[suffix] = _mixed(self._by_suffix.get(suffix), pace)

    def job_s(self, suffix: str, size_bytes: int) -> float:
        """How long a job over such a file is expected to take."""
        return LEAST_S + size_bytes * self._by_suffix.get(suffix, self.s_per_byte)


def wait_s(running: Sequence[float], ahead: Sequence[float], slots: int) -> float:
    """Seconds until a place is free for who comes next.

    `running` are the seconds that the jobs at work still need, `ahead` those that the jobs
    in line before will take, in their order; each takes the first of `slots` that becomes free.
    """
    free_at = [0.0] * max(0, slots - len(running)) + [max(0.0, left) for left in running]
    heapq.heapify(free_at)
    for job in ahead:
        heapq.heappush(free_at, heapq.heappop(free_at) + job)
    # More may run than there are slots, after a restart with fewer: all but `slots` must end first.
    for _ in range(len(free_at) - slots):
        heapq.heappop(free_at)
    return free_at[0]


def _mixed(before: float | None, now: float) -> float:
    return now if before is None else before + WEIGHT * (now - before)

"""Several runs of one thing as a median and the range around it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """What runs gave: the median, the least and the most."""

    median: float
    low: float
    high: float
    runs: int

    def __post_init__(self) -> None:
        if not (self.low <= self.median <= self.high and self.runs > 0):
            raise ValueError("a median lies between the least and the most of at least one run")


def spread(values: Iterable[float]) -> Spread:
    """The spread of one value or more; raises ValueError for none."""
    found = sorted(values)
    if not found:
        raise ValueError("there is nothing to take the median of")
    # The mean of two equal numbers may be rounded beyond them.
    middle = min(max(median(found), found[0]), found[-1])
    return Spread(median=middle, low=found[0], high=found[-1], runs=len(found))


def spread_of_known(values: Iterable[float | None]) -> Spread | None:
    """The spread of those that are known, None where none is."""
    found = [value for value in values if value is not None]
    return spread(found) if found else None


def is_apart(one: Spread, other: Spread) -> bool:
    """Whether no run of the one lies within the range of the other."""
    return one.high < other.low or other.high < one.low

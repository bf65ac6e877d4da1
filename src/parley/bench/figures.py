"""Figures as people read them."""

from __future__ import annotations

from parley.bench.spread import Spread

DASH = "–"


def number(value: float) -> str:
    """Three significant digits, without an exponent."""
    if value == 0:
        return "0"
    for limit, digits in ((100, 0), (10, 1), (1, 2), (0.1, 3), (0.01, 4)):
        if abs(value) >= limit:
            return f"{value:.{digits}f}"
    return f"{value:.5f}"


def ranged(found: Spread | None) -> str:
    """The median, and the range where there is one."""
    if found is None:
        return ""
    if found.runs == 1 or number(found.low) == number(found.high):
        return number(found.median)
    return f"{number(found.median)} ({number(found.low)}{DASH}{number(found.high)})"


def speed(rtf: Spread) -> str:
    """How many times faster than real time."""
    if rtf.median <= 0:
        return ""
    times = 1 / rtf.median
    return f"{times:.0f}x" if times >= 10 else f"{number(times)}x"


def percent(rate: float | None) -> str:
    """A share as per cent."""
    return "" if rate is None else f"{rate:.1%}"


def duration(seconds: float) -> str:
    """Minutes where there are some."""
    return f"{seconds / 60:.1f} min" if seconds >= 100 else f"{seconds:.1f} s"

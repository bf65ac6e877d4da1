"""Seconds become whole milliseconds once, here; after that there is only integer arithmetic."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

_MILLISECOND = Decimal("0.001")


def to_ms(seconds: float) -> int:
    """Whole milliseconds, half rounded up on the number as it is printed; never negative.

    The shortest decimal form is rounded, not the binary value below it: 1.0005 s is 1001 ms.
    """
    return max(0, int(Decimal(repr(float(seconds))).quantize(_MILLISECOND, ROUND_HALF_UP).scaleb(3)))


def span_ms(start: float, end: float) -> tuple[int, int]:
    """Both borders in whole milliseconds; an end before the start counts as the start."""
    first = to_ms(start)
    return first, max(first, to_ms(end))


def timestamp(ms: int, decimal_mark: str) -> str:
    """`HH:MM:SS,mmm` with the given decimal mark; hours take as many digits as they need."""
    return f"{clock(ms)}{decimal_mark}{ms % 1000:03d}"


def clock(ms: int) -> str:
    """`HH:MM:SS`, the begun second not counted."""
    minutes, seconds = divmod(ms // 1000, 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}"

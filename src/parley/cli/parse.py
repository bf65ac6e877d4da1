"""Reads the values of command line options; raises InvalidOption with the form that is expected."""

from __future__ import annotations

import math
import re

from parley.errors import InvalidOption
from parley.speech.media import RawFormat


def parse_time(text: str | None, option: str) -> float | None:
    """Seconds from `83.5`, `1:23.5` or `0:01:23.5`; None stays None."""
    if text is None:
        return None
    parts = text.split(":")
    if len(parts) > 3 or not all(re.fullmatch(r"\d+(\.\d+)?", part) for part in parts):
        raise InvalidOption(f"{option} wants seconds or [HH:]MM:SS, not '{text}'.")
    return sum(float(part) * 60**place for place, part in enumerate(reversed(parts)))


def parse_raw(text: str | None) -> RawFormat | None:
    """`16000,s16le,1`: rate in hertz, sample format, channels."""
    if text is None:
        return None
    match = re.fullmatch(r"(\d+),([a-z0-9]+),(\d+)", text)
    if not match:
        raise InvalidOption("--raw wants RATE,FORMAT,CHANNELS, for instance 16000,s16le,1.")
    return RawFormat(sample_rate_hz=int(match[1]), sample_format=match[2], channels=int(match[3]))


def parse_hotwords(items: list[str] | None) -> tuple[tuple[str, float], ...]:
    """`Parley` or `Parley:2.5` (the weight), one each."""
    return tuple(_hotword(item) for item in items or [])


def _hotword(item: str) -> tuple[str, float]:
    word, colon, weight = item.rpartition(":")
    if not colon:
        return (item, 1.0)
    try:
        value = float(weight)
    except ValueError:
        return (item, 1.0)
    if not math.isfinite(value):
        raise InvalidOption("--hotword wants WORD or WORD:WEIGHT with a finite weight.")
    return (word, value)

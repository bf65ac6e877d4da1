"""Hotwords as clients of FunASR write them: a JSON object in a string, words, or lines with weights."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any, cast

MOST_PHRASES = 500
LONGEST_PHRASE = 100

USUAL_WEIGHT = 20.0
"""What FunASR's clients and examples give a hotword; it counts as 1 here."""

MOST_WEIGHT = 1000.0

_SEPARATORS = re.compile(r"[,，;；、|]+")
_NUMBER = re.compile(r"[+]?\d+(?:\.\d+)?")

Hotwords = tuple[tuple[str, float], ...]


def read_hotwords(value: Any) -> Hotwords:
    """Phrases with weights, 1 where none is given; what makes no sense is left out, and so is what
    exceeds the bounds. The last weight of a phrase counts.
    """
    phrases = {phrase: weight for phrase, weight in _any(value) if 0 < len(phrase) <= LONGEST_PHRASE}
    return tuple(list(phrases.items())[:MOST_PHRASES])


def _any(value: Any) -> Iterable[tuple[str, float]]:
    if isinstance(value, Mapping):
        return _weighed(cast("Mapping[Any, Any]", value))
    if isinstance(value, list):
        return [(_tidy(each), 1.0) for each in cast("list[Any]", value) if isinstance(each, str)]
    if not isinstance(value, str):
        return ()
    try:
        told = json.loads(value)
    except (ValueError, RecursionError):
        return _written(value)
    # "110" is JSON too.
    return _any(told) if isinstance(told, dict | list) else _written(value.strip().strip('"'))


def _weighed(told: Mapping[Any, Any]) -> Iterable[tuple[str, float]]:
    for phrase, weight in told.items():
        if isinstance(phrase, str) and (number := _weight(weight)) is not None:
            yield _tidy(phrase), number


def _weight(value: Any) -> float | None:
    """What FunASR's weight is here; None for what is no weight."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    if not math.isfinite(number) or number <= 0:
        return None
    return min(number, MOST_WEIGHT) / USUAL_WEIGHT


def _written(text: str) -> Iterable[tuple[str, float]]:
    lines = [line for line in text.splitlines() if line.strip()]
    parts = [part for line in lines for part in _SEPARATORS.split(line) if part.strip()]
    for part in parts:
        yield from _part(part.split(), is_alone=len(parts) == 1)


def _part(tokens: list[str], *, is_alone: bool) -> Iterable[tuple[str, float]]:
    """`hello world 40` is a phrase with its weight; without numbers blanks stand between words that are
    alone, and inside phrases that have a line of their own."""
    waiting: list[str] = []
    had_weight = False
    for token in tokens:
        if waiting and _NUMBER.fullmatch(token) and not all(map(_NUMBER.fullmatch, tokens)):
            weight = _weight(token)
            if weight is not None:
                yield " ".join(waiting), weight
            waiting, had_weight = [], True
        else:
            waiting.append(token)
    if is_alone and not had_weight:
        yield from ((word, 1.0) for word in waiting)
    elif waiting:
        yield " ".join(waiting), 1.0


def _tidy(phrase: str) -> str:
    return " ".join(phrase.split())

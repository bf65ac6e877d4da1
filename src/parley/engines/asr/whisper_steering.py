"""Text in front of Whisper's decoder: hotwords and the prompt.

Whisper reads 223 tokens of it. Hotwords come first, and the end of the prompt gets what is left; a
notice says what was left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from parley.speech.recognition import RecognitionOptions

MOST = 223
MOST_OF_HOTWORDS = 111
"""Tokens."""

TOO_MANY_HOTWORDS = "Not all hotwords fit in front of Whisper; {} of {} were used."
LONG_PROMPT = "The prompt is longer than what Whisper reads; only its end was used."

Encode = Callable[[str], Sequence[int]]


@dataclass(frozen=True, slots=True)
class Steering:
    """What stands in front of the decoder; `tokens` is how much of it."""

    hotwords: str
    prompt: tuple[int, ...]
    tokens: int
    notices: tuple[str, ...]


def steering(options: RecognitionOptions, encode: Encode) -> Steering:
    """What is put in front, as far as there is room."""
    words, notices = _fitting_hotwords(options.hotwords, encode)
    hotwords = ", ".join(words)
    taken = _length(hotwords, encode)
    text = _plain(options.prompt or "")
    prompt = list(encode(f" {text}")) if text else []
    if len(prompt) > MOST - taken:
        notices.append(LONG_PROMPT)
    kept = tuple(prompt[-(MOST - taken) :])
    return Steering(hotwords, kept, taken + len(kept), tuple(notices))


def _fitting_hotwords(hotwords: Sequence[tuple[str, float]], encode: Encode) -> tuple[list[str], list[str]]:
    words = [_plain(word) for word, _ in hotwords]
    fitting = len(words)
    while _length(", ".join(words[:fitting]), encode) > MOST_OF_HOTWORDS:
        fitting -= 1
    notices = [TOO_MANY_HOTWORDS.format(fitting, len(words))] if fitting < len(words) else []
    return words[:fitting], notices


def _length(text: str, encode: Encode) -> int:
    return len(encode(f" {text}")) if text else 0


def _plain(text: str) -> str:
    """Without what the tokeniser would take for a mark of its own."""
    return re.sub(r"<\|[^|]*\|>", " ", text).strip()

"""What a recogniser takes and gives."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from parley.errors import InvalidOption
from parley.speech.transcript import Word


@dataclass(frozen=True, slots=True, kw_only=True)
class RecognitionOptions:
    """What may change the text; an engine that cannot honour a value refuses it beforehand."""

    language: str | None = None
    task: str = "transcribe"
    prompt: str | None = None
    hotwords: tuple[tuple[str, float], ...] = ()
    words: bool = False


def language_of(said: str | None) -> str | None:
    """The ISO 639 code in what somebody said: `zh` of `zh-CN`, `en` of `EN_us`; None where it is open."""
    code = re.split("[-_]", (said or "").strip().lower())[0]
    return None if code in ("", "auto") else code


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Text whose times are known: seconds from the start of the stretch it was found in.

    A recogniser that knows no times inside an island gives one piece per island (or per run of
    islands it could not tell apart). `raw_text` is the text before punctuation where they differ.
    """

    start: float
    end: float
    text: str
    words: tuple[Word, ...] | None = None
    confidence: float | None = None
    raw_text: str | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognition:
    """The text of one stretch; `place_cpu_s` is the processor time spent on finding times."""

    pieces: tuple[Piece, ...]
    language: str | None = None
    place_cpu_s: float = 0.0
    notices: tuple[str, ...] = field(default=())


MOST_SPEAKERS = 1000
"""More is a slip of the finger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakerCount:
    """How many voices to look for: any number from `minimum` to `maximum` (None: no upper bound)."""

    minimum: int = 1
    maximum: int | None = None

    def __post_init__(self) -> None:
        highest = self.minimum if self.maximum is None else self.maximum
        if not 1 <= self.minimum <= highest <= MOST_SPEAKERS:
            raise InvalidOption(
                f"The number of speakers lies between 1 and {MOST_SPEAKERS}, MIN not above MAX."
            )


def parse_speaker_count(text: str) -> SpeakerCount | Literal["auto"] | None:
    """`auto`, `off` (None), `3`, `2-4`, `2-` or `-4`; raises InvalidOption."""
    if text == "auto":
        return "auto"
    if text == "off":
        return None
    match = re.fullmatch(r"(\d*)(-?)(\d*)", text)
    if not match or not (match[1] or match[3]):
        raise InvalidOption(f"The number of speakers is auto, off, N or MIN-MAX, not '{text}'.")
    low = int(match[1] or 1)
    high = int(match[3]) if match[3] else (None if match[2] else low)
    return SpeakerCount(minimum=low, maximum=high)

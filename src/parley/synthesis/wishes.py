"""Whether a wish makes sense by itself, and what it asks of an engine."""

from __future__ import annotations

import math
import re

from parley.engines.contract import Capability
from parley.errors import InvalidOption
from parley.speech.recognition import language_of
from parley.speech.voice import FASTEST, SLOWEST
from parley.synthesis.options import HIGHEST_RATE_HZ, LOWEST_RATE_HZ, SpeakingWish

MOST_WORDS = 1000
"""Characters of instructions, and of transcripts and descriptions of voices."""

_LANGUAGE = re.compile(r"[a-z]{2,3}")

_SAID = {
    Capability.SPEED: "change its speed",
    Capability.INSTRUCT: "be told in words how to speak",
    Capability.DESIGN: "be made from words",
    Capability.CLONE: "be cloned",
}


def check(wish: SpeakingWish) -> None:
    """Raises InvalidOption for what no voice could do."""
    if not (math.isfinite(wish.speed) and SLOWEST <= wish.speed <= FASTEST):
        raise InvalidOption(f"The speed is between {SLOWEST:g} and {FASTEST:g}; 1 is as the voice speaks.")
    rate = wish.sample_rate_hz
    if rate is not None and not LOWEST_RATE_HZ <= rate <= HIGHEST_RATE_HZ:
        raise InvalidOption(f"The sample rate is between {LOWEST_RATE_HZ} and {HIGHEST_RATE_HZ} Hz.")
    if len(wish.instruct) > MOST_WORDS:
        raise InvalidOption(f"Instructions have {MOST_WORDS} characters at most.")
    language = wanted_language(wish.language)
    if language is not None and not _LANGUAGE.fullmatch(language):
        raise InvalidOption("The language is a code such as en, zh or zh-CN.")


def wanted_language(said: str | None) -> str | None:
    """The code that voices declare; Mandarin is Chinese."""
    code = language_of(said)
    return "zh" if code == "cmn" else code


def needs(wish: SpeakingWish) -> frozenset[Capability]:
    """What the engine has to be able to do."""
    asked = {
        Capability.SPEED: wish.speed != 1.0,
        Capability.INSTRUCT: bool(wish.instruct),
    }
    return frozenset(capability for capability, is_asked in asked.items() if is_asked)


def in_words(lacking: frozenset[Capability]) -> str:
    """What a voice cannot do."""
    return " and ".join(_SAID[capability] for capability in sorted(lacking))

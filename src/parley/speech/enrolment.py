"""Voices that were enrolled: a name for whoever speaks."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from parley.errors import InvalidOption

MOST_CHARACTERS = 80

_LABEL = re.compile(r"speaker\s*\d+", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class KnownVoice:
    """An enrolled voice by reference: `engine` says whose vector it is, `key` is the vector's digest."""

    name: str
    engine: str
    key: str


def clean_speaker_name(name: str) -> str:
    """The name without space around it, composed as keyboards do; raises InvalidOption for one that cannot
    stand in a transcript."""
    name = " ".join(unicodedata.normalize("NFC", name).split())
    if not name or len(name) > MOST_CHARACTERS or not name.isprintable():
        raise InvalidOption(f"The name of a speaker has 1 to {MOST_CHARACTERS} printable characters.")
    if _LABEL.fullmatch(name):
        raise InvalidOption(f"'{name}' is what speakers without a name are called; choose another name.")
    return name

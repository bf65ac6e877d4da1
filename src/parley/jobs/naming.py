"""What a client calls its file: text to show, never a path."""

from __future__ import annotations

import re
import unicodedata

from parley.errors import InvalidFileType

LONGEST_NAME = 200
NAMELESS = "recording"

MEDIA_SUFFIXES = frozenset((
    "3g2", "3gp", "3gpp", "aac", "ac3", "adts", "aif", "aifc", "aiff", "amr", "ape", "asf", "au", "avi",
    "awb", "caf", "divx", "eac3", "ec3", "f4a", "f4v", "flac", "flv", "m2t", "m2ts", "m4a", "m4b",
    "m4p", "m4r", "m4v", "mka", "mkv", "mov", "mp1", "mp2", "mp3", "mp4", "mpa", "mpeg", "mpg", "mpga",
    "mts", "nist", "oga", "ogg", "ogm", "ogv", "opus", "qt", "rf64", "snd", "sph", "spx", "ts", "tta",
    "vob", "w64", "wav", "wave", "weba", "webm", "wma", "wmv", "wv",
))  # fmt: skip
"""Ends of names that say "recording"; what is inside is judged by the bytes, later."""

# "12.30" and "v1.2 final" end in no type: a type is short and has a letter.
_TYPE = re.compile(r"\.(?=[0-9]*[a-z])([0-9a-z]{1,8})\Z", re.IGNORECASE)
_DRIVE = re.compile(r"\A[A-Za-z]:")


def clean_name(name: str) -> str:
    """The last part of a name without what could steer a terminal, a path or the direction of text."""
    last = re.split(r"[/\\]", name.rstrip("/\\"))[-1]
    visible = "".join(_shown(character) for character in unicodedata.normalize("NFC", _DRIVE.sub("", last)))
    trimmed = " ".join(visible.split()).strip(". ")
    return _shorten(trimmed) or NAMELESS


def _shown(character: str) -> str:
    category = unicodedata.category(character)
    if category in ("Zl", "Zp", "Cc") and character.isspace():
        return " "
    return "" if category.startswith("C") or category in ("Zl", "Zp") else character


def _shorten(name: str) -> str:
    """At most LONGEST_NAME characters, with the type of the file kept."""
    if len(name) <= LONGEST_NAME:
        return name
    found = _TYPE.search(name)
    end = found[0] if found else ""
    return name[: LONGEST_NAME - len(end)] + end


def require_recording(name: str) -> None:
    """Raise InvalidFileType for a name that says it is something else; one without a type is fine."""
    found = _TYPE.search(name)
    if found and found[1].lower() not in MEDIA_SUFFIXES:
        raise InvalidFileType(f"A file of type '{found[0].lower()}' is not a recording; send audio or video.")

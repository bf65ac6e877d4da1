"""What a reader sees of a text: characters, their columns, and where two texts join."""

from __future__ import annotations

import re
import unicodedata

_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff]")
"""Control characters that are no white space, and lone surrogates, which UTF-8 cannot hold."""

_CJK = re.compile(
    "[\u2e80-\u312f\u3190-\u33ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\ufe30-\ufe4f"
    "\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff9f\uffe0-\uffe6"
    "\U0001aff0-\U0001b16f\U00020000-\U0003ffff]"
)
"""Chinese and Japanese script with its punctuation. Full-width letters and digits form words and
are left out, as is Hangul, which puts spaces between words."""

_JOINER = "\u200d"
_EMOJI_STYLE = "\ufe0f"
_MARKS = frozenset({"Mn", "Me", "Mc"})
_EXTENDING = re.compile(
    "[\u200c\u200d\u0e33\u0eb3\uff9e\uff9f\u1160-\u11ff\ud7b0-\ud7ff\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]"
)
_FLAG_LETTER = re.compile("[\U0001f1e6-\U0001f1ff]")


def clean(text: str) -> str:
    """The text in one line: runs of white space become one space, control characters go."""
    return " ".join(_CONTROLS.sub("", text).split())


def is_cjk(character: str) -> bool:
    """Whether the character belongs to Chinese or Japanese script, punctuation included."""
    return _CJK.match(character) is not None


def clusters(text: str) -> list[str]:
    """What a reader takes for single characters: a base with its marks, a flag, a joined emoji.

    A short form of the grapheme clusters of Unicode Annex 29, for which Python has no function.
    """
    if text.isascii():
        return list(text)
    found: list[str] = []
    for character in text:
        if found and _extends(found[-1], character):
            found[-1] += character
        else:
            found.append(character)
    return found


def _extends(cluster: str, character: str) -> bool:
    if cluster == " " or character == " ":
        return False
    if cluster.endswith(_JOINER):
        return True
    if _FLAG_LETTER.match(character):
        return len(cluster) == 1 and _FLAG_LETTER.match(cluster) is not None
    return unicodedata.category(character) in _MARKS or _EXTENDING.match(character) is not None


def columns(text: str) -> int:
    """Width on a terminal: two for full-width characters (Unicode Annex 11), none for marks."""
    return len(text) if text.isascii() else sum(map(_cluster_columns, clusters(text)))


def _cluster_columns(cluster: str) -> int:
    if _EMOJI_STYLE in cluster or _FLAG_LETTER.match(cluster[1:]):
        return 2
    return max(map(_character_columns, cluster))


def _character_columns(character: str) -> int:
    if unicodedata.east_asian_width(character) in "WF":
        return 2
    return 0 if unicodedata.category(character) in {"Mn", "Me", "Cf"} else 1


def is_mostly_wide(text: str) -> bool:
    """Whether full-width characters take more than half of the columns."""
    widths = [] if text.isascii() else list(map(_cluster_columns, clusters(text)))
    return 2 * sum(width for width in widths if width == 2) > sum(widths)


def join(left: str, right: str) -> str:
    """Two texts as one: without a space in Chinese and Japanese, with one otherwise.

    A Latin word in Chinese text is part of it; a Latin full stop before it is not.
    """
    if not left or not right:
        return left + right
    unspaced = is_cjk(left[-1]) or (is_cjk(right[0]) and left[-1].isalnum())
    return left + ("" if unspaced else " ") + right

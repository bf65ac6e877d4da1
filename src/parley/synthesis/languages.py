"""Which language a text is in, as far as its letters say."""

from __future__ import annotations

_KANA = (0x3040, 0x30FF)
_HANGUL = (0xAC00, 0xD7AF)
_JAMO = (0x1100, 0x11FF)
_HAN = (0x3400, 0x9FFF)
_HAN_BEYOND = (0x20000, 0x3FFFF)

_WIDE = (_KANA, _HANGUL, _HAN, _HAN_BEYOND, (0x3000, 0x303F), (0xFF00, 0xFFEF))

_LETTERS_A_WORD = 4
"""So many Latin letters weigh as much as one Chinese character, so that a name in a sentence does not
decide."""


def is_wide(character: str) -> bool:
    """Whether it is as wide as a Chinese character: one syllable, or its punctuation."""
    code = ord(character)
    return any(first <= code <= last for first, last in _WIDE)


def language_of_text(text: str, otherwise: str = "en") -> str:
    """zh, ja or ko by the letters; anything else is `otherwise`."""
    kana = _count(text, _KANA)
    hangul = _count(text, _HANGUL, _JAMO)
    han = _count(text, _HAN, _HAN_BEYOND)
    others = sum(character.isalpha() for character in text) - kana - hangul - han
    if (kana + hangul + han) * _LETTERS_A_WORD <= others:
        return otherwise
    if hangul > kana + han:
        return "ko"
    # Japanese is written with kana between its characters; a single one may be a quotation.
    return "ja" if kana * 5 > han else "zh"


def says_anything(text: str) -> bool:
    """Whether there is a letter or a digit in it."""
    return any(character.isalnum() for character in text)


def _count(text: str, *ranges: tuple[int, int]) -> int:
    return sum(any(first <= ord(character) <= last for first, last in ranges) for character in text)

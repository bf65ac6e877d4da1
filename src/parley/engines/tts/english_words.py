"""Makes English text out of words that a lexicon has: numbers as they are said, strange words in parts.

A lexicon without a guess for other words drops them, and a dropped name or number is worse than one that
is spelt.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

_SMALL = (
    *(
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
    ),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SCALES = ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"), (1000, "thousand"), (100, "hundred"))
_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}

_LARGEST = 10**15
_NUMBER = re.compile(
    r"(?P<money>[$€£])?(?P<whole>\d{1,3}(?:,\d{3})+|\d+)(?P<part>\.\d+)?(?P<after>%|st\b|nd\b|rd\b|th\b)?"
)
_MONEY = {"$": "dollars", "€": "euros", "£": "pounds"}
_WORD = re.compile(r"[A-Za-z]+(?:['’][A-Za-z]+)*")
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def cardinal(number: int) -> str:
    """A whole number below 10**15 in words."""
    if number < 20:
        return _SMALL[number]
    if number < 100:
        ten, one = divmod(number, 10)
        return _TENS[ten] + (f" {_SMALL[one]}" if one else "")
    size, name = next(each for each in _SCALES if number >= each[0])
    many, rest = divmod(number, size)
    return f"{cardinal(many)} {name}" + (f" {cardinal(rest)}" if rest else "")


def ordinal(number: int) -> str:
    """21 as "twenty first"."""
    *before, last = cardinal(number).split()
    usual = f"{last[:-1]}ieth" if last.endswith("y") else f"{last}th"
    return " ".join((*before, _ORDINALS.get(last, usual)))


def numbers_said(text: str) -> str:
    """The text with its numbers in words: years, ordinals, parts, per cent and money too."""
    return _NUMBER.sub(_said, text)


def _said(found: re.Match[str]) -> str:
    digits, part, after = found["whole"].replace(",", ""), found["part"], found["after"] or ""
    number = int(digits)
    if number >= _LARGEST or (len(digits) > 1 and digits[0] == "0"):
        said = " ".join(_SMALL[int(digit)] for digit in digits)
    elif after and after != "%":
        said = ordinal(number)
    elif _is_year(found, number):
        said = _year(number)
    else:
        said = cardinal(number)
    if part:
        said += " point " + " ".join(_SMALL[int(digit)] for digit in part[1:])
    if after == "%":
        said += " percent"
    if found["money"]:
        said += f" {_MONEY[found['money']]}"
    return f" {said} "


def _is_year(found: re.Match[str], number: int) -> bool:
    """Four digits by themselves, from the Middle Ages to our grandchildren."""
    alone = not (found["money"] or found["part"] or found["after"])
    return alone and len(found["whole"]) == 4 and 1100 <= number < 2100 and not 2000 <= number < 2010


def _year(number: int) -> str:
    century, rest = divmod(number, 100)
    if not rest:
        return f"{cardinal(century)} hundred"
    return f"{cardinal(century)} {'oh ' if rest < 10 else ''}{cardinal(rest)}"


def words_of(lexicon: Path) -> frozenset[str]:
    """The English words of a lexicon, which has a word and its sounds on each line."""
    with lexicon.open(encoding="utf-8", errors="replace") as lines:
        first = (line.split(maxsplit=1)[0] for line in lines if line.strip())
        return frozenset(word.casefold() for word in first if word.isascii())


def spelt(text: str, known: Collection[str]) -> str:
    """The text with words that are not known in parts that are, or letter by letter."""
    return _WORD.sub(lambda found: _spelt_word(found[0], known), text)


def _spelt_word(word: str, known: Collection[str]) -> str:
    plain = word.replace("’", "'")
    if plain.casefold() in known:
        return plain
    if plain.casefold().endswith("'s") and plain[:-2].casefold() in known:
        return f"{plain[:-2]}s" if f"{plain[:-2]}s".casefold() in known else plain[:-2]
    parts = _PARTS.findall(plain) or [plain]
    return " ".join(part if part.casefold() in known else _in_two(part, known) for part in parts)


def _in_two(part: str, known: Collection[str]) -> str:
    """Two known words, of which the first is as long as can be; else letters."""
    if not part.isupper():
        for cut in range(len(part) - 3, 2, -1):
            first, second = part[:cut], part[cut:]
            if first.casefold() in known and second.casefold() in known:
                return f"{first} {second}"
    return " ".join(part.upper())

"""Spells the numbers of Chinese text in characters, as they are said."""

from __future__ import annotations

import re

_DIGITS = "零一二三四五六七八九"
_SMALL = ("", "十", "百", "千")
_LARGE = ("", "万", "亿", "万亿")
_LONGEST = 4 * len(_LARGE)

_LONG_CODE = 9
"""As many digits without a separator are a telephone number, say, and are said one by one."""

_DATE = re.compile(r"(?<![\w.-])([1-9]\d{3})-(0?[1-9]|1[0-2])-(0?[1-9]|[12]\d|3[01])(?![\d-])")
_YEAR = re.compile(r"(?<!\d)([1-9]\d{3})(?=\s*年)")
_NUMBER = re.compile(r"(?<![A-Za-z\d._-])([-−]?)(\d+(?:,\d{3})+(?!\d)|\d+)((?:\.\d+)*)([%％‰]?)")
_CLOCK = re.compile(r"(?<![\d:])([01]?\d|2[0-4]):([0-5]\d)(?![\d:])")

_COUNTED = frozenset("个位次天条本张只家台份种倍件块遍名岁杯步")
"""Words that count something, before which 2 is 两."""

_PARTS = {"%": "百分之", "％": "百分之", "‰": "千分之", "": ""}


def spell_numbers(text: str) -> str:
    """The text with dates, times, negative numbers, decimals and percentages as they are said, years digit
    by digit. What stands behind a Latin letter ("MP3") or a hyphen stays.
    """
    text = _DATE.sub(lambda found: f"{found[1]}年{int(found[2])}月{int(found[3])}日", text)
    text = _CLOCK.sub(lambda found: _time(int(found[1]), int(found[2])), text)
    text = _YEAR.sub(lambda found: _one_by_one(found[1]), text)
    return _NUMBER.sub(_number, text)


def spell(digits: str) -> str:
    """A whole number in characters; one by one where it is no quantity."""
    if (len(digits) > 1 and digits[0] == "0") or len(digits) > min(_LONGEST, _LONG_CODE - 1):
        return _one_by_one(digits)
    return _quantity(int(digits))


def _number(found: re.Match[str]) -> str:
    sign, whole, fraction, part = found.groups()
    grouped = "," in whole
    digits = whole.replace(",", "")
    said = _quantity(int(digits)) if grouped and len(digits) <= _LONGEST else spell(digits)
    if digits == "2" and not fraction and not part and found.string[found.end() :][:1] in _COUNTED:
        said = "两"
    points = "".join(f"点{_one_by_one(each)}" for each in fraction.split(".")[1:])
    return f"{'负' if sign else ''}{_PARTS[part]}{said}{points}"


def _time(hour: int, minute: int) -> str:
    if minute == 0:
        return f"{_quantity(hour)}点"
    return f"{_quantity(hour)}点{'零' if minute < 10 else ''}{_quantity(minute)}分"


def _one_by_one(digits: str) -> str:
    return "".join(_DIGITS[int(digit)] for digit in digits)


def _quantity(number: int) -> str:
    """12 is 十二, 1001 一千零一, 1234567 一百二十三万四千五百六十七."""
    if number == 0:
        return _DIGITS[0]
    said, gap = "", False
    for place in reversed(range(len(_LARGE))):
        group = number // 10_000**place % 10_000
        if group == 0:
            gap = gap or bool(said)
            continue
        said += (_DIGITS[0] if said and (gap or group < 1000) else "") + _group(group) + _LARGE[place]
        gap = False
    return said.removeprefix("一") if said.startswith("一十") else said


def _group(number: int) -> str:
    """1 to 9999."""
    said, gap = "", False
    for place in reversed(range(4)):
        digit = number // 10**place % 10
        if digit == 0:
            gap = bool(said)
            continue
        said += (_DIGITS[0] if gap else "") + _DIGITS[digit] + _SMALL[place]
        gap = False
    return said

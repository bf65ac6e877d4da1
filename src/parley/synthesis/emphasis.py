"""Whether a star or a line under words is a sign of emphasis or one that is meant."""

from __future__ import annotations


class Emphasis:
    """Remembers what was opened in a paragraph, since what closes nothing is a sign that is meant."""

    def __init__(self) -> None:
        self._opened: set[str] = set()

    def forget(self) -> None:
        """A paragraph ends."""
        self._opened.clear()

    def is_sign(self, sign: str, count: int, before: str, after: str) -> bool:
        """Whether `count` signs between these two characters only dress the words."""
        opens, closes = not after.isspace(), not before.isspace()
        if not (opens or closes) or _is_arithmetic(sign, count, before, after):
            return False
        if sign == "~" and count != 2:
            return False
        if sign == "_" and _is_letter(before) and _is_letter(after):
            return False
        if opens:
            self._opened.add(sign)
            return True
        return sign in self._opened


def _is_letter(character: str) -> bool:
    return character.isalnum() or character == "_"


def _is_arithmetic(sign: str, count: int, before: str, after: str) -> bool:
    """2*3, 2**3 and a*b."""
    if sign != "*" or not (before.isascii() and after.isascii()):
        return False
    if before.isdigit() and after.isdigit():
        return True
    return count == 1 and before.isalnum() and after.isalnum()

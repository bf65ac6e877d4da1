"""Punctuation of several texts as one: the marks of the whole, shared out to its parts."""

from __future__ import annotations

from collections.abc import Sequence

from parley.signal.tokens import is_unspaced

WESTERN = {"，": ",", "。": ".", "？": "?", "！": "!", "、": ",", "；": ";", "：": ":"}
"""Marks that Chinese models write, and what they are behind words in Latin letters."""

MARKS = frozenset(WESTERN) | frozenset(WESTERN.values())


def share_out(texts: Sequence[str], punctuated: str) -> list[str] | None:
    """The texts with the marks that `punctuated`, made of all of them in a row, has in addition.

    Only marks are taken over, never letters, case or spaces. None where `punctuated` is not the
    texts with marks added, because then somebody changed the words.
    """
    letters = [char for text in texts for char in text if not char.isspace()]
    marks = _marks_behind(letters, [char for char in punctuated if not char.isspace()])
    if marks is None:
        return None
    following = iter(marks)
    return [
        "".join(char if char.isspace() else _marked(char, next(following)) for char in text) for text in texts
    ]


def _marks_behind(letters: Sequence[str], punctuated: Sequence[str]) -> list[str] | None:
    """What is added behind each letter; None where more than marks was."""
    marks = [""] * len(letters)
    passed = 0
    for char in punctuated:
        if passed < len(letters) and letters[passed] == char:
            passed += 1
        elif char in MARKS and passed:
            marks[passed - 1] += char
        else:
            return None
    return marks if passed == len(letters) else None


def _marked(char: str, marks: str) -> str:
    """A letter with one mark at most, in the script it is written in; a mark that is there stays alone."""
    if not marks or char in MARKS:
        return char
    return char + (marks[0] if is_unspaced(char) else WESTERN.get(marks[0], marks[0]))

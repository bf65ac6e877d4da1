"""`Range` and `If-Range` (RFC 9110, section 14): which bytes of a file are wanted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

_ONE = re.compile(r"(?i:bytes)\s*=\s*(?:([0-9]{1,18})\s*-\s*([0-9]{0,18})|-\s*([0-9]{1,18}))\s*")


@dataclass(frozen=True, slots=True)
class Stretch:
    """Bytes `first` up to `last`, which is included."""

    first: int
    last: int

    @property
    def length(self) -> int:
        """How many bytes."""
        return self.last - self.first + 1


class Unsatisfiable(Exception):
    """The range lies outside the file."""


def wanted(header: str | None, size: int) -> Stretch | None:
    """The one range asked for, None for the whole file; raises Unsatisfiable.

    Several ranges, another unit and what cannot be read are answered with the whole file, as the
    RFC allows: players ask for one range at a time.
    """
    match = _ONE.fullmatch(header or "")
    if match is None:
        return None
    first_text, last_text, suffix_text = match.groups()
    if suffix_text is not None:
        return _suffix(int(suffix_text), size)
    first, last = int(first_text), int(last_text) if last_text else size - 1
    if last_text and last < first:
        return None
    if first >= size:
        raise Unsatisfiable
    return Stretch(first, min(last, size - 1))


def _suffix(length: int, size: int) -> Stretch:
    if length == 0 or size == 0:
        raise Unsatisfiable
    return Stretch(max(0, size - length), size - 1)


def still_holds(if_range: str | None, etag: str, modified: int) -> bool:
    """Whether the client's part and the file belong together. `modified` is in seconds since the epoch."""
    if if_range is None:
        return True
    if if_range.lstrip()[:1] in ('"', "W"):
        return if_range.strip() == etag  # a weak tag never equals ours
    try:
        return int(parsedate_to_datetime(if_range).timestamp()) == modified
    except (ValueError, TypeError, OverflowError):
        return False


def matches(if_none_match: str | None, etag: str) -> bool:
    """Whether the client has this version: the weak comparison."""
    tags = [tag.strip().removeprefix("W/") for tag in (if_none_match or "").split(",")]
    return etag in tags or tags == ["*"]

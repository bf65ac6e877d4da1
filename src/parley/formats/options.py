"""How a transcript is laid out; which option a format heeds stands in the registry."""

from __future__ import annotations

import math
from dataclasses import dataclass

from parley.errors import InvalidOption

LINE_WIDTH_RANGE = (8, 200)
"""Columns: four full-width characters, and more than any screen shows in one line."""

MAX_LINES_RANGE = (1, 8)
BLOCK_SECONDS_RANGE = (1.0, 60.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderOptions:
    """What a reader may ask of a rendering; raises InvalidOption for values that mean nothing.

    `max_line_width` is in columns (a full-width character takes two); None chooses by script.
    `max_lines` and `max_block_s` bound one subtitle block: 2 lines and 7 seconds are what the
    Netflix Timed Text Style Guide allows. `merge_gap_s` is the pause in seconds from which on the
    same speaker starts a new paragraph. `failed_notes` shows lost seconds as a bracketed note.
    `file_id` names the recording in RTTM.
    """

    max_line_width: int | None = None
    max_lines: int = 2
    max_block_s: float = 7.0
    merge_gap_s: float = 3.0
    failed_notes: bool = True
    file_id: str = "recording"

    def __post_init__(self) -> None:
        if self.max_line_width is not None:
            _check("max_line_width", self.max_line_width, *LINE_WIDTH_RANGE)
        _check("max_lines", self.max_lines, *MAX_LINES_RANGE)
        _check("max_block_s", self.max_block_s, *BLOCK_SECONDS_RANGE)
        _check("merge_gap_s", self.merge_gap_s, 0.0, math.inf)


def _check(name: str, value: float, low: float, high: float) -> None:
    if not math.isfinite(value) or not low <= value <= high:
        bound = f"between {low} and {high}" if math.isfinite(high) else f"at least {low}"
        raise InvalidOption(f"{name} must be {bound}; it is {value}.")

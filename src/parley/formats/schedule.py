"""When each subtitle block appears and goes, in whole milliseconds."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

MIN_SHOWN_MS = 833
"""Five sixths of a second, the shortest subtitle event Netflix accepts."""

MS_PER_COLUMN = 50
"""Reading speed: 20 Latin or 10 full-width characters a second (Netflix: English 20, Chinese 9)."""

SHARED_MS = 500
"""What the first of two overlapping blocks of one voice keeps at least, where the second can wait."""


@dataclass(frozen=True, slots=True)
class Block:
    """One subtitle: shown from `start` to `end` (ms); blocks of one `lane` never overlap."""

    start: int
    end: int
    lines: tuple[str, ...]
    speaker: str | None
    lane: Hashable
    width: int


def schedule(blocks: Sequence[Block], max_ms: int, duration_ms: int) -> list[Block]:
    """The blocks by start, none empty, longer than `max_ms` or over the next one of its lane.

    A block too short to be read stays longer where nobody speaks after it, at most until the
    recording ends.
    """
    apart = sorted(_apart(blocks, max_ms), key=lambda block: block.start)
    starts = [block.start for block in apart]
    last_end = max([duration_ms, *(block.end for block in apart)])
    return [_readable(block, starts, max_ms, last_end) for block in apart]


def _apart(blocks: Sequence[Block], max_ms: int) -> list[Block]:
    """Blocks of one lane moved apart: the earlier ends, or the later waits a moment."""
    placed: list[Block] = []
    latest: dict[Hashable, int] = {}
    for block in sorted(blocks, key=lambda block: block.start):
        end = block.end if block.end > block.start else block.start + SHARED_MS
        start = block.start
        if block.lane in latest:
            before = placed[latest[block.lane]]
            start = _start_after(before, start, end)
            placed[latest[block.lane]] = replace(before, end=min(before.end, start))
        latest[block.lane] = len(placed)
        placed.append(replace(block, start=start, end=min(max(end, start + 1), start + max_ms)))
    return placed


def _start_after(before: Block, start: int, end: int) -> int:
    wait = min(before.end, before.start + SHARED_MS, end - 1)
    return max(start, wait, before.start + 1)


def _readable(block: Block, starts: Sequence[int], max_ms: int, last_end: int) -> Block:
    follower = bisect_left(starts, block.end)
    room = starts[follower] if follower < len(starts) else last_end
    wanted = block.start + min(max_ms, max(MIN_SHOWN_MS, MS_PER_COLUMN * block.width))
    return replace(block, end=max(block.end, min(wanted, room)))

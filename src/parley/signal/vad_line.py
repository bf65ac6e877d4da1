"""What a VAD has said of a live input and nobody has dealt with."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from parley.speech.span import Span

REST_S = 0.2
"""What is left of an island that was cut is speech if it lasts longer; else the VAD's tail and a breath."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What a VAD stream said after it has heard `heard_s`; `settled_s` see `StreamHeard`."""

    islands: tuple[Span, ...]
    open_since: float | None
    heard_s: float
    settled_s: float

    @property
    def first(self) -> float | None:
        """Where the first speech in it begins."""
        return self.islands[0].start if self.islands else self.open_since


class VadLine:
    """Islands in order: those that ended, and the open one. What lies before `floor` is dealt with.

    Islands that touch are one: whether a long one comes in parts depends on when one asks.
    """

    def __init__(self) -> None:
        self.islands: deque[Span] = deque()
        self.open_since: float | None = None
        self.settled_s = 0.0
        self.floor = 0.0

    def take(self, heard: Heard, since: float | None) -> None:
        """Take what was said; `since` is where the speech began that goes on for those who listen."""
        for island in heard.islands:
            self.islands.append(Span(self._joined(island.start), island.end))
        if heard.open_since is None:
            self.end_open(min(self.settled_s, heard.heard_s), since)
        else:
            self.open_since = self._joined(heard.open_since)
        self.settled_s = max(self.settled_s, heard.settled_s)

    def end_open(self, at: float, since: float | None) -> None:
        """End the speech at `at`, if its end was not told: a VAD that was started anew may not tell it."""
        if since is not None and not any(span.end > since for span in self.islands):
            self.islands.append(Span(since, max(since, at)))
        self.open_since = None

    def end_after(self, since: float) -> float | None:
        """Where the speech ends that goes on since `since`; None if that is not known."""
        while self.islands and self.islands[0].end < since:
            self.islands.popleft()
        return self.islands[0].end if self.islands else None

    def following(self) -> float | None:
        """Where the speech after the first island begins, as far as that is known."""
        return self.islands[1].start if len(self.islands) > 1 else self.open_since

    def next_start(self) -> float | None:
        """Where speech begins next, as far as that is known. Of an island that was cut a rest counts."""
        while self.islands:
            first = self.islands[0]
            if first.end > self._least_end(first.start):
                return max(self.floor, first.start)
            if self.following() is None and self.settled_s <= first.end:
                return None
            self.islands.popleft()
        if self.open_since is None or self.settled_s <= self._least_end(self.open_since):
            return None
        return max(self.floor, self.open_since)

    @property
    def first(self) -> float:
        """No speech that is not dealt with begins before this."""
        opened = self.settled_s if self.open_since is None else self.open_since
        return max(self.floor, min(self.islands[0].start if self.islands else opened, self.settled_s))

    def _joined(self, start: float) -> float:
        touches = bool(self.islands) and start <= self.islands[-1].end
        return self.islands.pop().start if touches else start

    def _least_end(self, start: float) -> float:
        return self.floor + (REST_S if start < self.floor else 0.0)

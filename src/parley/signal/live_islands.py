"""Islands of speech out of frames that come one after another: live, or hours of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from parley.speech.span import Span

LONGEST_DOUBT_S = 2.0
"""So long before its first sure frame an island may begin; what seemed to be speech earlier was noise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quietness:
    """How islands are cut out of frames that are speech or not; seconds, see `signal.islands.Smoothing`.

    `lead_s` and `tail_s` together are less than `least_pause_s`, so that islands never touch.
    """

    least_pause_s: float = 0.25
    least_speech_s: float = 0.2
    longest_s: float = 15.0
    lead_s: float = 0.07
    tail_s: float = 0.1


class LiveIslands:
    """Takes frames of `frame_s` seconds and gives the islands that have ended; its memory is constant.

    An island counts when it lasts `least_speech_s` and one of its frames was sure to be speech. It is told
    as open from then on, never before: so one that was told comes, and whoever looks now and then knows
    no more of noise than whoever looks often.
    """

    def __init__(self, frame_s: float, quietness: Quietness | None = None) -> None:
        self._frame_s = frame_s
        self._rules = quietness or Quietness()
        self._frame = 0
        self._first = -1
        self._quiet_from = -1
        self._breath = -1
        self._told_s = 0.0
        self._is_rest = False
        self._is_sure = False

    @property
    def goes_on(self) -> bool:
        """Whether what was heard last is part of what may become an island, a short pause included."""
        return self._first >= 0

    @property
    def open_since(self) -> float | None:
        """The start of the island that goes on, None in silence and while it may be noise."""
        return self._start() if self._first >= 0 and self._counts(self._after()) else None

    @property
    def settled_s(self) -> float:
        """Nothing that is heard later changes where there is speech before this."""
        if self._first < 0:
            return max(self._told_s, self._frame * self._frame_s - self._rules.lead_s)
        return self._after() * self._frame_s if self._counts(self._after()) else self._start()

    def take(self, frames: Iterable[bool]) -> list[Span]:
        """The islands that have ended with these frames."""
        return [island for is_speech in frames for island in self.step(is_speech)]

    def finish(self, duration: float) -> list[Span]:
        """The island that is open where the audio ends, after so many seconds."""
        return self._close(self._after(), limit=duration) if self._first >= 0 else []

    def step(self, is_speech: bool, *, is_sure: bool = True) -> list[Span]:
        """The island that has ended with this frame, if one has."""
        frame, self._frame = self._frame, self._frame + 1
        if is_speech:
            self._is_sure = is_sure or self._is_sure
            self._quiet_from = -1
            self._first = self._begin(frame)
        elif self._first >= 0:
            self._quiet_from = frame if self._quiet_from < 0 else self._quiet_from
            self._breath = frame
            if (self._frame - self._quiet_from) * self._frame_s >= self._rules.least_pause_s:
                return self._close(self._quiet_from, limit=self._frame * self._frame_s)
        if self._first >= 0 and (self._frame - self._first) * self._frame_s >= self._rules.longest_s:
            return self._cut()
        return []

    def _begin(self, frame: int) -> int:
        if self._first < 0:
            return frame
        return (
            self._first if self._is_sure else max(self._first, frame - int(LONGEST_DOUBT_S / self._frame_s))
        )

    def _cut(self) -> list[Span]:
        """End an island that has become too long where it was last quiet, not before its later half."""
        half = self._first + (self._frame - self._first) // 2
        at = self._breath if self._breath >= half else self._frame
        start, end = self._start(), at * self._frame_s
        self._first, self._breath, self._told_s, self._is_rest = at, -1, end, self._is_sure
        return [Span(start, end)] if self._is_sure else []

    def _close(self, after: int, *, limit: float) -> list[Span]:
        counts = self._counts(after)
        island = Span(self._start(), min(after * self._frame_s + self._rules.tail_s, limit))
        self._first = self._quiet_from = self._breath = -1
        self._is_rest = self._is_sure = False
        if not counts or island.duration <= 0:
            return []
        self._told_s = island.end
        return [island]

    def _counts(self, after: int) -> bool:
        """Whether speech up to this frame is an island; the rest of one that was too long always is."""
        spoken_s = (after - self._first) * self._frame_s
        return self._is_sure and (spoken_s >= self._rules.least_speech_s or (self._is_rest and spoken_s > 0))

    def _after(self) -> int:
        return self._quiet_from if self._quiet_from >= 0 else self._frame

    def _start(self) -> float:
        return max(self._told_s, self._first * self._frame_s - self._rules.lead_s)

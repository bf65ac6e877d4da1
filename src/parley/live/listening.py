"""One session's ear for speech: a VAD stream that goes on where it was when its worker is lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from parley.errors import ParleyError
from parley.live.errands import Urgency
from parley.live.rescue import Rescue
from parley.live.worker_stream import WorkerStream
from parley.speech.media import SAMPLE_RATE_HZ
from parley.speech.span import Span
from parley.speech.stream import StreamHeard

WARM_UP_S = 2.0
"""So much audio a stream that is opened anew hears before what counts: a detector comes into its state."""

GRID = 12_800
"""Streams begin at multiples of this many samples, so that frames lie where they lay (0.8 s)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """What the detector has said since the last time, in seconds of the session.

    `islands` have ended, `open_since` goes on, and everything before `heard_s` is heard. `settled_s` is
    the detector's own word on how far nothing changes any more, None where it gives none.
    """

    islands: tuple[Span, ...]
    open_since: float | None
    heard_s: float
    settled_s: float | None = None


class Listening:
    """Hears the session's audio once and in order; `read` gives it by sample numbers. `moved` counts how
    often that went on in another stream.

    What was said of the audio stays said: a stream that hears it again is believed only about what
    comes after, and about the island that was open.
    """

    def __init__(self, stream: WorkerStream, rescue: Rescue, read: Callable[[int, int], bytes]) -> None:
        self._stream = stream
        self._rescue = rescue
        self._read = read
        self._origin = 0
        self._told_s = 0.0
        self._open_since: float | None = None
        self._begun: float | None = None
        self._late: Span | None = None
        self._barrier = 0
        self.heard = 0
        self.moved = 0

    async def hear(self, until: int, replay_from: int, *, is_last: bool = False) -> Speech:
        """What is said of the audio up to the sample `until`.

        A lost stream hears everything from `replay_from` again. Raises SpotLost, or what ends the session.
        """
        while True:
            try:
                if not self._stream.is_open:
                    await self._catch_up(replay_from)
                heard = await self._stream.feed(
                    self._read(self.heard, until), Urgency.LISTENING, is_last=is_last
                )
            except ParleyError as error:
                await self._rescue.survive(error)
                continue
            self._rescue.went_well()
            self.heard = until
            return self._told(heard)

    def skip(self, until: int) -> None:
        """Leave audio out that cannot be heard."""
        self._stream.close()
        self.heard = self._barrier = until
        self._open_since = None
        self._told_s = max(self._told_s, until / SAMPLE_RATE_HZ)

    def close(self) -> None:
        """Leave nothing behind in the worker."""
        self._stream.close()

    async def _catch_up(self, replay_from: int) -> None:
        """Bring a new stream to where the old one was. What it says of that is said already, but for the
        island that was open: that goes on, or has ended meanwhile."""
        self._begun = self._open_since
        self._origin = _aligned(max(replay_from, self._barrier), self.heard)
        if self._origin == self.heard:
            return
        again = await self._stream.feed(self._read(self._origin, self.heard), Urgency.LISTENING)
        if self._open_since is not None and again.open_since is None:
            ends = [self._session_s(island.end) for island in again.islands]
            end = max([end for end in ends if end > self._open_since], default=self._heard_s)
            self._late = Span(self._open_since, min(end, self._heard_s))
            self._begun = self._open_since = None
        self.moved += 1

    def _told(self, heard: StreamHeard) -> Speech:
        islands = [self._late] if self._late else []
        for island in heard.islands:
            islands.append(Span(self._start(island.start), self._session_s(island.end)))
            self._begun, self._told_s = None, islands[-1].end
        self._late = None
        self._open_since = None if heard.open_since is None else self._start(heard.open_since)
        whole = tuple(island for island in islands if island.end > island.start)
        settled_s = None if heard.settled_s is None else self._session_s(heard.settled_s)
        return Speech(islands=whole, open_since=self._open_since, heard_s=self._heard_s, settled_s=settled_s)

    def _start(self, start: float) -> float:
        """An island that was open before its stream was lost begins where it was said to begin."""
        if self._begun is not None:
            return self._begun
        return max(self._session_s(start), self._told_s)

    def _session_s(self, stream_s: float) -> float:
        """Whole samples, so that a moment is the same seen from any origin."""
        return (self._origin + round(stream_s * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ

    @property
    def _heard_s(self) -> float:
        return self.heard / SAMPLE_RATE_HZ


def _aligned(first: int, heard: int) -> int:
    """The next sample on the grid, if it was heard."""
    return min(-(-first // GRID) * GRID, heard)

"""Where a session's audio comes in: heard, kept, timed, and no more of it than can be dealt with."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable

from parley.live.ear import Ear
from parley.live.options import LiveWish
from parley.live.ring import AudioRing
from parley.speech.media import SAMPLE_RATE_HZ

SLICE_S = 0.5
"""A message is taken in pieces, so that a long one waits as short ones do."""

_MARK_S = 0.05
MOST_CUTS = 64


class Inlet:
    """The client's end of the ring. `cuts` are the samples at which it wants utterances to end, `writers`
    wait to be let in.

    Takes no more when `backlog_s` were not dealt with; `deal` says how far everything is.
    """

    def __init__(self, wish: LiveWish, ring: AudioRing, backlog_s: float, clock: Callable[[], float]) -> None:
        self._ear = Ear(wish.sample_rate_hz, wish.encoding, wish.channels)
        self._slice = max(1, round(wish.sample_rate_hz * SLICE_S)) * self._ear.frame_bytes
        self._backlog = round(backlog_s * SAMPLE_RATE_HZ)
        self._clock = clock
        self._marks: deque[tuple[int, float]] = deque()
        self._dealt = 0
        self._roomy = asyncio.Event()
        self._roomy.set()
        self._arrived = asyncio.Event()
        self._began: float | None = None
        self._served_at: float | None = None
        self.ring = ring
        self.cuts: deque[int] = deque()
        self.is_ended = False
        self.writers = 0
        self.last_at = clock()

    @property
    def received_frames(self) -> int:
        """Whole sample frames, at the client's rate."""
        return self._ear.frames

    @property
    def last(self) -> int:
        """The sample that comes next."""
        return self.ring.last

    @property
    def is_full(self) -> bool:
        """Whether the client is kept waiting."""
        return not self._roomy.is_set()

    async def write(
        self, data: memoryview, is_wanted: Callable[[], bool], hear: Callable[[bytes], None]
    ) -> None:
        """Take audio, as long as it is wanted; `hear` is told what came in."""
        for first in range(0, len(data), self._slice):
            self.writers += 1
            try:
                await self._roomy.wait()
            finally:
                self.writers -= 1
            if self.is_ended or not is_wanted():
                return
            self._take(self._ear.hear(data[first : first + self._slice]), hear)

    def cut(self) -> None:
        """The utterance is to end here."""
        if self.is_ended:
            return
        self._keep(self._ear.settle())
        if len(self.cuts) < MOST_CUTS and (not self.cuts or self.cuts[-1] < self.last):
            self.cuts.append(self.last)
        self._arrived.set()

    def end(self) -> None:
        """Nothing comes any more."""
        if not self.is_ended:
            self._keep(self._ear.settle())
        self.is_ended = True
        self._roomy.set()
        self._arrived.set()

    def change_lines(self) -> None:
        """What comes next comes from another line, which sends again what did not arrive whole."""
        self._ear.drop_half()
        self.last_at = self._clock()

    async def wait(self, timeout_s: float | None) -> None:
        """Return when something new came, or after so long."""
        self._arrived.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._arrived.wait()

    def stir(self) -> None:
        """Let who waits look around."""
        self._arrived.set()

    def deal(self, upto: int, needed_from: int) -> None:
        """Everything up to this sample is dealt with, and nothing before the other is needed any more."""
        self._dealt = max(self._dealt, upto)
        if self._dealt and self._served_at is None:
            self._served_at = self._clock()
        while self._marks and self._marks[0][0] <= self._dealt:
            self._marks.popleft()
        self.ring.forget(needed_from)
        self._weigh()

    def age_s(self) -> float:
        """How long ago the oldest audio arrived that is not dealt with."""
        return self._clock() - self._marks[0][1] if self._marks else 0.0

    def lateness_s(self) -> float:
        """How late that is, for who speaks no faster than sound does: audio sent ahead of its time waits.
        Waiting for engines to be loaded is no lateness: it says nothing of how many may speak.
        """
        if not self._marks or self._began is None or self._served_at is None:
            return 0.0
        spoken_at = self._began + self._marks[0][0] / SAMPLE_RATE_HZ
        return max(0.0, self._clock() - max(self._marks[0][1], spoken_at, self._served_at))

    def _take(self, pcm: bytes, hear: Callable[[bytes], None]) -> None:
        self.last_at = self._clock()
        self._began = self.last_at if self._began is None else self._began
        self._keep(pcm)
        hear(pcm)

    def _keep(self, pcm: bytes) -> None:
        if not pcm:
            return
        self.ring.append(pcm)
        now = self._clock()
        if len(self._marks) > 1 and now - self._marks[-2][1] < _MARK_S:
            self._marks[-1] = (self.last, self._marks[-1][1])
        else:
            self._marks.append((self.last, now))
        self._weigh()
        self._arrived.set()

    def _weigh(self) -> None:
        is_roomy = self.last - self._dealt < self._backlog and self.ring.room > SAMPLE_RATE_HZ
        if self.is_ended or is_roomy:
            self._roomy.set()
        else:
            self._roomy.clear()

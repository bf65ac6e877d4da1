"""How far the audio that was sent is ahead of the loudspeaker."""

from __future__ import annotations

from collections.abc import Callable

_REPORTS_S = 2.0
"""A client that tells what it plays does so five times a second. One that has fallen silent is taken to play
on, as one is that never told anything.
"""


class Ahead:
    """Of one line. `most_s` of audio may be sent before it is played."""

    def __init__(self, most_s: float, clock: Callable[[], float]) -> None:
        self._most_s = most_s
        self._clock = clock
        self._turn = -1
        self._rate_hz = 1
        self._sent = self._played = 0
        self._at = 0.0
        self._is_held = self._reports = False

    def sent(self, turn: int, first_sample: int, samples: int, rate_hz: int) -> None:
        """So many samples of a turn, from that one on, are on their way."""
        if turn != self._turn:
            self._turn, self._rate_hz, self._is_held = turn, rate_hz, False
            self._sent = self._played = first_sample
            self._at = self._clock()
        elif self._played_by_now() >= self._sent:
            # The loudspeaker had run dry: what comes now is played from now on.
            self._played, self._at = first_sample, max(self._at, self._clock() - self._grace_s)
        self._sent = first_sample + samples

    def played(self, turn: int, samples: int) -> int:
        """The client has said so; how many it can have played, of what was sent on this line."""
        self._reports = True
        if turn != self._turn:
            return 0
        samples = min(samples, self._sent)
        self._played, self._at = max(self._played, samples), self._clock()
        return samples

    def hold(self, turn: int) -> None:
        """The loudspeaker is told to wait."""
        if turn == self._turn:
            self._played, self._at, self._is_held = self._played_by_now(), self._clock(), True

    def go_on(self, turn: int, from_sample: int) -> None:
        """The loudspeaker is told to go on there."""
        if turn == self._turn:
            self._played, self._at, self._is_held = from_sample, self._clock(), False

    def flush(self, turn: int) -> None:
        """The loudspeaker is told to throw away what it has: nothing is on its way any more."""
        if turn == self._turn:
            self._played, self._at, self._is_held = self._sent, self._clock(), False

    def wait_s(self, turn: int) -> float:
        """How long it takes at most until more of this turn may be sent; 0.0: now."""
        if turn != self._turn:
            return 0.0
        ahead_s = (self._sent - self._played_by_now()) / self._rate_hz
        return max(0.0, ahead_s - self._most_s)

    @property
    def _grace_s(self) -> float:
        return _REPORTS_S if self._reports else 0.0

    def _played_by_now(self) -> int:
        if self._is_held:
            return self._played
        since_s = max(0.0, self._clock() - self._at - self._grace_s)
        return max(self._played, min(self._sent, self._played + int(since_s * self._rate_hz)))

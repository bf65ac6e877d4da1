"""The audio a session may still need, by its place in the session."""

from __future__ import annotations

from collections import deque

from parley.speech.media import SAMPLE_BYTES, SAMPLE_RATE_HZ

BLOCK_SAMPLES = SAMPLE_RATE_HZ
"""Audio lies in blocks of a second, so that forgetting copies nothing."""

_BLOCK_BYTES = BLOCK_SAMPLES * SAMPLE_BYTES


class AudioRing:
    """16 kHz mono s16le from sample `first` up to `last` (exclusive) of a session.

    Holds `longest_s` seconds; what comes when it is full takes the place of the oldest. Whoever must not
    lose audio looks at `room` first.
    """

    def __init__(self, longest_s: float) -> None:
        self._limit = max(1, round(longest_s * SAMPLE_RATE_HZ))
        self._blocks: deque[bytearray] = deque()
        self._block = 0
        self._first = self._last = 0

    @property
    def first(self) -> int:
        """The oldest sample held."""
        return self._first

    @property
    def last(self) -> int:
        """The sample that comes next."""
        return self._last

    @property
    def held(self) -> int:
        """Samples held."""
        return self._last - self._first

    @property
    def room(self) -> int:
        """Samples that may come before the oldest is lost."""
        return self._limit - self.held

    def append(self, pcm: bytes | bytearray | memoryview) -> None:
        """Take whole samples; raises ValueError for a half one."""
        view = memoryview(pcm).cast("B")
        if len(view) % SAMPLE_BYTES:
            raise ValueError("half a sample cannot be kept")
        while len(view):
            if not self._blocks or len(self._blocks[-1]) == _BLOCK_BYTES:
                self._blocks.append(bytearray())
            taken = view[: _BLOCK_BYTES - len(self._blocks[-1])]
            self._blocks[-1] += taken
            view = view[len(taken) :]
            self._last += len(taken) // SAMPLE_BYTES
            self.forget(self._last - self._limit)

    def read(self, first: int, last: int) -> bytes:
        """Samples `first` up to `last` (exclusive); raises ValueError when some of them are not held."""
        if not self._first <= first <= last <= self._last:
            raise ValueError(f"samples {first} to {last} are not held, {self._first} to {self._last} are")
        pieces: list[memoryview] = []
        while first < last:
            block, offset = divmod(first, BLOCK_SAMPLES)
            upto = min(last, (block + 1) * BLOCK_SAMPLES)
            piece = memoryview(self._blocks[block - self._block])
            pieces.append(piece[offset * SAMPLE_BYTES : (offset + upto - first) * SAMPLE_BYTES])
            first = upto
        return b"".join(pieces)

    def forget(self, before: int) -> None:
        """Let go of samples before this one; of those that did not come yet nothing is forgotten."""
        self._first = min(max(self._first, before), self._last)
        while self._blocks and (self._block + 1) * BLOCK_SAMPLES <= self._first:
            self._blocks.popleft()
            self._block += 1

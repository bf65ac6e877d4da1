"""Which of many numbered parts have arrived: a bit for each, least significant first."""

from __future__ import annotations

import numpy as np

MOST_RANGES = 10_000
"""Holes that are told at once: a client that fills them asks again."""

_FULL = b"\xff"


class Bitmap:
    """A set of indices from 0 to `count` - 1."""

    def __init__(self, count: int, bits: bytes = b"") -> None:
        self.count = count
        size = (count + 7) // 8
        self._bits = bytearray(bits[:size].ljust(size, b"\0"))
        self.received = int.from_bytes(self._bits, "little").bit_count()
        self._prefix = 0

    def __contains__(self, index: int) -> bool:
        return bool(self._bits[index >> 3] & (1 << (index & 7)))

    def add(self, index: int) -> None:
        """Note that a part is there."""
        if index not in self:
            self._bits[index >> 3] |= 1 << (index & 7)
            self.received += 1

    def clear(self) -> None:
        """Forget all."""
        self._bits = bytearray(len(self._bits))
        self.received = self._prefix = 0

    @property
    def is_full(self) -> bool:
        """Whether nothing is missing."""
        return self.received == self.count

    @property
    def prefix(self) -> int:
        """How many parts from the first on are there without a hole."""
        first = self._prefix >> 3
        if self._bits.startswith(_FULL, first):
            # A million parts, one by one, would hold up whoever asks for a tenth of a second.
            rest = self._bits[first:]
            self._prefix = min(self.count, (first + len(rest) - len(rest.lstrip(_FULL))) << 3)
        while self._prefix < self.count and self._prefix in self:
            self._prefix += 1
        return self._prefix

    def to_bytes(self) -> bytes:
        """The bits as they are stored."""
        return bytes(self._bits)

    def missing(self) -> tuple[tuple[int, int], ...]:
        """The first MOST_RANGES ranges of indices that are not there, both ends included."""
        bits = np.frombuffer(bytes(self._bits), dtype=np.uint8)
        absent = np.unpackbits(bits, bitorder="little")[: self.count] == 0
        edges = np.flatnonzero(np.diff(np.concatenate(([False], absent, [False])).astype(np.int8)))
        firsts, lasts = edges[0::2][:MOST_RANGES], edges[1::2][:MOST_RANGES] - 1
        return tuple(zip(firsts.tolist(), lasts.tolist(), strict=True))

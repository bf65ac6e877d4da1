"""Memory for frames on their way in, shared by all connections.

A frame asks for its whole length when its head has arrived, so a frame that was let in can always be
read to its end. Continuations go first: a message in pieces holds memory until its last piece.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Protocol

SMALL_FRAME_BYTES = 4096
"""Frames up to this size are counted but never wait: pings and questions are answered under any load."""


class Reader(Protocol):
    """A connection that waits for memory."""

    def admitted(self) -> None:
        """Memory for the frame asked for is there."""
        ...


class FrameBudget:
    """Counts the bytes of frames that are not dealt with yet; belongs to one event loop."""

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self.used_bytes = 0
        self._waiting: OrderedDict[Reader, int] = OrderedDict()
        self._continuing: OrderedDict[Reader, int] = OrderedDict()
        self._privileged: Reader | None = None

    @property
    def is_contended(self) -> bool:
        """Whether somebody waits for memory."""
        return bool(self._waiting or self._continuing)

    def ask(self, reader: Reader, size: int, *, continuing: bool = False) -> bool:
        """Take memory for a frame; False means that `admitted` will be called when there is some."""
        if size <= SMALL_FRAME_BYTES or (not self.is_contended and self._fits(size)):
            self.used_bytes += size
            return True
        (self._continuing if continuing else self._waiting)[reader] = size
        return self._try_next() is reader

    def release(self, size: int, reader: Reader | None = None) -> None:
        """Give memory back; with `reader`, its message as a whole is dealt with."""
        self.used_bytes -= size
        if reader is not None and reader is self._privileged:
            self._privileged = None
        self._admit()

    def forget(self, reader: Reader) -> None:
        """The connection is gone: it waits no longer."""
        self._waiting.pop(reader, None)
        self._continuing.pop(reader, None)
        if reader is self._privileged:
            self._privileged = None
        self._admit()

    def _admit(self) -> None:
        while (reader := self._try_next()) is not None:
            reader.admitted()

    def _try_next(self) -> Reader | None:
        """Take memory for whoever is next, if there is enough."""
        if self._continuing:
            reader, size = self._next_continuing()
            if not self._fits(size):
                # One message at a time may end beyond the limit: else pieces could wait for each other.
                if self._privileged is not None and self._privileged is not reader:
                    return None
                self._privileged = reader
            del self._continuing[reader]
        elif self._waiting:
            reader, size = next(iter(self._waiting.items()))
            if not self._fits(size):
                return None
            del self._waiting[reader]
        else:
            return None
        self.used_bytes += size
        return reader

    def _next_continuing(self) -> tuple[Reader, int]:
        """The message that may end beyond the limit, before those that wait for its end."""
        if self._privileged is not None and self._privileged in self._continuing:
            return self._privileged, self._continuing[self._privileged]
        return next(iter(self._continuing.items()))

    def _fits(self, size: int) -> bool:
        return self.used_bytes == 0 or self.used_bytes + size <= self.limit_bytes

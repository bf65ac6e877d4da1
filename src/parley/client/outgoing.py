"""What a live session sends: audio, and marks in it; kept until the server says that it has it."""

from __future__ import annotations

from collections import deque

from parley.errors import LiveError
from parley.wire.native.message import Data
from parley.wire.speech.asr_client import Finalize, Stop

MOST_FRAME_BYTES = 32 * 1024
"""Of one message: a second of audio at 16 kHz."""


class Outgoing:
    """Positions are bytes since the session began. `most_bytes` bounds what is kept."""

    def __init__(self, frame_bytes: int, most_bytes: int) -> None:
        self._frame_bytes = frame_bytes
        self._most_bytes = most_bytes
        self._kept = bytearray()
        self._first = 0
        self._next = 0
        self._marks: deque[int] = deque()
        self._marks_sent = 0
        self._is_stopped = self._is_stop_sent = False

    @property
    def is_stopped(self) -> bool:
        """Whether nothing more is taken."""
        return self._is_stopped

    def append(self, audio: memoryview) -> int:
        """Take as much as there is room for; gives how many bytes that was."""
        taken = min(len(audio), self._most_bytes - len(self._kept))
        self._kept += audio[:taken]
        return taken

    def finalize(self) -> None:
        """A mark after what was taken; a second one at the same place would mean nothing."""
        if not self._marks or self._marks[-1] != self._end:
            self._marks.append(self._end)

    def stop(self) -> None:
        """The end, after what was taken."""
        self._is_stopped = True

    def abandon(self) -> None:
        """The end at once: what was not sent yet is dropped."""
        del self._kept[self._next - self._first :]
        while len(self._marks) > self._marks_sent:
            self._marks.pop()
        self._is_stopped = True

    def take(self) -> bytes | Data | None:
        """The next thing to send; None while there is nothing."""
        mark = self._marks[self._marks_sent] if self._marks_sent < len(self._marks) else None
        if mark == self._next:
            self._marks_sent += 1
            return Finalize()
        until = min(self._end, self._next + MOST_FRAME_BYTES, self._end if mark is None else mark)
        if until > self._next:
            piece = bytes(self._kept[self._next - self._first : until - self._first])
            self._next = until
            return piece
        if self._is_stopped and not self._is_stop_sent:
            self._is_stop_sent = True
            return Stop()
        return None

    def acknowledge(self, received_samples: int) -> None:
        """The server has so many samples of each channel: forget them."""
        self._forget(min(received_samples * self._frame_bytes, self._next))

    def rewind(self, received_samples: int) -> None:
        """On a new line go on from there; raises LiveError where that is not kept.

        A mark at that very place goes again: it ends nothing twice.
        """
        place = received_samples * self._frame_bytes
        if not self._first <= place <= self._next:
            raise LiveError("The server goes on at a place in the audio that was never agreed; begin anew.")
        self._forget(place)
        self._next = place
        self._marks_sent = 0
        self._is_stop_sent = False

    def _forget(self, place: int) -> None:
        if place <= self._first:
            return
        del self._kept[: place - self._first]
        self._first = place
        while self._marks and self._marks[0] < place:
            self._marks.popleft()
            self._marks_sent -= 1

    @property
    def _end(self) -> int:
        return self._first + len(self._kept)

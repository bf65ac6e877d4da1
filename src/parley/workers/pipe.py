"""The worker's private end of the pipe to its parent."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from typing import BinaryIO

from parley.wire.frames import Frame, ToWorker
from parley.wire.framing import decode_to_worker, encode, read_body


class Pipe:
    """Frames in and out; any thread may send, one thread reads."""

    def __init__(self, incoming: BinaryIO, outgoing: BinaryIO) -> None:
        self._incoming = incoming
        self._outgoing = outgoing
        self._turn = threading.Lock()

    @classmethod
    def take(cls) -> Pipe:
        """Keep the standard streams for frames, and give what prints or reads something harmless.

        To be called before an engine is imported: from then on descriptor 0 is empty and
        descriptor 1 is stderr, also for native code.
        """
        incoming, outgoing = os.dup(0), os.dup(1)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        os.dup2(2, 1)
        _make_binary(incoming, outgoing)
        return cls(os.fdopen(incoming, "rb"), os.fdopen(outgoing, "wb"))

    def send(self, frame: Frame) -> None:
        """Write one whole frame; raises FrameError when it cannot be encoded, OSError without a parent."""
        data = encode(frame)
        with self._turn:
            self._outgoing.write(data)
            self._outgoing.flush()

    def frames(self) -> Iterator[ToWorker]:
        """Frames until the parent is gone; raises FrameError."""
        while (body := read_body(self._incoming)) is not None:
            yield decode_to_worker(body)


def _make_binary(*descriptors: int) -> None:
    """Windows would otherwise translate line ends inside frames."""
    if sys.platform == "win32":
        import msvcrt

        for descriptor in descriptors:
            msvcrt.setmode(descriptor, os.O_BINARY)

"""What a worker prints goes to the log at debug level; its last lines are kept for post-mortems."""

from __future__ import annotations

import asyncio
import logging
from collections import deque

_log = logging.getLogger(__name__)

KEPT_LINES = 50
LINE_CHARACTERS = 500
_CHUNK_BYTES = 16 * 1024


class Murmur:
    """The stderr of one worker, bounded in lines and in their length."""

    def __init__(self, pool: str, pid: int) -> None:
        self._whose = f"{pool}[{pid}]"
        self._lines: deque[str] = deque(maxlen=KEPT_LINES)
        self._unfinished = ""

    async def listen(self, stream: asyncio.StreamReader) -> None:
        """Read to the end, always: a worker that nobody reads stops when the pipe is full."""
        while chunk := await stream.read(_CHUNK_BYTES):
            self._take(chunk.decode(errors="replace"))
        self._take("\n")

    def _take(self, text: str) -> None:
        *lines, rest = (self._unfinished + text).split("\n")
        for line in lines:
            self._keep(line)
        self._unfinished = rest[:LINE_CHARACTERS]

    def _keep(self, line: str) -> None:
        kept = line.rstrip()[:LINE_CHARACTERS]
        if kept:
            self._lines.append(kept)
            _log.debug("%s %s", self._whose, kept)

    def last_lines(self) -> str:
        """The last lines, oldest first."""
        return "\n".join(self._lines)

"""Log lines: `time level room message`, on stderr; never a transcript."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable


class _Line(logging.Formatter):
    """One line per record: UTC to the millisecond, level, room (the package below `parley`), message."""

    converter = time.gmtime
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def format(self, record: logging.LogRecord) -> str:
        names = record.name.split(".")
        record.room = names[1] if names[0] == "parley" and len(names) > 1 else names[0]
        return super().format(record)


class _Written(logging.Handler):
    """Hands each formatted record to a function."""

    def __init__(self, write: Callable[[str], None]) -> None:
        super().__init__()
        self._write = write

    def emit(self, record: logging.LogRecord) -> None:
        self._write(self.format(record))


def configure(level: str = "INFO", write: Callable[[str], None] | None = None) -> None:
    """Hand the log of every room to `write` (stderr) from `level` on; a second call replaces the first.

    Warnings of other libraries go the same way: whoever reads standard error gets one kind of line.
    """
    handler = _Written(write or _to_stderr)
    handler.setFormatter(_Line("%(asctime)s %(levelname)s %(room)s %(message)s"))
    handler.setLevel(level.upper())
    logging.captureWarnings(True)
    logging.lastResort = handler
    for name in ("parley", "py.warnings"):
        logger = logging.getLogger(name)
        logger.handlers[:] = [handler]
        logger.setLevel(level.upper())
        logger.propagate = False


def _to_stderr(line: str) -> None:
    sys.stderr.write(line + "\n")

"""Log lines: `time level room [trace] message`, or JSON; on stderr; never a transcript or a secret."""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Callable
from typing import Literal

from parley.telemetry.redaction import redact
from parley.telemetry.trace import current_trace

Format = Literal["text", "json"]


class _Line(logging.Formatter):
    """One line per record: UTC to the millisecond, level, room (the package below `parley`), message."""

    converter = time.gmtime
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(room)s %(where)s%(message)s")

    def format(self, record: logging.LogRecord) -> str:
        trace = current_trace()
        record.room = _room_of(record)
        record.where = f"[{trace}] " if trace else ""
        return redact(super().format(record))


class _JsonLine(_Line):
    """One JSON object per record, with `trace` where there is one and `error` for a traceback."""

    def format(self, record: logging.LogRecord) -> str:
        fields = {
            "time": self.formatTime(record),
            "level": record.levelname.lower(),
            "room": _room_of(record),
            "trace": current_trace(),
            "message": redact(record.getMessage()),
            "error": redact(self.formatException(record.exc_info)) if record.exc_info else "",
        }
        # ASCII: valid in every locale.
        return json.dumps({key: value for key, value in fields.items() if value})


class _Written(logging.Handler):
    """Hands each formatted record to a function."""

    def __init__(self, write: Callable[[str], None]) -> None:
        super().__init__()
        self._write = write

    def emit(self, record: logging.LogRecord) -> None:
        self._write(self.format(record))


def configure(
    level: str = "INFO", write: Callable[[str], None] | None = None, line_format: Format = "text"
) -> None:
    """Hand the log of every room to `write` (stderr) from `level` on; a second call replaces the first.

    Warnings of other libraries go the same way: whoever reads standard error gets one kind of line.
    """
    handler = _Written(write or _to_stderr)
    handler.setFormatter(_JsonLine() if line_format == "json" else _Line())
    handler.setLevel(level.upper())
    logging.captureWarnings(True)
    logging.lastResort = handler
    for name in ("parley", "py.warnings"):
        logger = logging.getLogger(name)
        logger.handlers[:] = [handler]
        logger.setLevel(level.upper())
        logger.propagate = False


def _room_of(record: logging.LogRecord) -> str:
    names = record.name.split(".")
    return names[1] if names[0] == "parley" and len(names) > 1 else names[0]


def _to_stderr(line: str) -> None:
    sys.stderr.write(line + "\n")

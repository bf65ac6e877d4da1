"""Sentences on standard error, as text or as JSON lines; no file name can steer the terminal."""

from __future__ import annotations

import json
import os
import re
import sys
from typing import Any, TextIO

_STEERING = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, those that reverse the direction of writing, and bytes of a name that are no UTF-8."""


def printable(text: str) -> str:
    """The text on one line, what would steer a terminal shown as an escape."""
    return _STEERING.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    # Python carries a byte that is no UTF-8 as U+DC00 + byte (PEP 383).
    is_byte = 0xDC80 <= code <= 0xDCFF
    return f"\\x{code - 0xDC00:02x}" if is_byte else match[0].encode("unicode_escape").decode()


def is_json() -> bool:
    """Whether JSON lines are wanted; asked of the arguments, because reading those may fail already."""
    return "--json-progress" in sys.argv[1:]


def can_rewrite(stream: TextIO | None) -> bool:
    """Whether what stands on it can be written over; a stream that was closed is None."""
    return bool(stream and stream.isatty()) and os.environ.get("TERM") not in ("dumb", "unknown")


def line(text: str) -> None:
    """Write a line as it is; a process started without standard error tells nobody."""
    # Typeshed does not say so, but the stream is None when its descriptor was closed.
    if sys.stderr:
        sys.stderr.write(text + "\n")
        sys.stderr.flush()


def json_line(kind: str, file: str, **fields: Any) -> None:
    """One JSON object, in ASCII: valid in every locale, and for a name that is no UTF-8."""
    line(json.dumps({"type": kind, "file": file, **fields}))


def failure(code: str, message: str) -> None:
    """Why the command ends."""
    if is_json():
        json_line("error", "", code=code, message=message)
    else:
        line(f"parley: {printable(message)}")


def interrupted(
    sentence: str = "interrupted; the same command continues where this one stopped.", **fields: Any
) -> None:
    """That work stopped, and how it continues; `fields` are for programs."""
    if is_json():
        json_line("interrupted", "", message=sentence, **fields)
    else:
        line(f"parley: {sentence}")


def log(record: str) -> None:
    """A record of the log; a traceback keeps its lines."""
    if is_json():
        json_line("log", "", message=record)
    else:
        line("\n".join(printable(part) for part in record.split("\n")))

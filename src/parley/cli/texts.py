"""Texts to be spoken: an argument, a file, or standard input as it comes."""

from __future__ import annotations

import codecs
import os
import sys
from collections.abc import AsyncGenerator
from pathlib import Path

from parley.client.apart import apart
from parley.errors import FileNotFound, InvalidOption

MOST_FILE_BYTES = 64 * 1024 * 1024
"""Far more than any request may hold, which its room or server says."""

_READ_BYTES = 64 * 1024
_NOT_UTF8 = "The text is not UTF-8; convert it, for instance with: iconv -f gb18030 -t utf-8"


def read_argument(text: str) -> str:
    """The text of the command line; raises InvalidOption for none, and for bytes that are no text."""
    try:
        text.encode()
    except UnicodeEncodeError:
        # Python carries bytes of an argument that are no UTF-8 as lone surrogates (PEP 383).
        raise InvalidOption(_NOT_UTF8) from None
    return _something(text)


def read_file(path: Path) -> str:
    """The text of a file; raises FileNotFound, InvalidOption."""
    try:
        with path.open("rb") as file:
            data = file.read(MOST_FILE_BYTES + 1)
    except OSError as error:
        raise FileNotFound(f"'{path.name}' cannot be read; name a text file.", detail=str(error)) from error
    if len(data) > MOST_FILE_BYTES:
        raise InvalidOption(f"'{path.name}' is larger than {MOST_FILE_BYTES} bytes; split it.")
    try:
        return _something(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise InvalidOption(f"{_NOT_UTF8} (byte {error.start} of '{path.name}').") from None


async def piped() -> AsyncGenerator[str]:
    """Standard input, without waiting until a buffer is full; raises InvalidOption."""
    if not sys.stdin:
        raise InvalidOption("Standard input is closed; pipe text into the command, or give one.")
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    descriptor = sys.stdin.fileno()
    try:
        while data := await apart(lambda: os.read(descriptor, _READ_BYTES)):
            if piece := decoder.decode(data):
                yield piece
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise InvalidOption(_NOT_UTF8) from None


def _something(text: str) -> str:
    if not text.strip():
        raise InvalidOption("There is nothing to say: the text is empty.")
    return text

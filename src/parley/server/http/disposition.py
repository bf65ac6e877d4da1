"""Names of files in HTTP headers (RFC 6266), in any script."""

from __future__ import annotations

from pathlib import PurePosixPath
from urllib.parse import quote

from parley.jobs.naming import clean_name


def disposition(kind: str, name: str) -> str:
    """`Content-Disposition` with the name in UTF-8, and in ASCII for readers that know no better."""
    plain = "".join(char if _is_safe(char) else "_" for char in name)
    encoded = quote(name, safe="")
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{encoded}"


def _is_safe(char: str) -> bool:
    return char.isascii() and char.isprintable() and char not in '"\\/%'


def renamed(file_name: str, extension: str) -> str:
    """The last part of a client's file name with another extension."""
    return PurePosixPath(clean_name(file_name)).stem + extension

"""Names that come from outside: files on a hub, models on a command line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

_MODEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_LONGEST_PATH = 500
_LONGEST_PART = 200
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f\\:*?"<>|]')
"""What some system reads as more than a name."""


def is_model_name(name: str) -> bool:
    """Whether a folder may be called so."""
    return _MODEL.fullmatch(name) is not None


def is_safe(path: str) -> bool:
    """Whether a path from a hub stays inside the folder it is put in, on every system."""
    parts = path.split("/")
    return (
        0 < len(path) <= _LONGEST_PATH
        and not _FORBIDDEN.search(path)
        and all(0 < len(part) <= _LONGEST_PART and part.strip(". ") for part in parts)
        # Windows drops dots and spaces at the end; a leading dot is common.
        and not any(part.endswith((".", " ")) for part in parts)
    )


def has_clash(paths: Iterable[str]) -> bool:
    """Whether a name stands twice, or as a file and as a folder, also where case does not count."""
    names = [path.casefold() for path in paths]
    known = set(names)
    split = [name.split("/") for name in names]
    folders = {"/".join(parts[:end]) for parts in split for end in range(1, len(parts))}
    return len(known) < len(names) or bool(known & folders)


def matches(path: str, patterns: Iterable[str]) -> bool:
    """Whether one of the patterns means the path: `*` and `?` stay inside a folder, `**` does not."""
    return any(_compiled(pattern).fullmatch(path) for pattern in patterns)


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    return re.compile("".join(_WILD.get(part) or re.escape(part) for part in parts), re.DOTALL)


_WILD = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}

"""Which files of a repository a model consists of; nothing a hub says is taken on trust."""

from __future__ import annotations

import re
from collections.abc import Iterable

from parley.engines.model import ModelSource
from parley.supply import manifest
from parley.supply.hubs import RemoteFile
from parley.supply.line import Refused
from parley.supply.names import has_clash, is_safe, matches

_MOST_FILES = 10_000
_DIGITS = {"sha256": 64, "git": 40}
_NOT_THE_MODEL = (".gitattributes", ".gitignore", "**/.gitattributes", "**/.gitignore", manifest.FILE)


def selected(source: ModelSource, files: Iterable[RemoteFile]) -> tuple[RemoteFile, ...]:
    """The files that the source names; raises Refused where one could do harm or cannot be checked."""
    chosen = tuple(file for file in files if _is_wanted(source, file.path))
    if not chosen:
        raise Refused("it has none of the model's files")
    if len(chosen) > _MOST_FILES:
        raise Refused("its list of files is too long")
    if not all(is_safe(file.path) for file in chosen) or has_clash(file.path for file in chosen):
        raise Refused("it lists files that would lie outside the model's folder or on each other")
    if not all(_is_checkable(file) for file in chosen):
        raise Refused("it gives no size or checksum for some of the files")
    return chosen


def commit_like(said: object) -> str:
    """The text if it is the full name of a commit, else ""."""
    return said if isinstance(said, str) and re.fullmatch(r"[0-9a-f]{40,64}", said) else ""


def _is_wanted(source: ModelSource, path: str) -> bool:
    if source.files:
        return matches(path, source.files)
    return not matches(path, _NOT_THE_MODEL)


def _is_checkable(file: RemoteFile) -> bool:
    digits = _DIGITS[file.checksum.algorithm]
    return file.size_bytes >= 0 and re.fullmatch(rf"[0-9a-f]{{{digits}}}", file.checksum.value) is not None

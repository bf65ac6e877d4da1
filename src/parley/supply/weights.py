"""What tells the weights in a folder from others, without reading gigabytes at every start."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from parley.supply import manifest
from parley.supply.manifest import digest_of

_SAMPLE = 64 * 1024
_PROSE = (".md", ".txt.license")


def identity(folder: Path) -> str:
    """A short digest of every file: of its samples, and of its checksum where the manifest has one.

    Samples alone see a file that was changed by hand, whatever its time says: fine-tuned weights have
    the size of those they were made from. The checksum sees the rest between what came from hubs.
    """
    held = manifest.read(folder)
    checksums = {(file.path, file.size_bytes): file.sha256 for file in held.files} if held else {}
    return digest_of(dict(_told(folder, path, checksums) for path in files_of(folder)))


def _told(folder: Path, path: Path, checksums: Mapping[tuple[str, int], str]) -> tuple[str, str]:
    name = path.relative_to(folder).as_posix()
    try:
        stat = path.stat()
        samples = _read_samples(str(path), stat.st_size, stat.st_mtime_ns, stat.st_ino)
    except OSError:
        return name, ""
    return name, samples + checksums.get((name, stat.st_size), "")


def files_of(folder: Path) -> list[Path]:
    """The files of a model, without hidden ones and prose; links count as what they lead to."""
    found: list[Path] = []
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        paths = [Path(root, name) for name in sorted(names)]
        found += [path for path in paths if _counts(path) and path.is_file()]
    return found


def _counts(path: Path) -> bool:
    return not path.name.startswith(".") and not path.name.lower().endswith(_PROSE)


@lru_cache(maxsize=4096)
def _read_samples(path: str, size: int, _mtime: int, _inode: int) -> str:
    """A digest of the beginning, the middle, the end and the length."""
    said = hashlib.sha256(str(size).encode())
    with Path(path).open("rb") as file:
        for offset in sorted({0, max(0, size // 2 - _SAMPLE // 2), max(0, size - _SAMPLE)}):
            file.seek(offset)
            said.update(file.read(_SAMPLE))
    return said.hexdigest()

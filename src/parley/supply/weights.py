"""What tells the weights in a folder from others, without reading gigabytes at every start."""

from __future__ import annotations

import hashlib
import os
from functools import lru_cache
from pathlib import Path

from parley.supply import manifest
from parley.supply.manifest import Manifest, digest_of

_SAMPLE = 64 * 1024
_PROSE = (".md", ".txt.license")


def identity(folder: Path) -> str:
    """A short digest: of the manifest's checksums, or of sizes and samples where there is no manifest or
    the folder was changed by hand since."""
    held = manifest.read(folder)
    if held is not None and _is_as_written(folder, held):
        return held.identity()
    return digest_of({_name(folder, path): _sampled(path) for path in files_of(folder)})


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


def _name(folder: Path, path: Path) -> str:
    return path.relative_to(folder).as_posix()


def _is_as_written(folder: Path, held: Manifest) -> bool:
    """Whether every file has its size and none is younger than the manifest."""
    try:
        written = (folder / manifest.FILE).stat().st_mtime_ns
        stats = [(file, (folder / file.path).stat()) for file in held.files]
    except OSError:
        return False
    return all(stat.st_size == file.size_bytes and stat.st_mtime_ns <= written for file, stat in stats)


def _sampled(path: Path) -> str:
    try:
        stat = path.stat()
        return _read_samples(str(path), stat.st_size, stat.st_mtime_ns, stat.st_ino)
    except OSError:
        return ""


@lru_cache(maxsize=4096)
def _read_samples(path: str, size: int, _mtime: int, _inode: int) -> str:
    """A digest of the beginning, the middle, the end and the length."""
    said = hashlib.sha256(str(size).encode())
    with Path(path).open("rb") as file:
        for offset in sorted({0, max(0, size // 2 - _SAMPLE // 2), max(0, size - _SAMPLE)}):
            file.seek(offset)
            said.update(file.read(_SAMPLE))
    return said.hexdigest()

"""What is written down about a model that was brought here: from where, when, which bytes."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from parley.engines.model import ModelSource

FILE = ".parley-model.json"
"""In the model's folder."""

_FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldFile:
    """A file of a model, `path` relative to its folder."""

    path: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """`hub` is "" for a folder taken over from a directory; `commit` is what the revision was then."""

    model: str
    hub: str
    repo: str
    revision: str
    commit: str
    licence: str
    arrived: str
    files: tuple[HeldFile, ...]

    def is_from(self, sources: Iterable[ModelSource]) -> bool:
        """Whether the model came from one of these, at the revision that is asked for now."""
        return not self.hub or any(
            (source.hub.value, source.repo, source.revision) == (self.hub, self.repo, self.revision)
            for source in sources
        )

    @property
    def size_bytes(self) -> int:
        """All files together."""
        return sum(file.size_bytes for file in self.files)


def digest_of(checksums: Mapping[str, str]) -> str:
    """A short name for files by path."""
    lines = "".join(f"{path}\0{checksums[path]}\n" for path in sorted(checksums))
    return hashlib.sha256(lines.encode("utf-8", "surrogateescape")).hexdigest()[:12]


def write(folder: Path, manifest: Manifest) -> None:
    """Put the manifest into a folder that nobody reads yet; raises OSError."""
    content = json.dumps({"format": _FORMAT, **asdict(manifest)}, indent=1, ensure_ascii=False)
    with (folder / FILE).open("w", encoding="utf-8") as file:
        file.write(content + "\n")
        file.flush()
        os.fsync(file.fileno())


def read(folder: Path) -> Manifest | None:
    """The manifest of a folder, None where there is none that makes sense."""
    try:
        said = json.loads((folder / FILE).read_text("utf-8"))
        return _built(said)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _built(said: dict[str, Any]) -> Manifest | None:
    if said.pop("format") != _FORMAT:
        return None
    files = tuple(
        HeldFile(path=str(file["path"]), size_bytes=int(file["size_bytes"]), sha256=str(file["sha256"]))
        for file in said.pop("files")
    )
    return Manifest(files=files, **{key: str(value) for key, value in said.items()})

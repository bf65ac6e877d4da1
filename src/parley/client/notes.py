"""Which task an interrupted run was about, so that the next one goes on with it.

The server cannot be asked for it: uploads are found by their id only, because a hash is not a
password. A note is a hint. The server decides whether the upload or task is still there and the
user's, so that a lost, stale or foreign note costs nothing but a new upload.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from parley.client.address import Address

KEPT_S = 30 * 24 * 3600.0
"""Servers forget tasks after so long, unless told otherwise."""


class Notes(Protocol):
    """Remembers tasks by content and options; all methods may block."""

    def recall(self, sha256: str, options: Mapping[str, Any]) -> str | None:
        """The id of the task, None where there is none."""
        ...

    def keep(self, sha256: str, options: Mapping[str, Any], task_id: str) -> None:
        """Remember."""
        ...

    def drop(self, sha256: str, options: Mapping[str, Any]) -> None:
        """Forget."""
        ...


class FolderNotes:
    """Notes as small files. A folder that cannot be written costs the re-attaching, nothing else."""

    def __init__(self, folder: Path, address: Address) -> None:
        self._folder = folder
        self._address = address

    def recall(self, sha256: str, options: Mapping[str, Any]) -> str | None:
        """The id of the task, None where there is none."""
        try:
            task_id = self._path(sha256, options).read_text("ascii").strip()
        except (OSError, ValueError):
            return None
        return task_id or None

    def keep(self, sha256: str, options: Mapping[str, Any], task_id: str) -> None:
        """Remember; and forget what is too old."""
        path = self._path(sha256, options)
        partial = path.with_suffix(f".{os.getpid()}")
        with contextlib.suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            partial.write_text(task_id, "ascii")
            partial.replace(path)
            self._sweep()

    def drop(self, sha256: str, options: Mapping[str, Any]) -> None:
        """Forget."""
        with contextlib.suppress(OSError):
            self._path(sha256, options).unlink(missing_ok=True)

    def _path(self, sha256: str, options: Mapping[str, Any]) -> Path:
        asked = [self._address.socket_url, sha256, dict(options)]
        key = json.dumps(asked, sort_keys=True, default=str).encode()
        return self._folder / f"{hashlib.sha256(key).hexdigest()}.task"

    def _sweep(self) -> None:
        oldest = time.time() - KEPT_S
        for path in self._folder.iterdir():
            if path.stat().st_mtime < oldest:
                path.unlink(missing_ok=True)

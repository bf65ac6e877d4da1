"""Small files that nobody else may read, written whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


def read_or_create(path: Path, make: Callable[[], bytes]) -> bytes:
    """The file's content; a missing one is made. Of two processes that make it, one wins for both."""
    with suppress(FileNotFoundError):
        return path.read_bytes()
    draft = _draft(path, make())
    try:
        _settle(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    return path.read_bytes()


def _settle(draft: Path, path: Path) -> None:
    """Give the draft its name unless somebody was faster."""
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    except OSError:
        # A file system without links: of two first starts at once, the later one wins.
        if not path.exists():
            draft.replace(path)


def replace(path: Path, content: bytes) -> None:
    """Write the file in place of any earlier one; readers see the old content or the new."""
    draft = _draft(path, content)
    try:
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise


def _draft(path: Path, content: bytes) -> Path:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name.lstrip('.')}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(descriptor, content)
        os.fsync(descriptor)
    except OSError:
        draft.unlink()
        raise
    finally:
        os.close(descriptor)
    return draft

"""Notes about interrupted runs: by server, content and options; a hint, never an obstacle."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path

import pytest

from parley.client.address import parse_address
from parley.client.notes import KEPT_S, FolderNotes

HERE = parse_address("localhost")


def test_kept_recalled_and_dropped(tmp_path: Path) -> None:
    notes = FolderNotes(tmp_path / "remote", HERE)
    assert notes.recall("a" * 64, {}) is None
    notes.keep("a" * 64, {"language": "en"}, "task-1")
    again = FolderNotes(tmp_path / "remote", HERE)
    assert again.recall("a" * 64, {"language": "en"}) == "task-1"
    assert again.recall("a" * 64, {"language": "de"}) is None
    assert again.recall("b" * 64, {"language": "en"}) is None
    assert FolderNotes(tmp_path / "remote", parse_address("elsewhere")).recall("a" * 64, {}) is None
    again.drop("a" * 64, {"language": "en"})
    again.drop("a" * 64, {"language": "en"})
    assert notes.recall("a" * 64, {"language": "en"}) is None


def test_nobody_else_reads_them(tmp_path: Path) -> None:
    FolderNotes(tmp_path / "remote", HERE).keep("a" * 64, {}, "task-1")
    assert stat.S_IMODE((tmp_path / "remote").stat().st_mode) == 0o700


def test_old_ones_go(tmp_path: Path) -> None:
    notes = FolderNotes(tmp_path, HERE)
    notes.keep("a" * 64, {}, "task-1")
    (path,) = tmp_path.iterdir()
    os.utime(path, (0, time.time() - KEPT_S - 60))
    notes.keep("b" * 64, {}, "task-2")
    assert notes.recall("a" * 64, {}) is None
    assert notes.recall("b" * 64, {}) == "task-2"


@pytest.mark.parametrize("content", [b"", b"\xff\xfe"])
def test_a_damaged_note_is_none(tmp_path: Path, content: bytes) -> None:
    notes = FolderNotes(tmp_path, HERE)
    notes.keep("a" * 64, {}, "task-1")
    (path,) = tmp_path.iterdir()
    path.write_bytes(content)
    assert notes.recall("a" * 64, {}) is None


def test_a_folder_that_cannot_be_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    notes = FolderNotes(tmp_path / "file", HERE)
    notes.keep("a" * 64, {}, "task-1")
    notes.drop("a" * 64, {})
    assert notes.recall("a" * 64, {}) is None

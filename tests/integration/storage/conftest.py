"""A data directory of one's own, and child processes that do not outlive their test."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.storage.children import Child

Start = Callable[..., Child]


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A directory to be made, in memory where there is one: flushes to a disk would take most of the time."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder).resolve() / "data"


@pytest.fixture
def start() -> Iterator[Start]:
    children: list[Child] = []

    def begin(act: str, *arguments: object) -> Child:
        children.append(Child(act, *arguments))
        return children[-1]

    yield begin
    for child in children:
        child.end()


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Mounts a tmpfs with options, where the system lets us."""
    folder = tmp_path / "mounted"
    folder.mkdir()

    def do(options: str) -> Path:
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        if shutil.which("mount") is None or subprocess.run(command, capture_output=True).returncode:
            pytest.skip("needs the right to mount a tmpfs")
        return folder

    yield do
    subprocess.run(["umount", "-l", str(folder)], capture_output=True)

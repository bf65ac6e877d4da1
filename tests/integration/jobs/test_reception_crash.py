"""The server is killed between any two steps of finishing an upload: nothing is lost, nothing is twice."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from parley.errors import SessionNotFound
from parley.jobs.upload import Answered, Started
from tests.integration.jobs.dying import STEPS, TALK
from tests.integration.jobs.scripted_desk import (
    ALICE,
    ScriptedDesk,
    files,
    memory_folder,
    reception_of,
    rows,
    sha256,
)

ROOT = Path(__file__).parents[3]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")


@pytest.fixture
def data_dir() -> Iterator[Path]:
    with memory_folder() as folder:
        yield Path(folder).resolve() / "data"


def kill_at(step: str, data_dir: Path) -> str:
    """Run a server that dies at a step; the id of the upload it was about to finish."""
    command = [sys.executable, "-m", "tests.integration.jobs.dying", str(data_dir), step]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == -9, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("sweeps", [0, 2])
@pytest.mark.parametrize("step", STEPS)
def test_killed(step: str, sweeps: int, data_dir: Path) -> None:
    task_id = kill_at(step, data_dir)
    had_task = step in ("after admission", "before the row goes")

    async def main() -> None:
        desk = ScriptedDesk()
        async with reception_of(data_dir, desk) as reception:
            for _ in range(sweeps):
                await reception.sweep()
            expected = Answered if had_task else Started
            assert await reception.finish(ALICE, task_id) == expected(task_id=task_id)
            assert await reception.finish(ALICE, task_id) == Answered(task_id=task_id)
            with pytest.raises(SessionNotFound):
                await reception.state(ALICE, task_id)
            await reception.sweep()

    asyncio.run(main())
    assert rows(data_dir, "SELECT id, user, sha256 FROM tasks") == [(task_id, "alice", sha256(TALK))]
    assert rows(data_dir, "SELECT id FROM uploads") == []
    assert rows(data_dir, "SELECT present FROM recordings") == [(1,)]
    assert files(data_dir, "uploads") == set()
    assert files(data_dir, "recordings") == {sha256(TALK)}
    assert (data_dir / "recordings" / sha256(TALK)).read_bytes() == TALK

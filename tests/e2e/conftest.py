"""The command, with a data directory of its own, and nothing of it left afterwards."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.command import Parley


@pytest.fixture
def parley(tmp_path: Path) -> Iterator[Parley]:
    command = Parley(tmp_path, tmp_path / "data")
    # The first live session waits for workers that start; on a loaded machine the next one would be refused.
    command.settings["PARLEY_LIVE__MAX_LAG_MS"] = "600000"
    yield command
    for process in command.started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()

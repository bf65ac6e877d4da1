"""A scripted server, and a recording of several small chunks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from parley.client import patience
from tests.integration.client.scripted import Native, serving

CHUNK = 1000
CHUNKS = 12


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(patience, "LONGEST_PAUSE_S", 0.05)


@pytest.fixture
def native() -> Iterator[Native]:
    with serving(Native()) as native:
        yield native


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "talk.wav"
    path.write_bytes(bytes(range(256)) * 46 + b"end")
    assert -(-path.stat().st_size // CHUNK) == CHUNKS
    return path

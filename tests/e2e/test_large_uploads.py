"""Large recordings on their way in: the server's memory does not grow with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.uploads import MIB, measure, source
from tests.e2e.command import Parley
from tests.e2e.serving import serve

ROOM = 150 * MIB


@pytest.mark.parametrize(
    "chunks", [pytest.param(192, id="192 MiB"), pytest.param(1024, id="1 GiB", marks=pytest.mark.slow)]
)
@pytest.mark.parametrize("binary", [True, False], ids=["binary", "base64"])
def test_memory_stays_flat_and_a_cancelled_upload_leaves_nothing(
    parley: Parley, chunks: int, binary: bool
) -> None:
    served = serve(parley.with_profile(asr="level", vad="whole", speakers="none"), "--workers", "1")
    served.wait_ready()
    uploaded = measure(served, source(chunks), binary=binary)
    grown = uploaded.peak_bytes - uploaded.idle_bytes
    print(f"{uploaded.rate / MIB:.0f} MiB/s, {grown / MIB:.0f} MiB more memory")
    assert grown < ROOM
    assert _bytes_in(parley.data_dir / "uploads") + _bytes_in(parley.data_dir / "recordings") == 0
    assert served.stop() == 0


def _bytes_in(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())

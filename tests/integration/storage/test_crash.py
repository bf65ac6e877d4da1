"""A writer is killed in the middle of its puts, again and again."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from parley.storage.store import Store
from tests.integration.storage.actor import payload_of
from tests.integration.storage.conftest import Start

KILLS = 20


@pytest.mark.skipif(sys.platform == "win32", reason="forks")
def test_every_acknowledged_put_is_there_after_sigkill(tmp_path: Path, start: Start) -> None:
    data_dir = tmp_path / "data"  # on a disk: most kills then hit a flush
    acknowledged = tmp_path / "acknowledged"
    acknowledged.touch()
    writer = start("write_until_killed", data_dir, acknowledged)
    moments = random.Random(20)
    for kill in range(KILLS):
        before = acknowledged.stat().st_size
        writer.tell(str(kill * 1_000_000))
        pid = int(writer.line())
        # The first round makes the tables: the kill may come in the middle of that, too.
        while kill and acknowledged.stat().st_size == before:
            time.sleep(0.001)
        time.sleep(moments.uniform(0.0, 0.15))
        os.kill(pid, signal.SIGKILL)
        assert writer.line() == "dead"

    units = asyncio.run(read(data_dir))
    promised = {int(line) for line in acknowledged.read_text().split()}
    print(f"{len(promised)} puts acknowledged over {KILLS} kills, {len(units.keys() - promised)} more found")
    assert promised <= units.keys()
    # At most the one put of each round whose acknowledgement the kill cut off.
    assert len(units.keys() - promised) <= KILLS
    assert all(payload == payload_of(unit) for unit, payload in units.items())
    with closing(sqlite3.connect(data_dir / "parley.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


async def read(data_dir: Path) -> dict[int, bytes]:
    store = await Store.open(data_dir)
    try:
        return await store.units.get("work", "stage")
    finally:
        await store.close()

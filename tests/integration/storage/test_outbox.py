"""Deliveries that wait: whose turn it is, and which give way when there are too many."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from parley.storage.store import Store


def test_addresses_of_tasks_stand_behind_the_operators(tmp_path: Path) -> None:
    async def main() -> None:
        store = await Store.open(tmp_path)
        for number in range(3):
            await store.outbox.put(f"callback:http://{number}.example/", "task_completed", b"", most=10)
        await store.outbox.put("webhook", "task_completed", b"", most=10)
        due = await store.outbox.due(time.time() + 1, besides=[], limit=2)
        assert [entry.target for entry in due] == ["webhook", "callback:http://0.example/"]
        await store.close()

    asyncio.run(main())


def test_addresses_of_tasks_give_way_before_the_operators(tmp_path: Path) -> None:
    async def main() -> None:
        store = await Store.open(tmp_path)
        await store.outbox.put("webhook", "task_failed", b"", most=2)
        for number in range(3):
            await store.outbox.put(f"callback:http://{number}.example/", "task_completed", b"", most=2)
        due = await store.outbox.due(time.time() + 1, besides=[], limit=10)
        assert [entry.target for entry in due] == ["webhook", "callback:http://2.example/"]
        await store.close()

    asyncio.run(main())

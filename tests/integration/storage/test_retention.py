"""What is forgotten: the old, then the least recently used, and never more than needed."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from parley.speech.transcript import Transcript
from parley.storage.retention import Entry, choose_victims
from parley.storage.store import Store
from tests.integration.storage.test_leases import opened

DAY = 86400.0
ENTRIES = st.lists(
    st.builds(Entry, st.just("key"), st.just("stage"), st.integers(0, 100), st.floats(0, 1000)), max_size=20
)


@given(entries=ENTRIES, max_bytes=st.integers(0, 1000), oldest=st.floats(0, 1000))
def test_victims_are_the_fewest_of_the_oldest(entries: list[Entry], max_bytes: int, oldest: float) -> None:
    victims = choose_victims(entries, max_bytes=max_bytes, oldest=oldest)
    by_use = sorted(entries, key=lambda entry: entry.accessed_at)
    assert victims == by_use[: len(victims)]
    kept = by_use[len(victims) :]
    assert sum(entry.size_bytes for entry in kept) <= max_bytes
    assert all(entry.accessed_at >= oldest for entry in kept)
    if victims and victims[-1].accessed_at >= oldest:
        assert sum(entry.size_bytes for entry in [victims[-1], *kept]) > max_bytes


def age(data_dir: Path, table: str, key: str, days: float) -> None:
    column = "work" if table == "works" else "key"
    with closing(sqlite3.connect(data_dir / "parley.db")) as connection, connection:
        changed = connection.execute(
            f"UPDATE {table} SET accessed_at = ? WHERE {column} = ?", (time.time() - days * DAY, key)
        )
        assert changed.rowcount == 1


async def remember(store: Store, key: str, size_bytes: int = 100_000) -> None:
    await store.units.put(key, "recognise", 0, bytes(size_bytes))
    await store.transcripts.put(key, Transcript(duration=1.0))


async def remembered(store: Store, *keys: str) -> list[tuple[bool, bool]]:
    return [
        (bool(await store.units.get(key, "recognise")), await store.transcripts.get(key) is not None)
        for key in keys
    ]


def test_old_entries_go_each_by_its_own_last_use(data_dir: Path) -> None:
    async def main() -> None:
        async with opened(data_dir) as store:
            for key in ("fresh", "read lately", "old", "half"):
                await remember(store, key)
                if key != "fresh":
                    age(data_dir, "works", key, 100)
                    age(data_dir, "transcripts", key, 100 if key != "half" else 1)
            await store.units.get("read lately", "recognise")
            await store.transcripts.get("read lately")
            await store.tidy(pcm_bytes=0, cache_bytes=10**9, cache_age_s=90 * DAY)
            found = await remembered(store, "fresh", "read lately", "old", "half")
            assert found == [(True, True), (True, True), (False, False), (False, True)]

    asyncio.run(main())


def test_too_much_is_cut_from_the_least_recently_used_and_the_disk_gets_it_back(data_dir: Path) -> None:
    async def main() -> None:
        async with opened(data_dir) as store:
            for day in range(10):
                key = f"work {day}"
                await remember(store, key, 1_000_000)
                age(data_dir, "works", key, 10 - day)
                age(data_dir, "transcripts", key, 10 - day)
            await store.tidy(pcm_bytes=0, cache_bytes=2_500_000, cache_age_s=90 * DAY)
            keys = [f"work {day}" for day in range(10)]
            # The units of day 7 are a moment older than its transcript, and with them gone it fits.
            expected = [(False, False)] * 7 + [(False, True)] + [(True, True)] * 2
            assert await remembered(store, *keys) == expected
        assert (data_dir / "parley.db").stat().st_size < 3_000_000

    asyncio.run(main())


def test_no_room_at_all_keeps_nothing(data_dir: Path) -> None:
    async def main() -> None:
        async with opened(data_dir) as store:
            await remember(store, "work")
            await store.tidy(pcm_bytes=0, cache_bytes=0, cache_age_s=90 * DAY)
            assert await remembered(store, "work") == [(False, False)]
            await remember(store, "work")
            assert await remembered(store, "work") == [(True, True)]

    asyncio.run(main())


def test_tidying_that_fails_fails_nothing_else(data_dir: Path) -> None:
    async def main() -> None:
        async with opened(data_dir) as store:
            with closing(sqlite3.connect(data_dir / "parley.db")) as connection, connection:
                connection.execute("DROP TABLE leases")
            await store.tidy(pcm_bytes=0, cache_bytes=0, cache_age_s=0.0)

    asyncio.run(main())

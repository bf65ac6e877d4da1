"""Units and transcripts: what was put is there."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest

from parley.errors import StoreBusy
from parley.speech.transcript import SCHEMA_VERSION, FailedSpan, Segment, Transcript, Word
from parley.storage import database
from parley.storage.store import Store

T = TypeVar("T")


def with_store(data_dir: Path, use: Callable[[Store], Awaitable[T]]) -> T:
    async def main() -> T:
        store = await Store.open(data_dir)
        try:
            return await use(store)
        finally:
            await store.close()

    return asyncio.run(main())


def test_units_survive_reopening(data_dir: Path) -> None:
    large = os.urandom(1_000_000)

    async def write(store: Store) -> None:
        await store.units.put("work", "recognise", 0, b"")
        await store.units.put("work", "recognise", 7, large)
        await store.units.put("work", "embed", 0, b"other stage")

    async def read(store: Store) -> None:
        assert await store.units.get("work", "recognise") == {0: b"", 7: large}
        assert await store.units.get("work", "align") == {}
        assert await store.units.get("other", "recognise") == {}

    with_store(data_dir, write)
    with_store(data_dir, read)


def test_the_first_result_stays_unless_it_is_not_trusted(data_dir: Path) -> None:
    async def use(store: Store) -> None:
        await store.units.put("work", "stage", 0, b"first")
        await store.units.put("work", "stage", 0, b"second")
        assert await store.units.get("work", "stage") == {0: b"first"}
        await store.units.put("work", "stage", 0, b"third", replace=True)
        assert await store.units.get("work", "stage") == {0: b"third"}

    with_store(data_dir, use)


def test_many_tasks_put_and_get_at_once(data_dir: Path) -> None:
    async def use(store: Store) -> None:
        puts = (store.units.put("work", "stage", unit % 20, b"%d" % (unit % 20)) for unit in range(60))
        gets = (store.units.get("work", "stage") for _ in range(20))
        await asyncio.gather(*puts, *gets)
        assert await store.units.get("work", "stage") == {unit: b"%d" % unit for unit in range(20)}

    with_store(data_dir, use)


def test_a_cancelled_put_is_whole_or_absent(data_dir: Path) -> None:
    async def use(store: Store) -> None:
        for unit in range(20):
            task = asyncio.ensure_future(store.units.put("work", "stage", unit, b"whole"))
            await asyncio.sleep(0.0005 * unit)
            task.cancel()
        await store.units.put("work", "stage", 99, b"whole")
        assert set((await store.units.get("work", "stage")).values()) == {b"whole"}

    with_store(data_dir, use)


TRANSCRIPT = Transcript(
    duration=12.5,
    segments=(
        Segment(
            start=0.5,
            end=2.0,
            text="Hello, world.",
            speaker="Speaker1",
            words=(Word(text="Hello,", start=0.5, end=1.0, confidence=0.9),),
            tags=("<laughter>",),
            channel=1,
        ),
        Segment(start=3.0, end=4.0, text="你好，世界。", raw_text="你好世界"),
    ),
    speakers=("Speaker1",),
    failed=(FailedSpan(start=5.0, end=6.0, code="unit_poisoned", message="Lost."),),
    warnings=("It breaks off.",),
    diarized=True,
)


def test_a_transcript_comes_back_equal(data_dir: Path) -> None:
    async def use(store: Store) -> None:
        assert await store.transcripts.get("key") is None
        await store.transcripts.put("key", Transcript(duration=1.0))
        await store.transcripts.put("key", TRANSCRIPT)
        assert await store.transcripts.get("key") == TRANSCRIPT
        await store.transcripts.forget("key")
        assert await store.transcripts.get("key") is None

    with_store(data_dir, use)


@pytest.mark.parametrize(
    "payload",
    [b"not json", b"{}", msgspec.json.encode(Transcript(duration=1.0, schema_version=SCHEMA_VERSION + 1))],
)
def test_a_transcript_that_is_not_understood_is_not_there(data_dir: Path, payload: bytes) -> None:
    with_store(data_dir, lambda store: store.transcripts.put("key", TRANSCRIPT))
    with closing(sqlite3.connect(data_dir / "parley.db")) as connection, connection:
        connection.execute("UPDATE transcripts SET payload = ?", (payload,))

    assert with_store(data_dir, lambda store: store.transcripts.get("key")) is None


def test_a_lock_that_is_not_let_go_is_busy_and_names_nothing(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_S", 0.3)

    async def use(store: Store) -> None:
        with closing(sqlite3.connect(data_dir / "parley.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreBusy) as caught:
                await store.units.put("work", "stage", 0, b"the patient said")
            assert await store.units.get("work", "stage") == {}  # readers do not wait
        said = f"{caught.value} {caught.value.detail} {caught.value.__cause__}"
        assert "patient" not in said
        assert str(data_dir) not in said
        await store.units.put("work", "stage", 0, b"afterwards")

    with_store(data_dir, use)

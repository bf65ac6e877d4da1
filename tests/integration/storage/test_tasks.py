"""States of tasks change along the table of transitions only, whoever else is at it."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parley.storage.heard import HeardPiece
from parley.storage.store import Store
from parley.storage.tasks import EXPIRED, LIVE, OVER, PENDING, PROCESSING, TRANSITIONS, StoredTask

STATES = (*LIVE, *OVER, EXPIRED)


def row(name: str, state: str = PENDING, **facts: object) -> StoredTask:
    known = {
        "user": "ann", "turn": 1, "work": "w", "sha256": "s", "md5": "m", "size_bytes": 1, "file_name": "f",
        "profile": "p", "output_format": "json", "order": b"{}", "created_at": time.time(),
    }  # fmt: skip
    return StoredTask(id=name, state=state, **(known | facts))  # type: ignore[arg-type]


def test_what_is_over_is_over_for_good() -> None:
    assert set(TRANSITIONS) == set(STATES)
    for state, sources in TRANSITIONS.items():
        assert state not in sources
        if state != EXPIRED:
            assert not set(sources) & {*OVER, EXPIRED}


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(["a", "b"]), st.sampled_from(STATES)), max_size=12))
def test_moves_follow_the_table(tmp_path: Path, moves: list[tuple[str, str]]) -> None:
    async def body() -> None:
        store = await Store.open(tmp_path / str(time.monotonic_ns()))
        model = {"a": PENDING, "b": PROCESSING}
        for name, state in model.items():
            await store.tasks.add(row(name, state))
        for name, state in moves:
            moved = await store.tasks.move([name, "nobody"], state)
            assert moved == ({name} if model[name] in TRANSITIONS[state] else set())
            model[name] = state if moved else model[name]
            found = await store.tasks.get(name)
            assert found is not None and found.state == model[name]
        assert {it.id for it in await store.tasks.unfinished()} == {
            name for name, state in model.items() if state in LIVE
        }
        await store.close()

    asyncio.run(body())


def test_of_many_who_end_a_task_one_succeeds(tmp_path: Path) -> None:
    async def body() -> None:
        store = await Store.open(tmp_path / "data")
        await store.tasks.add(row("a", PROCESSING))
        moved = await asyncio.gather(*(store.tasks.move(["a"], state) for state in OVER * 5))
        assert sum(map(len, moved)) == 1
        await store.close()

    asyncio.run(body())


def test_progress_never_falls_and_stops_at_the_end(tmp_path: Path) -> None:
    async def body() -> None:
        store = await Store.open(tmp_path / "data")
        await store.tasks.add(row("a"))
        for told, kept in ((10.0, 10.0), (5.0, 10.0), (20.0, 20.0)):
            await store.tasks.advance({"a": told, "nobody": 1.0})
            found = await store.tasks.get("a")
            assert found is not None and found.progress == kept
        await store.tasks.move(["a"], "cancelled")
        await store.tasks.advance({"a": 50.0})
        found = await store.tasks.get("a")
        assert found is not None and found.progress == 20.0
        await store.close()

    asyncio.run(body())


def test_a_piece_that_has_a_number_keeps_it(tmp_path: Path) -> None:
    async def body() -> None:
        store = await Store.open(tmp_path / "data")
        pieces = [HeardPiece(0.0, 1.0, "one"), HeardPiece(1.0, 2.0, "two")]
        await store.heard.add({"w": (0, pieces), "v": (0, pieces[1:])})
        await store.heard.add({"w": (1, [HeardPiece(5.0, 6.0, "other"), HeardPiece(6.0, 7.0, "three")])})
        assert [it.text for it in await store.heard.of("w")] == ["one", "two", "three"]
        assert await store.heard.of("nothing") == []
        await store.close()

    asyncio.run(body())

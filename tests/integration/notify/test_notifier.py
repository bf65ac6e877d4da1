"""Targets that answer, fail, hang and come back, with a real outbox between."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.integration.notify.listening import Request, listening

from parley.errors import StorageError, UrlRefused
from parley.notify.events import Event, TaskFacts
from parley.notify.notifier import Notifier
from parley.notify.options import NotifierOptions
from parley.notify.outbox import Outbox
from parley.notify.target import Target
from parley.notify.webhook import Callback, Pin, Poster, Signer, Webhook
from parley.storage.store import Store

SECRET = b"a secret of the operator"
OPTIONS = NotifierOptions(
    events=frozenset({"task_completed", "server_started"}), first_wait_s=0.02, longest_wait_s=0.3, attempts=50
)


def completed(name: str = "talk.m4a") -> Event:
    facts = TaskFacts(task_id="1", file_name=name, state="completed", duration=60.0, processing_s=1.0)
    return Event(kind="task_completed", task=facts)


class House:
    """A notifier at work and what it counted."""

    def __init__(self, store: Store, notifier: Notifier, counts: Counter[tuple[str, str]]) -> None:
        self.store, self.notifier, self.counts = store, notifier, counts

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(60):
            while not holds():  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    async def until_empty(self) -> None:
        async with asyncio.timeout(60):
            while await self.store.outbox.count():  # noqa: ASYNC110
                await asyncio.sleep(0.01)


@asynccontextmanager
async def at_work(
    data_dir: Path,
    url: str | None,
    *,
    options: NotifierOptions = OPTIONS,
    pin: Pin | None = None,
    timeout_s: float = 30.0,
    outbox: Callable[[Store], Outbox] = lambda store: store.outbox,
) -> AsyncIterator[House]:
    store = await Store.open(data_dir)
    counts: Counter[tuple[str, str]] = Counter()
    poster = Poster(Signer(secret=SECRET, server="box", timeout_s=timeout_s))
    targets: dict[str, Target] = {} if url is None else {"webhook": Webhook(url, poster)}
    notifier = Notifier(
        outbox(store),
        targets,
        options,
        callback=lambda address: Callback(address, poster, pin),
        count=lambda kind, outcome: counts.update([(kind, outcome)]),
    )
    running = asyncio.create_task(notifier.run())
    try:
        yield House(store, notifier, counts)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await poster.close()
        await store.close()


def run(scenario: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(scenario, 120))


def is_ours(request: Request) -> bool:
    """What a receiver does, written without our code."""
    fields = dict(part.split("=") for part in request.headers["parley-signature"].split(","))
    signed = fields["t"].encode() + b"." + request.body
    fresh = abs(time.time() - int(fields["t"])) < 300
    return fresh and hmac.compare_digest(fields["v1"], hmac.new(SECRET, signed, hashlib.sha256).hexdigest())


def test_an_event_is_posted_once_and_signed(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with listening() as listener, at_work(tmp_path / "d", listener.url) as house:
            event = completed("/srv/secret-folder/talk.m4a")
            house.notifier.tell(event)
            await listener.until(1)
            await house.until_empty()
            [request] = listener.requests
            assert is_ours(request)
            assert request.headers["parley-event-id"] == event.id == json.loads(request.body)["id"]
            assert request.headers["parley-event"] == "task_completed"
            assert b"secret-folder" not in request.body
            assert house.counts == {("webhook", "sent"): 1}

    run(scenario())


def test_events_nobody_wants_are_not_told(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with listening() as listener, at_work(tmp_path / "d", listener.url) as house:
            house.notifier.tell(Event(kind="task_failed"))
            house.notifier.tell(Event(kind="server_started"))
            await listener.until(1)
            await house.until_empty()
            assert [request.headers["parley-event"] for request in listener.requests] == ["server_started"]

    run(scenario())


@pytest.mark.parametrize("status", [500, 404, 302, None])
def test_a_target_that_fails_is_tried_again_with_the_same_event_id(
    tmp_path: Path, status: int | None
) -> None:
    async def scenario() -> None:
        timeout_s = 1.0 if status is None else 30.0
        async with (
            listening() as listener,
            at_work(tmp_path / "d", listener.url, timeout_s=timeout_s) as house,
        ):
            listener.status = status
            house.notifier.tell(completed())
            await listener.until(2)
            listener.status = 200
            await house.until(lambda: house.counts["webhook", "sent"] == 1)
            await house.until_empty()
            assert len({request.headers["parley-event-id"] for request in listener.requests}) == 1
            assert all(map(is_ours, listener.requests))
            assert house.counts["webhook", "failed"] >= 1

    run(scenario())


def test_nothing_is_lost_when_the_server_restarts_between_tries(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with listening() as listener:
            listener.status = 500
            events = [completed(f"{number}.m4a") for number in range(5)]
            slow = NotifierOptions(events=OPTIONS.events, first_wait_s=0.5)
            async with at_work(tmp_path / "d", listener.url, options=slow) as house:
                for event in events:
                    house.notifier.tell(event)
                await listener.until(2)
            listener.requests.clear()
            listener.status = 200
            async with at_work(tmp_path / "d", listener.url) as house:
                await house.until_empty()
            assert {request.headers["parley-event-id"] for request in listener.requests} == {
                event.id for event in events
            }

    run(scenario())


def test_what_is_told_at_the_end_waits_for_the_next_start(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with listening() as listener:
            listener.status = None
            async with at_work(tmp_path / "d", listener.url) as house:
                house.notifier.tell(completed())
                await house.notifier.flush(3)
            listener.requests.clear()
            listener.status = 200
            async with at_work(tmp_path / "d", listener.url) as house:
                await house.until_empty()
                assert len(listener.requests) == 1

    run(scenario())


class Stubborn:
    """An outbox whose disk is full for a while, for what became of deliveries."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self.is_full = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._outbox, name)

    async def remove(self, delivery_id: str) -> None:
        if self.is_full:
            raise StorageError("No space is left.")
        await self._outbox.remove(delivery_id)


class Quick:
    """A target that takes everything at once."""

    kind = "webhook"

    def __init__(self) -> None:
        self.heard: list[Event] = []

    async def send(self, event: Event) -> None:
        self.heard.append(event)

    async def close(self) -> None: ...


class Slow(Stubborn):
    """An outbox in which counting takes so long that deliveries end meanwhile."""

    async def count(self) -> int:
        await asyncio.sleep(0.2)
        return await self._outbox.count()


def test_what_was_told_at_the_end_is_not_told_again(tmp_path: Path) -> None:
    async def scenario() -> None:
        store = await Store.open(tmp_path / "d")
        target, outbox = Quick(), Slow(store.outbox)
        outbox.is_full = False
        notifier = Notifier(outbox, {"webhook": target}, OPTIONS)
        notifier.tell(completed())
        await notifier.flush(60)
        assert len(target.heard) == 1
        assert await store.outbox.count() == 0
        await store.close()

    run(scenario())


def test_a_target_that_never_answers_well_is_given_up(tmp_path: Path) -> None:
    async def scenario() -> None:
        options = NotifierOptions(events=OPTIONS.events, attempts=3, first_wait_s=0.01)
        async with listening() as listener, at_work(tmp_path / "d", listener.url, options=options) as house:
            listener.status = 503
            house.notifier.tell(completed())
            await house.until(lambda: house.counts["webhook", "given_up"] == 1)
            await house.until_empty()
            assert len(listener.requests) == 3

    run(scenario())


def test_a_target_that_is_gone_is_not_asked_twice(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with listening() as listener, at_work(tmp_path / "d", listener.url) as house:
            listener.status = 410
            house.notifier.tell(completed())
            await house.until(lambda: house.counts["webhook", "given_up"] == 1)
            assert len(listener.requests) == 1

    run(scenario())


def test_telling_a_dead_target_takes_no_time_and_bounded_space(tmp_path: Path) -> None:
    async def scenario() -> None:
        options = NotifierOptions(events=OPTIONS.events, most_waiting=20)
        async with listening() as listener, at_work(tmp_path / "d", listener.url, options=options) as house:
            listener.status = None
            house.notifier.tell(completed("first"))
            await listener.until(1)
            began = time.perf_counter()
            for number in range(500):
                house.notifier.tell(completed(f"{number}.m4a"))
            assert time.perf_counter() - began < 5
            await house.until(lambda: house.counts["webhook", "dropped"] >= 480)
            assert await house.store.outbox.count() <= 20

    run(scenario())


def test_one_target_does_not_wait_for_another(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with listening() as dead, listening() as alive, at_work(tmp_path / "d", dead.url) as house:
            dead.status = None
            for number in range(5):
                house.notifier.tell(completed(f"{number}.m4a"), callback=f"{alive.url}/{number}")
            await alive.until(5)
            assert {request.path for request in alive.requests} == {f"/hook/{n}" for n in range(5)}
            assert all(map(is_ours, alive.requests))

    run(scenario())


def test_a_callback_is_called_where_its_address_was_found(tmp_path: Path) -> None:
    asked: list[str] = []

    async def pin(address: str) -> str:
        asked.append(address)
        return "127.0.0.1"

    async def scenario() -> None:
        async with listening() as listener, at_work(tmp_path / "d", None, pin=pin) as house:
            address = f"http://hook.example:{listener.port}/in?x=1"
            house.notifier.tell(Event(kind="task_failed"), callback=address)
            await listener.until(1)
            assert asked == [address]
            assert listener.requests[0].path == "/in?x=1"
            assert listener.requests[0].headers["host"] == f"hook.example:{listener.port}"

    run(scenario())


def test_a_callback_to_a_forbidden_address_is_never_called(tmp_path: Path) -> None:
    async def pin(address: str) -> str:
        raise UrlRefused("The address is private.")

    async def scenario() -> None:
        async with listening() as listener, at_work(tmp_path / "d", None, pin=pin) as house:
            house.notifier.tell(completed(), callback=listener.url)
            await house.until(lambda: house.counts["callback", "given_up"] == 1)
            assert not listener.requests

    run(scenario())


def test_an_address_that_is_none_is_a_failure_and_no_crash(tmp_path: Path) -> None:
    async def scenario() -> None:
        options = NotifierOptions(attempts=2, first_wait_s=0.01)
        async with at_work(tmp_path / "d", None, options=options) as house:
            for address in ("http://[", "nonsense", "http://127.0.0.1:1/", "ftp://127.0.0.1/"):
                house.notifier.tell(completed(), callback=address)
            await house.until(lambda: house.counts["callback", "given_up"] == 4)
            await house.until_empty()

    run(scenario())


def test_a_full_disk_does_not_make_us_tell_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parley.notify.notifier.PAUSE_S", 0.05)
    stubborn: list[Stubborn] = []

    def full(store: Store) -> Any:
        stubborn.append(Stubborn(store.outbox))
        return stubborn[0]

    async def scenario() -> None:
        async with listening() as listener, at_work(tmp_path / "d", listener.url, outbox=full) as house:
            house.notifier.tell(completed())
            await listener.until(1)
            await asyncio.sleep(1)
            assert len(listener.requests) == 1
            stubborn[0].is_full = False
            await house.until_empty()
            assert len(listener.requests) == 1

    run(scenario())


class Broken:
    """A target with a mistake in it."""

    kind = "webhook"

    async def send(self, event: Event) -> None:
        raise RuntimeError("nobody foresaw this")

    async def close(self) -> None: ...


def test_a_mistake_in_a_target_is_not_repeated_for_ever(tmp_path: Path) -> None:
    async def scenario() -> None:
        store = await Store.open(tmp_path / "d")
        notifier = Notifier(store.outbox, {"webhook": Broken()}, OPTIONS)
        running = asyncio.create_task(notifier.run())
        notifier.tell(completed())
        async with asyncio.timeout(60):
            await asyncio.sleep(0.2)
            while await store.outbox.count():  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert not running.done()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await store.close()

    run(scenario())


def test_the_end_is_not_missed_when_news_come_at_the_same_moment(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with at_work(tmp_path / "d", None) as house:
            for _ in range(20):
                running = asyncio.create_task(house.notifier.run())
                await asyncio.sleep(0.02)
                house.notifier.tell(completed())
                await asyncio.sleep(0)
                running.cancel()
                await asyncio.wait({running}, timeout=30)
                assert running.cancelled()

    run(scenario())


def test_a_target_that_is_not_configured_any_more_is_dropped(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with listening() as listener:
            listener.status = 500
            async with at_work(tmp_path / "d", listener.url) as house:
                house.notifier.tell(completed())
                await listener.until(1)
            async with at_work(tmp_path / "d", None) as house:
                await house.until_empty()

    run(scenario())

"""Workers die, hang, run out; nobody who speaks notices more than a delay."""

from __future__ import annotations

import asyncio
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.live.scripted_fleet import ScriptedFleet, room, said, words_in
from tests.unit.live.talking import events_of, finals, pace, talk
from tests.unit.live.virtual_time import now, run

from parley.errors import (
    EngineBroken,
    EngineFailed,
    ParleyError,
    RecognitionFailed,
    WorkerHung,
    WorkersExhausted,
)
from parley.live.options import LiveWish
from parley.speech.live import Done, Failed, Final, LiveEvent, Partial, Trouble, Voice
from parley.wire import frames

TALK = said(1.0, [1, 2, 3], 1.5, [4, 5], 0.4, [6, 7, 8, 9], 2.0)
WORDS = ["w1 w2 w3", "w4 w5 w6 w7 w8 w9"]


def facts(events: list[LiveEvent]) -> list[LiveEvent]:
    """What does not depend on when it is told, each kind in its order."""
    return [event for kind in (Voice, Final, Done) for event in events if isinstance(event, kind)]


async def killed_at(times: list[float], profile: str, seats: int = 1) -> tuple[list[LiveEvent], int]:
    fleet = ScriptedFleet()

    async def kill() -> None:
        for at in times:
            await asyncio.sleep(max(0.0, at - now()))
            fleet.kill()

    async with room(fleet, seats=seats, profile=profile) as live:
        killer = asyncio.create_task(kill())
        events = await talk(live, TALK, LiveWish(words=profile == "plain"))
        await killer
        return events, live.stats().moved


@pytest.mark.parametrize("profile", ["plain", "two", "alone"])
@settings(max_examples=15, deadline=None)
@given(times=st.lists(st.floats(0, 7), max_size=4).map(sorted))
def test_what_is_told_is_the_same_whenever_workers_die(profile: str, times: list[float]) -> None:
    unhurt, _ = run(killed_at([], profile))
    events, moved = run(killed_at(times, profile))
    assert facts(events) == facts(unhurt)
    assert finals(events) == WORDS
    assert moved <= len(times)


def test_a_lost_worker_is_counted() -> None:
    _, moved = run(killed_at([1.5], "plain"))
    assert moved == 1


def poisonous(request: frames.Request, word: int) -> bool:
    feeds = request.feeds if isinstance(request, frames.FeedStreams) else (request,)
    return any(
        isinstance(feed, frames.FeedStream) and any(value == word for value, _, _ in words_in(feed.pcm))
        for feed in feeds
    )


def test_only_who_sends_poison_suffers() -> None:
    async def main() -> tuple[list[list[LiveEvent]], int]:
        fleet = ScriptedFleet(delay=lambda _: 0.05)
        fleet.mishap = lambda request, _: "dies" if poisonous(request, 666) else None
        async with room(fleet) as live:
            tasks = [
                asyncio.create_task(talk(live, said(0.5, [n, n + 1], 1.5, [n + 2], 1.0))) for n in (1, 11, 21)
            ]
            guilty = asyncio.create_task(talk(live, said(0.5, [31], 1.5, [666] * 3, 1.5, [32], 1.0)))
            return await asyncio.gather(*tasks, guilty), len(fleet.workers)

    (*innocent, guilty), _ = run(main())
    assert [finals(events) for events in innocent] == [
        ["w1 w2", "w3"],
        ["w11 w12", "w13"],
        ["w21 w22", "w23"],
    ]
    assert not any(isinstance(event, Trouble) for events in innocent for event in events)
    assert finals(guilty)[0] == "w31" and finals(guilty)[-1] == "w32"
    troubles = [event.error for event in guilty if isinstance(event, Trouble)]
    assert troubles and all(isinstance(error, RecognitionFailed) for error in troubles)
    assert isinstance(guilty[-1], Done)


@pytest.mark.parametrize("trouble", ["dies", EngineFailed("no"), WorkerHung("silent")])
def test_an_utterance_that_cannot_be_recognised_costs_itself(trouble: ParleyError | str) -> None:
    def mishap(request: frames.Request, attempt: int) -> ParleyError | str | None:
        if isinstance(request, frames.RecogniseLive):
            heard = [value for each in request.stretches for value, _, _ in words_in(each.pcm)]
            return trouble if 6 in heard else None
        return None

    async def main() -> list[LiveEvent]:
        async with room(ScriptedFleet(mishap=mishap)) as live:
            return await talk(live, said(0.5, [1, 2], 1.5, [3, 4, 5, 6], 1.5, [7], 1.5))

    events = run(main())
    told = [event for event in events if isinstance(event, Final)]
    assert [event.utterance for event in told] == [0, 1, 2]
    assert told[0].text == "w1 w2" and told[2].text == "w7"
    assert "w3".startswith(told[1].text[:2])
    (hurt,) = [event for event in events if isinstance(event, Trouble)]
    assert hurt.utterance == 1 and isinstance(hurt.error, RecognitionFailed)
    assert isinstance(events[-1], Done)


@pytest.mark.parametrize("profile", ["plain", "two", "alone"])
@pytest.mark.parametrize("error", [WorkersExhausted("gone"), EngineBroken("broken")])
def test_workers_may_be_gone_for_a_while(profile: str, error: ParleyError) -> None:
    async def main() -> list[LiveEvent]:
        fleet = ScriptedFleet()
        fleet.mishap = lambda *_: error if 1.8 < now() < 12 else None
        async with room(fleet, profile=profile) as live:
            return await talk(live, TALK)

    events = run(main())
    assert finals(events) == WORDS
    assert isinstance(events[-1], Done)


@pytest.mark.parametrize("profile", ["plain", "two", "alone"])
def test_a_session_fails_when_workers_do_not_come_back(profile: str) -> None:
    async def main() -> tuple[list[LiveEvent], float]:
        fleet = ScriptedFleet()
        fleet.mishap = lambda *_: WorkersExhausted("gone") if now() > 1.85 else None
        async with room(fleet, profile=profile, backlog_s=10.0) as live:
            events = await talk(live, TALK)
            assert live.stats().sessions == 0
            return events, now()

    events, ended = run(main())
    assert isinstance(events[-1], Failed) and isinstance(events[-1].error, WorkersExhausted)
    shown = [event for event in events if isinstance(event, Partial)]
    told = [event for event in events if isinstance(event, Final)]
    assert shown and [event.utterance for event in told] == [0]
    assert told[0].text == shown[-1].text
    assert 10 < ended < 20


def test_another_seat_takes_over() -> None:
    async def main() -> list[LiveEvent]:
        fleet = ScriptedFleet()
        original = fleet.call

        async def call(engine: str, request: frames.Request, *rest: object, pool: str, **more: object):
            if pool == "live-1" and now() > 1.7:
                raise WorkersExhausted("gone for good")
            return await original(engine, request, *rest, pool=pool, **more)  # type: ignore[arg-type]

        fleet.call = call  # type: ignore[method-assign]
        async with room(fleet, seats=2) as live:
            return await talk(live, TALK)

    events = run(main())
    assert finals(events) == WORDS


def test_a_client_hears_of_what_arrived_while_a_worker_hangs() -> None:
    async def main() -> list[tuple[float, LiveEvent]]:
        fleet = ScriptedFleet()
        fleet.delay = lambda _: 20.0 if 1.5 < now() < 3 else 0.01
        async with room(fleet) as live:
            session = await live.open("me", LiveWish())
            heard: list[tuple[float, LiveEvent]] = []

            async def listen() -> None:
                heard.extend([(now(), event) async for event in session.listen()])

            listener = asyncio.create_task(listen())
            await pace(session, TALK)
            await session.stop()
            await listener
            return heard

    heard = run(main())
    assert finals([event for _, event in heard]) == WORDS
    times = [0.0, *(at for at, event in heard if type(event).__name__ == "Received")]
    gaps = [after - before for before, after in itertools.pairwise(times)]
    assert max(gaps) <= 1.0
    lags = [event.lag_ms for _, event in heard if type(event).__name__ == "Received"]
    assert max(lags) > 10_000


def test_unused_streams_are_dropped_when_a_session_is_closed() -> None:
    async def main() -> int:
        fleet = ScriptedFleet()
        async with room(fleet, profile="alone") as live:
            session = await live.open("me", LiveWish())
            listener = asyncio.create_task(events_of(session))
            await pace(session, TALK[:40_000])
            assert fleet.streams
            await session.close()
            (last,) = [event for event in await listener if isinstance(event, (Done, Failed))]
            assert isinstance(last, Failed)
            await asyncio.sleep(1)
            return fleet.streams

    assert run(main()) == 0

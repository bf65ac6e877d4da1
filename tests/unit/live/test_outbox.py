from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from parley.errors import SessionIdle
from parley.live.outbox import Outbox
from parley.speech.live import (
    Done,
    Failed,
    Final,
    Level,
    LiveEvent,
    Partial,
    Received,
    Trouble,
    Voice,
)

END = Done(utterances=1, audio_seconds=2.0)


def partial(utterance: int, text: str = "") -> Partial:
    return Partial(utterance=utterance, start=0.0, text=text)


def final(utterance: int) -> Final:
    return Final(utterance=utterance, start=0.0, end=1.0, text=str(utterance))


def voice(time: float) -> Voice:
    return Voice(status="speech_start", time=time)


def run(main: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(main, 60))


async def everything(events: AsyncIterator[LiveEvent]) -> list[LiveEvent]:
    return [event async for event in events]


async def first(events: AsyncIterator[LiveEvent], count: int) -> list[LiveEvent]:
    return [await anext(events) for _ in range(count)]


def test_what_is_only_new_is_replaced_and_the_rest_keeps_its_order() -> None:
    async def main() -> None:
        box = Outbox()
        told = [
            voice(0.1),
            partial(0, "a"),
            Received(received_samples=1),
            Level(dbfs=-20.0),
            partial(0, "a b"),
            Received(received_samples=2),
            voice(0.2),
            Level(dbfs=-30.0),
            END,
        ]
        for event in told:
            box.put(event)
        assert await everything(box.listen()) == [
            voice(0.1),
            partial(0, "a b"),
            Received(received_samples=2),
            Level(dbfs=-30.0),
            voice(0.2),
            END,
        ]

    run(main())


def test_a_final_takes_the_place_of_its_partial_only() -> None:
    async def main() -> None:
        box = Outbox()
        for event in (partial(0), partial(1), final(0), END):
            box.put(event)
        assert await everything(box.listen()) == [partial(1), final(0), END]

    run(main())


def test_after_the_end_nothing_comes_and_every_listener_is_told_the_end() -> None:
    async def main() -> None:
        box = Outbox()
        gone = Failed(error=SessionIdle("Send audio."))
        box.put(gone)
        box.put(final(0))
        box.put(END)
        assert await everything(box.listen()) == [gone]
        assert await everything(box.listen()) == [gone]

    run(main())


def test_a_listener_waits_for_what_comes() -> None:
    async def main() -> None:
        box = Outbox()
        listener = asyncio.create_task(everything(box.listen()))
        for event in (voice(0.1), final(0), END):
            await asyncio.sleep(0)
            box.put(event)
        assert await listener == [voice(0.1), final(0), END]

    run(main())


def test_a_new_listener_ends_the_one_before_and_nothing_is_told_twice() -> None:
    async def main() -> None:
        box = Outbox()
        before = asyncio.create_task(everything(box.listen()))
        box.put(final(0))
        for _ in range(10):
            await asyncio.sleep(0)
        assert box.waiting == 0
        after = box.listen()
        assert await before == [final(0)]
        box.put(final(1))
        assert await first(after, 1) == [final(1)]

    run(main())


def test_finals_that_were_taken_are_told_again_on_demand() -> None:
    async def main() -> None:
        box = Outbox(kept_finals=3)
        for number in range(6):
            box.put(final(number))
            box.put(voice(number))
        assert len(await first(box.listen(), 10)) == 10
        box.put(END)
        assert await everything(box.listen(after=3)) == [final(4), final(5), voice(5), END]
        assert await everything(box.listen(after=-1)) == [final(3), final(4), final(5), END]
        assert await everything(box.listen()) == [END]

    run(main())


def test_a_full_outbox_makes_the_session_wait_until_there_is_room() -> None:
    async def main() -> None:
        box = Outbox(most_waiting=3)
        for number in range(3):
            assert not box.is_full
            box.put(final(number))
        assert box.is_full
        waiting = asyncio.create_task(box.wait_for_room())
        await asyncio.sleep(0)
        assert not waiting.done()
        box.put(Received(received_samples=1))
        await first(box.listen(), 2)
        await waiting
        assert not box.is_full

    run(main())


def test_the_end_lets_go_of_those_that_wait_for_room() -> None:
    async def main() -> None:
        box = Outbox(most_waiting=1)
        box.put(final(0))
        waiting = asyncio.create_task(box.wait_for_room())
        await asyncio.sleep(0)
        box.put(END)
        await waiting
        assert await everything(box.listen()) == [final(0), END]

    run(main())


def test_a_listener_that_is_cancelled_takes_nothing_along() -> None:
    async def main() -> None:
        box = Outbox()
        listener = asyncio.create_task(everything(box.listen()))
        await asyncio.sleep(0)
        box.put(final(0))
        listener.cancel()
        await asyncio.wait({listener})
        box.put(END)
        assert await everything(box.listen()) == [final(0), END]

    run(main())


events = st.one_of(
    st.builds(partial, st.integers(0, 3), st.text("ab", max_size=2)),
    st.builds(voice, st.floats(0, 9)),
    st.builds(lambda count: Received(received_samples=count), st.integers(0, 9)),
    st.builds(lambda loud: Level(dbfs=loud), st.floats(-90, 0)),
    st.just(Trouble(error=SessionIdle("Send audio."))),
    st.integers(0, 5).map(lambda take: take),
)


@given(st.lists(events, max_size=60))
def test_whatever_is_put_and_taken_finals_and_voices_come_once_and_in_order(
    acts: list[LiveEvent | int],
) -> None:
    async def main() -> None:
        box = Outbox()
        listener = box.listen()
        put: list[LiveEvent] = []
        taken: list[LiveEvent] = []
        count = 0
        for act in acts:
            if isinstance(act, int):
                taken += await first(listener, min(act, box.waiting))
                event: LiveEvent = final(count)
                count += 1
            else:
                event = act
            put.append(event)
            box.put(event)
            # Each kind of what is replaced waits once; partials once for each utterance.
            kept = [one for one in put if isinstance(one, (Final, Voice, Trouble))]
            assert box.waiting <= len(kept) + 6
        box.put(END)
        taken += await everything(listener)
        for kind in (Final, Voice, Trouble):
            assert [one for one in taken if isinstance(one, kind)] == [
                one for one in put if isinstance(one, kind)
            ]
        for kind in (Received, Level):
            told = [one for one in put if isinstance(one, kind)]
            assert [one for one in taken if isinstance(one, kind)][-1:] == told[-1:]
        assert taken[-1] is END and taken.count(END) == 1

    run(main())

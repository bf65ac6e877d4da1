"""Whatever happens to a request, in whatever order: one last event, exact counts, no audio once cancelled."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.live.virtual_time import run
from tests.unit.synthesis.scripted import HummingFleet, check, room

from parley.errors import TextTooLong, UnitPoisoned
from parley.speech.speaking import (
    Sentence,
    SpeakingCancelled,
    SpeakingEvent,
    SpeakingFailed,
    Spoken,
    SpokenAudio,
)
from parley.synthesis.contract import Speaking
from parley.synthesis.options import SpeakingWish

TEXTS = [
    "Hello there. ",
    "This is one sentence, ",
    "and it goes on. ",
    "你好。",
    "**",
    "😀",
    "bad ",
    "\n\n",
    "x" * 130,
]

Act = tuple[str, Any]
ACTS = st.one_of(
    st.tuples(st.just("write"), st.sampled_from(TEXTS)),
    st.tuples(st.just("sleep"), st.sampled_from([0.0, 0.05, 0.3, 2.0, 20.0])),
    st.tuples(st.sampled_from(["flush", "end", "cancel"]), st.none()),
)


@given(
    acts=st.lists(ACTS, max_size=14),
    took_s=st.sampled_from([0.0, 0.1, 3.0, 100.0]),
    lag_s=st.sampled_from([0.0, 0.01, 1.0]),
    is_paced=st.booleans(),
    fails=st.booleans(),
)
def test_every_request_ends_once(
    acts: list[Act], took_s: float, lag_s: float, is_paced: bool, fails: bool
) -> None:
    def mishap(text: str, _: int) -> UnitPoisoned | None:
        return UnitPoisoned("Two workers.") if fails and "bad" in text else None

    async def main() -> None:
        fleet = HummingFleet(took_s=lambda _: took_s, mishap=mishap)
        async with room(fleet, max_text_chars=400, max_unsaid_chars=100, idle_s=60.0) as made:
            speaking = await made.open("alice", SpeakingWish(paced=is_paced))
            told: list[SpeakingEvent] = []

            async def listen() -> None:
                async for event in speaking.listen():
                    told.append(event)
                    await asyncio.sleep(lag_s)

            listening = asyncio.create_task(listen())
            cancelled = await _do(speaking, acts, told)
            await listening
            _check(told, cancelled)
            assert made.stats().speaking == 0 and fleet._worker._value == 1  # type: ignore[attr-defined]

    run(main())


async def _do(speaking: Speaking, acts: list[Act], told: list[SpeakingEvent]) -> int | None:
    """How many events were told when it was cancelled."""
    cancelled = None
    for what, value in acts:
        if what == "write":
            with suppress(TextTooLong):
                await speaking.write(value)
        elif what == "sleep":
            await asyncio.sleep(value)
        else:
            await getattr(speaking, what)()
        if what == "cancel" and cancelled is None:
            cancelled = len(told)
    return cancelled


def _check(events: list[SpeakingEvent], cancelled: int | None) -> None:
    *before, last = events
    assert isinstance(last, Spoken | SpeakingCancelled | SpeakingFailed)
    assert all(isinstance(event, Sentence | SpokenAudio) for event in before)
    if isinstance(last, Spoken):
        check(events)
    samples = sum(len(event.pcm) // 2 for event in before if isinstance(event, SpokenAudio))
    owed = sum(event.samples for event in before if isinstance(event, Sentence))
    assert samples == owed or (samples < owed and not isinstance(last, Spoken))
    if cancelled is not None and isinstance(last, SpeakingCancelled):
        assert not [event for event in events[cancelled:] if not isinstance(event, SpeakingCancelled)]

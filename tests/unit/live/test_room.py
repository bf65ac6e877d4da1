"""Who is let in, who may come back, and how everybody is seen out."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest
from tests.unit.live.scripted_fleet import RATE, ScriptedFleet, room, said
from tests.unit.live.talking import events_of, finals, pace, partials, talk
from tests.unit.live.virtual_time import now, run

from parley.errors import (
    DiskFull,
    FleetClosed,
    InvalidOption,
    LiveOverloaded,
    ParleyError,
    ProfileUnknown,
    SessionIdle,
    SessionNotFound,
    TooManySessions,
    UnsupportedOption,
)
from parley.live.contract import LiveRoom, LiveSession, Recorder
from parley.live.options import LiveWish
from parley.live.room import LiveSpeech
from parley.live.session import Session
from parley.speech.live import Done, Failed, Final, Level, LiveEvent, Received, Trouble
from parley.wire import frames

TALK = said(1.0, [1, 2, 3], 1.5, [4, 5], 1.5)
WORDS = ["w1 w2 w3", "w4 w5"]


def test_it_is_what_doors_know() -> None:
    async def main() -> None:
        async with room(ScriptedFleet()) as live:
            a_room: LiveRoom = live
            a_session: LiveSession = await a_room.open("me", LiveWish())
            assert a_session.received_samples == 0
            await a_session.close()

    run(main())


@pytest.mark.parametrize(
    ("wish", "error"),
    [
        (LiveWish(profile="nowhere"), ProfileUnknown),
        (LiveWish(sample_rate_hz=7999), InvalidOption),
        (LiveWish(channels=9), InvalidOption),
        (LiveWish(endpoint_silence_s=0.01), InvalidOption),
        (LiveWish(record=True), UnsupportedOption),
        (LiveWish(hotwords=(("Parley", 2.0),)), UnsupportedOption),
        (LiveWish(profile="alone", words=True), UnsupportedOption),
        (LiveWish(profile="two", words=True, second_pass=False), UnsupportedOption),
    ],
)
def test_what_cannot_be_done_is_refused(wish: LiveWish, error: type[ParleyError]) -> None:
    async def main() -> None:
        async with room(ScriptedFleet()) as live:
            with pytest.raises(error):
                await live.open("me", wish)
            assert live.stats().sessions == 0

    run(main())


def test_there_are_only_so_many() -> None:
    async def main() -> None:
        async with room(ScriptedFleet(), max_sessions=3, max_sessions_per_user=2) as live:
            first = await live.open("me", LiveWish())
            await live.open("me", LiveWish())
            with pytest.raises(TooManySessions):
                await live.open("me", LiveWish())
            await live.open("you", LiveWish())
            with pytest.raises(TooManySessions):
                await live.open("they", LiveWish())
            assert (live.stats().sessions, live.stats().refused, live.stats().opened) == (3, 2, 3)
            await first.close()
            await live.open("they", LiveWish())

    run(main())


def test_nobody_is_let_in_while_others_wait_too_long() -> None:
    async def main() -> None:
        fleet = ScriptedFleet()
        async with room(fleet, max_lag_s=2.0) as live:
            busy = asyncio.create_task(talk(live, TALK))
            await asyncio.sleep(2)
            await (await live.open("you", LiveWish())).close()
            fleet.delay = lambda _: 6.0
            await asyncio.sleep(4)
            with pytest.raises(LiveOverloaded):
                await live.open("you", LiveWish())
            fleet.delay = lambda _: 0.01
            await busy
            await asyncio.sleep(4)
            await (await live.open("you", LiveWish())).close()

    run(main())


def test_nobody_is_late_because_engines_had_to_be_loaded() -> None:
    async def main() -> None:
        fleet = ScriptedFleet(delay=lambda _: 9.0)
        async with room(fleet, max_lag_s=2.0) as live:
            first = asyncio.create_task(talk(live, said(*[[1, 2], 1.5] * 10)))
            await asyncio.sleep(8.5)
            fleet.delay = lambda _: 0.01
            for _ in range(20):
                await asyncio.sleep(0.3)
                await (await live.open("you", LiveWish())).close()
            assert max(live.stats().lags_ms) < 1000
            assert finals(await first)

    run(main())


def test_where_nobody_is_left_nobody_is_late() -> None:
    async def main() -> None:
        fleet = ScriptedFleet()
        async with room(fleet, max_lag_s=2.0) as live:
            session = await live.open("me", LiveWish())
            speaking = asyncio.create_task(pace(session, TALK))
            await asyncio.sleep(2)
            fleet.delay = lambda _: 6.0
            await asyncio.sleep(4)
            with pytest.raises(LiveOverloaded):
                await live.open("you", LiveWish())
            await session.close()
            await (await live.open("you", LiveWish())).close()
            await speaking

    run(main())


def test_who_sends_faster_than_one_speaks_makes_nobody_late() -> None:
    async def main() -> None:
        async with room(ScriptedFleet(delay=lambda _: 0.2), max_lag_s=1.0) as live:
            greedy = asyncio.create_task(talk(live, said(*[[1], 1.0] * 30), paced=False))
            await asyncio.sleep(3)
            assert max(live.stats().lags_ms) > 2000
            await (await live.open("you", LiveWish())).close()
            assert len(finals(await greedy)) == 30

    run(main())


def test_full_means_wait() -> None:
    async def main() -> None:
        fleet = ScriptedFleet(delay=lambda _: 1000.0)
        async with room(fleet, backlog_s=6.0, session_idle_s=5000) as live:
            session = await live.open("me", LiveWish())
            writing = asyncio.create_task(session.write(said(100.0)))
            await asyncio.sleep(100)
            assert not writing.done()
            assert 5 * RATE <= session.received_samples <= 8 * RATE
            fleet.delay = lambda _: 0.01
            await asyncio.sleep(3000)
            assert writing.done() and session.received_samples == 100 * RATE
            await session.close()

    run(main())


def test_a_listener_who_takes_nothing_bounds_what_is_taken() -> None:
    async def main() -> float:
        async with room(ScriptedFleet(), backlog_s=6.0, session_idle_s=30.0) as live:
            session = await live.open("me", LiveWish(partials=False))
            writing = asyncio.create_task(session.write(said(*[[1], 0.9] * 1000)))
            await asyncio.sleep(200)
            assert writing.done() and session.received_samples < 400 * RATE
            events = await events_of(session)
            assert isinstance(events[-1], Failed) and isinstance(events[-1].error, SessionIdle)
            assert len(events) < 400
            return now()

    run(main())


def test_sessions_are_looked_after_though_one_cannot_be(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> list[LiveEvent]:
        async with room(ScriptedFleet(), session_idle_s=5.0) as live:
            broken, sound = await live.open("me", LiveWish()), await live.open("me", LiveWish())
            tick = Session.tick
            breaks = iter([True])

            def break_once(session: Session) -> None:
                if session.facts == broken.facts and next(breaks, False):
                    raise RuntimeError("nobody foresaw this")
                tick(session)

            monkeypatch.setattr(Session, "tick", break_once)
            events = await events_of(sound)
            assert not next(breaks, False)
            return events

    events = run(main())
    assert isinstance(events[-1], Failed) and isinstance(events[-1].error, SessionIdle)


def test_a_session_without_audio_ends() -> None:
    async def main() -> list[LiveEvent]:
        async with room(ScriptedFleet(), session_idle_s=5.0) as live:
            session = await live.open("me", LiveWish())
            listener = asyncio.create_task(events_of(session))
            await pace(session, TALK[: RATE * 2 * 19 // 10])
            return await listener

    events = run(main())
    assert isinstance(events[-1], Failed) and isinstance(events[-1].error, SessionIdle)
    assert finals(events) == ["w1 w2 w3"]


def test_a_lost_line_costs_nothing() -> None:
    async def main() -> tuple[list[LiveEvent], list[LiveEvent]]:
        async with room(ScriptedFleet(), profile="plain") as live:
            session = await live.open("me", LiveWish())
            listener = asyncio.create_task(events_of(session))
            await pace(session, TALK[: 2 * 27_000])
            # Half a sample arrived, and the line breaks without the server's knowing.
            await session.write(TALK[2 * 27_000 : 2 * 27_000 + 1])
            await asyncio.sleep(10)
            with pytest.raises(SessionNotFound):
                await live.resume("you", session.facts.resume_token)
            with pytest.raises(SessionNotFound):
                await live.resume("me", session.facts.resume_token[:-1])
            again = await live.resume("me", session.facts.resume_token)
            first = await listener
            # What the old line does now is nobody's business.
            await session.write(TALK)
            await session.leave()
            await session.stop()
            await session.close()
            assert again.received_samples == 27_000
            assert again.facts == session.facts
            later = asyncio.create_task(events_of(again, after=None))
            await pace(again, TALK[2 * 27_000 :])
            await again.stop()
            assert live.stats().waiting_for_client == 0
            return first, await later

    first, later = run(main())
    assert finals(first + later) == WORDS
    assert later[-1] == Done(utterances=2, audio_seconds=len(TALK) / 2 / RATE)
    assert not any(isinstance(event, (Done, Failed)) for event in first)


def test_finals_are_told_again_to_who_missed_them() -> None:
    async def main() -> list[LiveEvent]:
        async with room(ScriptedFleet()) as live:
            session = await live.open("me", LiveWish())
            listener = asyncio.create_task(events_of(session))
            await pace(session, TALK)
            await session.leave()
            listener.cancel()
            assert live.stats().waiting_for_client == 1
            again = await live.resume("me", session.facts.resume_token)
            await again.stop()
            return await events_of(again, after=0)

    events = run(main())
    assert [event.utterance for event in events if isinstance(event, Final)] == [1]


def test_nobody_waits_for_ever_for_a_lost_line() -> None:
    async def main() -> None:
        fleet = ScriptedFleet()
        async with room(fleet, resume_s=20.0) as live:
            session = await live.open("me", LiveWish())
            await pace(session, TALK)
            await session.leave()
            await asyncio.sleep(15)
            assert live.stats().sessions == live.stats().waiting_for_client == 1
            await asyncio.sleep(10)
            assert live.stats().sessions == 0 and live.stats().finals == 2
            assert fleet.streams == 0
            # The end waits a while for who comes late.
            late = await live.resume("me", session.facts.resume_token)
            events = await events_of(late)
            assert finals(events) == WORDS and isinstance(events[-1], Done)
            with pytest.raises(SessionNotFound):
                await live.resume("me", session.facts.resume_token)

    run(main())


def test_a_room_that_closes_tells_what_it_has() -> None:
    async def main() -> tuple[list[LiveEvent], list[LiveEvent]]:
        fleet = ScriptedFleet()
        async with room(fleet) as live:
            session, stuck = await live.open("me", LiveWish()), await live.open("me", LiveWish())
            listeners = [asyncio.create_task(events_of(each)) for each in (session, stuck)]
            await asyncio.gather(pace(session, TALK[:56_000]), pace(stuck, TALK[:56_000]))
            await live.drain(3.0)
            with pytest.raises(FleetClosed):
                await live.open("me", LiveWish())
            first = await listeners[0]
        return first, await listeners[1]

    for events in run(main()):
        assert isinstance(events[-1], Failed) and isinstance(events[-1].error, FleetClosed)
        assert finals(events) == ["w1 w2 w3"]


def test_a_room_closes_though_a_worker_hangs() -> None:
    talk_on = said(1.0, [1, 2, 3, 4, 5, 6, 7, 8, 9])

    async def main() -> list[LiveEvent]:
        fleet = ScriptedFleet()
        async with room(fleet) as live:
            session = await live.open("me", LiveWish())
            listener = asyncio.create_task(events_of(session))
            await pace(session, talk_on[:96_000])
            fleet.delay = lambda _: 10_000.0
            await pace(session, talk_on[96_000:])
        assert now() < 60
        return await listener

    events = run(main())
    assert isinstance(events[-1], Failed) and isinstance(events[-1].error, FleetClosed)
    assert len(finals(events)) == 1 and finals(events)[0] == partials(events)[-1]


def test_sessions_hear_the_same_together_as_alone() -> None:
    talks = [
        said(*[part for n in range(4) for part in ([10 * k + n, 10 * k + n + 1], 0.3 * k)], 1.0)
        for k in range(1, 13)
    ]

    async def alone(pcm: bytes) -> list[LiveEvent]:
        async with room(ScriptedFleet()) as live:
            return await talk(live, pcm, LiveWish(partials=False), paced=False)

    async def together() -> list[list[LiveEvent]]:
        fleet = ScriptedFleet()
        fleet.delay = lambda request: 0.01 * (len(fleet.requests) * 7 % 11)
        async with room(fleet, seats=2, max_sessions=40) as live:
            wish = LiveWish(partials=False)
            return await asyncio.gather(*(talk(live, pcm, wish, paced=False) for pcm in talks))

    for pcm, events in zip(talks, run(together()), strict=True):
        told = [event for event in events if isinstance(event, (Final, Done))]
        assert told == [event for event in run(alone(pcm)) if isinstance(event, (Final, Done))]


def test_several_go_in_one_call() -> None:
    async def main() -> tuple[int, int]:
        fleet = ScriptedFleet(delay=lambda _: 0.05)
        async with room(fleet) as live:
            await asyncio.gather(*(talk(live, TALK, LiveWish(partials=False)) for _ in range(6)))
        feeds = [len(one.feeds) for one in fleet.requests if isinstance(one, frames.FeedStreams)]
        stretches = [len(one.stretches) for one in fleet.requests if isinstance(one, frames.RecogniseLive)]
        return max(feeds), max(stretches)

    feeds, stretches = run(main())
    assert feeds >= 5 and stretches >= 5


def test_the_text_before_is_context_and_stays_in_its_session() -> None:
    async def main() -> list[str | None]:
        fleet = ScriptedFleet()
        async with room(fleet) as live:
            await asyncio.gather(
                talk(live, TALK, LiveWish(partials=False, prompt="Names.")),
                talk(live, said([90], 1.5, [91], 1.5), LiveWish(partials=False)),
            )
        asked = [one for one in fleet.requests if isinstance(one, frames.RecogniseLive)]
        return sorted(
            str(one.options.prompt) for one in asked if any(any(each.pcm) for each in one.stretches)
        )

    assert run(main()) == ["Names.", "Names. w1 w2 w3", "None", "w90"]


def test_levels_come_when_asked_for() -> None:
    async def main() -> list[LiveEvent]:
        async with room(ScriptedFleet()) as live:
            return await talk(live, TALK, LiveWish(levels=True))

    levels = [event.dbfs for event in run(main()) if isinstance(event, Level)]
    assert len(levels) > 20 and min(levels) == -100.0 and max(levels) > -90.0


@dataclass
class Tape:
    """A recording in memory."""

    error: ParleyError | None = None
    pcm: bytearray = field(default_factory=bytearray)
    ends: list[str] = field(default_factory=list)

    async def open(self, user: str, wish: LiveWish, sample_rate_hz: int = RATE) -> Tape:
        return self

    async def write(self, pcm: bytes) -> None:
        self.pcm += pcm

    async def finish(self) -> str | None:
        self.ends.append("finished")
        if self.error is not None:
            raise self.error
        return "task-1"

    async def abandon(self) -> None:
        self.ends.append("abandoned")


def recording_room(recorder: Recorder, **limits: float) -> LiveSpeech:
    made = room(ScriptedFleet(), **limits)
    made._recorder = recorder  # pyright: ignore[reportPrivateUsage]
    return made


def test_audio_is_kept_for_who_wishes_it() -> None:
    async def main(tape: Tape) -> list[LiveEvent]:
        async with recording_room(tape) as live:
            return await talk(live, TALK, LiveWish(record=True))

    tape = Tape()
    events = run(main(tape))
    assert events[-1] == Done(utterances=2, audio_seconds=len(TALK) / 2 / RATE, task_id="task-1")
    assert bytes(tape.pcm) == TALK and tape.ends == ["finished"]


def test_a_recording_that_fails_costs_no_text() -> None:
    async def main(tape: Tape) -> list[LiveEvent]:
        async with recording_room(tape) as live:
            return await talk(live, TALK, LiveWish(record=True))

    tape = Tape(error=DiskFull("The disk is full."))
    events = run(main(tape))
    assert finals(events) == WORDS and isinstance(events[-1], Done) and events[-1].task_id is None
    assert [event.error.code for event in events if isinstance(event, Trouble)] == ["disk_full"]
    assert tape.ends == ["finished", "abandoned"]


def test_a_recording_of_who_closes_is_left_out() -> None:
    async def main(tape: Tape) -> None:
        async with recording_room(tape) as live:
            session = await live.open("me", LiveWish(record=True))
            await pace(session, TALK)
            await session.close()

    tape = Tape()
    run(main(tape))
    assert tape.ends == ["abandoned"]


def test_finalize_ends_an_utterance_at_the_last_sample() -> None:
    async def main() -> list[LiveEvent]:
        async with room(ScriptedFleet()) as live:
            session = await live.open("me", LiveWish())
            listener = asyncio.create_task(events_of(session))
            await session.write(said(0.5, [1, 2])[: RATE * 2])
            await session.finalize()
            await session.finalize()
            await asyncio.sleep(1)
            assert live.stats().finals == 1
            await session.stop()
            return await listener

    events = run(main())
    assert [(event.end, event.text) for event in events if isinstance(event, Final)] == [(1.0, "w1 w2")]


def test_samples_are_counted_at_the_rate_of_the_client() -> None:
    async def main() -> list[LiveEvent]:
        async with room(ScriptedFleet()) as live:
            return await talk(live, bytes(4 * 2 * 44_100 + 3), LiveWish(sample_rate_hz=44_100, channels=2))

    events = run(main())
    received = [event.received_samples for event in events if isinstance(event, Received)]
    assert received[-1] == 2 * 44_100
    assert events[-1] == Done(utterances=0, audio_seconds=2.0)

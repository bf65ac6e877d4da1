"""Who is let in, who may come back, what is survived, and how everybody is seen out."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.unit.assistant.world import Client, client, cough, until, world
from tests.unit.live.scripted_fleet import said
from tests.unit.live.virtual_time import now, run
from tests.unit.synthesis.scripted import HummingFleet

from parley.assistant.contract import AssistantRoom, AssistantSession
from parley.assistant.events import (
    AnswerAudio,
    Farewell,
    PlaybackOrder,
    State,
    StateChanged,
    Trouble,
)
from parley.assistant.options import AssistantWish
from parley.assistant.parrot import Parrot
from parley.errors import (
    ConversationNotFound,
    EngineFailed,
    FleetClosed,
    InvalidOption,
    LanguageModelError,
    ParleyError,
    ProfileUnknown,
    SessionIdle,
    SessionNotFound,
    TextTooLong,
    TooManySessions,
    VoiceUnknown,
)

LONG = "First of all there is a long sentence. Then there comes another long sentence. And then the last one."


def test_it_is_what_doors_know() -> None:
    async def main() -> None:
        async with world() as all_of_it:
            room: AssistantRoom = all_of_it.room
            session: AssistantSession = await room.open("me", AssistantWish())
            assert session.facts.voice == "hum/low" and not session.facts.is_parrot
            assert (session.state, session.received_samples) == (State.LISTENING, 0)
            await session.close()
            assert room.stats().sessions == 0

    run(main())


@pytest.mark.parametrize(
    ("wish", "error"),
    [
        (AssistantWish(voice="nobody"), VoiceUnknown),
        (AssistantWish(profile="nowhere"), ProfileUnknown),
        (AssistantWish(conversation_id="talk-9"), ConversationNotFound),
        (AssistantWish(speed=9.0), InvalidOption),
        (AssistantWish(sample_rate_hz=1), InvalidOption),
    ],
)
def test_what_cannot_be_done_is_refused(wish: AssistantWish, error: type[ParleyError]) -> None:
    async def main() -> None:
        async with world() as all_of_it:
            with pytest.raises(error):
                await all_of_it.room.open("me", wish)
            assert all_of_it.room.stats().sessions == 0

    run(main())


def test_there_are_only_so_many() -> None:
    async def main() -> None:
        async with world(max_sessions=3, max_sessions_per_user=2) as all_of_it:
            open_ = all_of_it.room.open
            sessions = [await open_(user, AssistantWish()) for user in ("me", "me", "you")]
            for user in ("me", "you", "she"):
                with pytest.raises(TooManySessions):
                    await open_(user, AssistantWish())
            assert all_of_it.room.stats().refused == 3
            await sessions[2].close()
            await open_("she", AssistantWish())

    run(main())


def test_typed_turns_have_bounds() -> None:
    async def main() -> None:
        async with world(max_typed_chars=10) as all_of_it, client(all_of_it.room) as one:
            with pytest.raises(TextTooLong):
                await one.session.say("x" * 11)
            with pytest.raises(InvalidOption):
                await one.session.say(" ... ")
            assert not all_of_it.pen.asked

    run(main())


def test_who_comes_back_hears_the_state_first_and_then_what_was_not_played() -> None:
    async def main() -> None:
        async with world([LONG]) as all_of_it:
            session = await all_of_it.room.open("me", AssistantWish())
            one = Client(session)
            tasks = [asyncio.create_task(one.listen()), asyncio.create_task(one.play())]
            await session.say("Tell me everything")
            await until(lambda: len(one.sounds) > 30)
            tasks[1].cancel()
            await session.leave()
            played = one._position
            await asyncio.sleep(10)
            with pytest.raises(SessionNotFound):
                await all_of_it.room.resume("you", session.facts.resume_token)
            back = Client(await all_of_it.room.resume("me", session.facts.resume_token))
            tasks += [asyncio.create_task(back.listen()), asyncio.create_task(back.play())]
            await until(lambda: back.answers)
            assert back.answers == [(1, LONG)]
            kinds = [type(event) for _, event in back.events[:3]]
            assert kinds[:2] == [StateChanged, PlaybackOrder]
            assert back.states[0] == "Speaking"
            (flush,) = back.of(PlaybackOrder)
            first = back.of(AnswerAudio)[0]
            assert flush.action == "flush" and flush.from_sample == first.first_sample == played
            heard = one._position, back.sounds[-1][2]
            assert heard[1] > heard[0]
            # What the line before still says is not heard.
            await session.stop()
            assert not back.of(Farewell)
            await back.session.close()
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    run(main())


def test_who_comes_back_hears_no_states_that_are_past() -> None:
    async def main() -> None:
        async with world([0.5, LanguageModelError("It broke.")]) as all_of_it:
            session = await all_of_it.room.open("me", AssistantWish())
            one = Client(session)
            listening = asyncio.create_task(one.listen())
            await session.say("Tell me everything")
            await until(lambda: one.states[-1:] == ["Thinking"])
            await session.leave()
            await listening
            await asyncio.sleep(5)
            back = Client(await all_of_it.room.resume("me", session.facts.resume_token))
            listening = asyncio.create_task(back.listen())
            await until(lambda: back.metrics)
            assert isinstance(back.events[0][1], StateChanged) and back.states == ["Listening"]
            assert back.troubles == ["llm_failed"]
            await back.session.close()
            await listening

    run(main())


def test_what_was_not_told_before_an_interruption_is_never_told() -> None:
    async def main() -> None:
        async with world([LONG], ["As you like."], barge_in_guard_s=0.0) as all_of_it:
            session = await all_of_it.room.open("me", AssistantWish())
            await session.say("Tell me everything")
            # Nobody takes anything yet.
            await until(lambda: session.state is State.SPEAKING)
            late = Client(session)
            speaking = asyncio.create_task(late.speak(said([7, 8, 9], 2.0)))
            await until(lambda: session.state in (State.LISTENING, State.FINALIZING))
            tasks = [asyncio.create_task(late.listen()), asyncio.create_task(late.play())]
            await until(lambda: late.answers)
            assert late.answers == [(1, "As you like.")]
            assert [audio.text for audio in late.of(AnswerAudio) if audio.text] == ["As you like."]
            await speaking
            await session.close()
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    run(main())


def test_who_does_not_come_back_is_seen_out_and_what_was_heard_is_kept() -> None:
    async def main() -> None:
        async with world([LONG], resume_s=30.0) as all_of_it:
            session = await all_of_it.room.open("me", AssistantWish())
            one = Client(session)
            tasks = [asyncio.create_task(one.listen()), asyncio.create_task(one.play())]
            await session.say("Tell me everything")
            await until(lambda: len(one.sounds) > 30)
            await session.leave()
            await asyncio.sleep(31)
            assert all_of_it.room.stats().sessions == 0
            assert [role for role, _ in all_of_it.notebook.said()] == ["user", "assistant"]
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    run(main())


def test_who_says_nothing_is_seen_out() -> None:
    async def main() -> None:
        async with world(session_idle_s=100.0) as all_of_it:
            session = await all_of_it.room.open("me", AssistantWish())
            events = [event async for event in session.listen()]
            assert now() == pytest.approx(100, abs=1)
            assert isinstance(events[-1], Farewell) and isinstance(events[-1].error, SessionIdle)
            await session.write(said(1.0))
            await asyncio.sleep(1)
            assert all_of_it.room.stats().sessions == 0

    run(main())


def test_a_room_that_is_closed_says_so_to_everybody() -> None:
    async def main() -> None:
        async with world([LONG]) as all_of_it:
            session = await all_of_it.room.open("me", AssistantWish())
            one = Client(session)
            tasks = [asyncio.create_task(one.listen()), asyncio.create_task(one.play())]
            await session.say("Tell me everything")
            await until(lambda: len(one.sounds) > 30)
            await all_of_it.room.drain(5.0)
            await tasks[0]
            (farewell,) = one.of(Farewell)
            assert isinstance(farewell.error, FleetClosed)
            assert len(all_of_it.notebook.said()) == 2
            with pytest.raises(FleetClosed):
                await all_of_it.room.open("me", AssistantWish())
            tasks[1].cancel()
            await asyncio.wait(tasks)

    run(main())


def test_live_speech_that_fell_asleep_is_woken() -> None:
    async def main() -> None:
        async with world(live={"session_idle_s": 5.0}) as all_of_it, client(all_of_it.room) as one:
            await asyncio.sleep(20)
            await one.session.say("Hello")
            await until(lambda: one.answers)
            await one.speak(said(0.5, [1, 2, 3], 1.5))
            await until(lambda: len(one.answers) == 2)
        assert not one.troubles and one.finals == ["Hello", "w1 w2 w3"]

    run(main())


def test_live_speech_that_breaks_is_told_and_begins_anew() -> None:
    async def main() -> None:
        async with world() as all_of_it, client(all_of_it.room) as one:
            all_of_it.ears.mishap = lambda *_: EngineFailed("broken")
            await one.speak(said(0.5, [1, 2, 3], 1.0))
            all_of_it.ears.mishap = lambda *_: None
            await one.speak(said(3.0))
            await one.speak(said(0.5, [4, 5], 1.5))
            await until(lambda: one.answers)
        assert one.troubles
        assert one.finals[-1] == "w4 w5"

    run(main())


def test_a_voice_that_fails_leaves_the_text() -> None:
    async def main() -> None:
        mute = HummingFleet(mishap=lambda *_: EngineFailed("broken"))
        async with world(["All of it."], hum=mute) as all_of_it, client(all_of_it.room) as one:
            await one.session.say("Hello")
            await until(lambda: one.answers)
        assert one.answers == [(1, "All of it.")] and len(one.troubles) == 1
        assert one.states == ["Idle", "Listening", "Thinking", "Listening", "Idle"]

    run(main())


def test_a_voice_that_fails_in_the_middle_ends_the_answer_there() -> None:
    async def main() -> None:
        breaking = HummingFleet(mishap=lambda _, count: EngineFailed("broken") if count > 1 else None)
        async with world([LONG], hum=breaking) as all_of_it, client(all_of_it.room) as one:
            await one.session.say("Hello")
            await until(lambda: one.answers)
            await one.session.say("Hello")
            await until(lambda: len(one.answers) == 2)
        heard = one.answers[0][1]
        assert LONG.startswith(heard) and len(heard) < len(LONG)
        assert len(one.troubles) == 2

    run(main())


def test_a_conversation_goes_on_though_it_is_not_kept() -> None:
    async def main() -> None:
        async with world() as all_of_it, client(all_of_it.room) as one:
            all_of_it.notebook.breaks = True
            await one.session.say("Hello")
            await until(lambda: one.answers)
            await one.session.say("Hello")
            await until(lambda: len(one.answers) == 2)
        assert "storage" in "".join(one.troubles)
        assert len(all_of_it.pen.asked[1]) == 3

    run(main())


def test_what_follows_a_reset_never_gets_into_the_conversation_before() -> None:
    async def main() -> None:
        async with world() as all_of_it, client(all_of_it.room) as one:
            await one.session.say("Before")
            await until(lambda: one.answers)
            all_of_it.notebook.breaks = True
            await one.session.reset()
            await one.session.say("Lost")
            await until(lambda: len(one.answers) == 2)
            all_of_it.notebook.breaks = False
            await one.session.say("After")
            await until(lambda: len(one.answers) == 3)
        assert one.troubles
        assert [text for _, text in all_of_it.notebook.said("talk-1")][:1] == ["Before"]
        assert len(all_of_it.notebook.said("talk-1")) == 2
        assert [text for role, text in all_of_it.notebook.said("talk-2") if role == "user"] == ["After"]

    run(main())


def test_a_full_buffer_waits_for_the_loudspeaker() -> None:
    async def main() -> None:
        endless = " ".join(f"This is sentence number {n} of it." for n in range(60))
        async with world([endless], max_ahead_s=4.0) as all_of_it, client(all_of_it.room) as one:
            await one.session.say("Tell me everything")
            await until(lambda: one.sounds)
            most = 0.0
            while not one.answers:
                told = sum(len(event.pcm) for event in one.of(AnswerAudio)) / 2 / 24_000
                most = max(most, told - one._position / 24_000)
                await asyncio.sleep(0.25)
        assert one.answers == [(1, endless)]
        # A clause is made as a whole, and another one is ready.
        assert most < 4.0 + 3.0

    run(main())


def test_the_parrot_repeats_and_says_so() -> None:
    async def main() -> None:
        async with world(model=Parrot()) as all_of_it, client(all_of_it.room) as one:
            assert one.session.facts.is_parrot and "parrot" in one.session.facts.model
            await one.session.say("Hello")
            await until(lambda: one.answers)
            await one.session.say("你好吗？")
            await until(lambda: len(one.answers) == 2)
        assert one.answers == [(1, "You said: Hello"), (2, "你说：你好吗？")]

    run(main())


def test_a_client_that_does_not_listen_holds_up_itself_only() -> None:
    async def main() -> None:
        async with world([LONG]) as all_of_it, client(all_of_it.room) as one:
            deaf = await all_of_it.room.open("me", AssistantWish())
            await deaf.say("Tell me everything")
            writing = asyncio.create_task(_shout(deaf))
            await one.session.say("Hello")
            await until(lambda: one.answers)
            assert one.answers == [(1, LONG)]
            writing.cancel()
            await asyncio.wait({writing})
            await deaf.close()

    run(main())


async def _shout(session: Any) -> None:
    while True:
        await session.write(cough(0.3) + said(0.7))
        await asyncio.sleep(1.0)


def test_troubles_are_told_to_who_asks() -> None:
    async def main() -> None:
        async with world(silent=True) as all_of_it, client(all_of_it.room) as one:
            await until(lambda: one.troubles)
        (trouble,) = one.of(Trouble)
        assert trouble.error.code == "voices_not_installed"
        assert all_of_it.room.stats().errors == 1

    run(main())

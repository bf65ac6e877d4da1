"""Whole conversations, as their client sees them."""

from __future__ import annotations

import asyncio

import pytest
from tests.unit.assistant.world import client, cough, until, world
from tests.unit.live.scripted_fleet import said
from tests.unit.live.virtual_time import now, run

from parley.assistant.contract import ToolWish
from parley.assistant.events import (
    AnswerAudio,
    AnswerText,
    Heard,
    PlaybackOrder,
    State,
    StateChanged,
    Trouble,
    UserText,
)
from parley.errors import LanguageModelError

ANSWER = "Well, that is a good question. Let me think about it."
ROUND = ["Idle", "Listening", "FinalizingASR", "Thinking", "Speaking"]
ASK = said(0.5, [1, 2, 3], 1.5)
LONG = "First of all there is a long sentence. Then there comes another long sentence. And then the last one."


def test_a_turn_goes_through_the_five_states() -> None:
    async def main() -> None:
        async with world() as all_of_it, client(all_of_it.room) as one:
            await one.speak(ASK)
            await until(lambda: one.answers)
            await asyncio.sleep(1)
        assert one.states == [*ROUND, "Listening", "Idle"]
        assert one.finals == ["w1 w2 w3"]
        assert one.answers == [(1, ANSWER)]
        assert all_of_it.notebook.said() == [("user", "w1 w2 w3"), ("assistant", ANSWER)]
        assert not one.troubles

    run(main())


def test_the_stages_of_a_turn_are_measured_from_the_end_of_speech() -> None:
    async def main() -> None:
        async with world([0.3, ANSWER], speculates=False) as all_of_it, client(all_of_it.room) as one:
            await one.speak(ASK)
            await until(lambda: one.answers)
        (metrics,) = one.metrics
        assert metrics.endpoint_ms is not None and 700 <= metrics.endpoint_ms <= 1000
        assert metrics.asr_final_ms is not None and metrics.endpoint_ms <= metrics.asr_final_ms
        assert metrics.llm_first_token_ms == pytest.approx(metrics.asr_final_ms + 300, abs=2)
        assert metrics.first_sentence_ms == metrics.llm_first_token_ms
        assert metrics.tts_first_audio_ms == pytest.approx(metrics.llm_first_token_ms + 100, abs=2)
        assert metrics.first_audio_sent_ms == metrics.tts_first_audio_ms
        assert all_of_it.room.stats().recent == (metrics,)

    run(main())


def test_an_answer_that_was_asked_for_early_is_told_with_the_final_and_not_before() -> None:
    async def main() -> None:
        async with world() as all_of_it, client(all_of_it.room) as one:
            await one.speak(ASK)
            await until(lambda: one.answers)
        (metrics,) = one.metrics
        assert metrics.llm_first_token_ms is not None and metrics.asr_final_ms is not None
        assert metrics.llm_first_token_ms < metrics.asr_final_ms == metrics.first_audio_sent_ms
        kinds = [type(event) for _, event in one.events]
        final = next(at for at, (_, event) in enumerate(one.events) if getattr(event, "is_final", False))
        assert AnswerText not in kinds[:final] and AnswerAudio not in kinds[:final]
        assert len(all_of_it.pen.asked) == 1

    run(main())


def test_who_goes_on_after_a_pause_has_one_turn() -> None:
    async def main() -> None:
        async with (
            world([2.0, ANSWER], speculates=False) as all_of_it,
            client(all_of_it.room) as one,
        ):
            # The second utterance begins while the language model thinks about the first.
            await one.speak(said(0.5, [1, 2], 1.3, [3, 4, 5], 2.0))
            await until(lambda: one.answers)
        assert one.answers == [(1, ANSWER)]
        assert all_of_it.pen.questions == ["w1 w2", "w1 w2 w3 w4 w5"]
        assert all_of_it.pen.dropped == 1
        assert [event.revision for event in one.of(UserText) if event.is_final] == [0, 1]
        assert all_of_it.notebook.said() == [("user", "w1 w2 w3 w4 w5"), ("assistant", ANSWER)]

    run(main())


def test_who_interrupts_is_heard_and_only_what_was_played_is_remembered() -> None:
    async def main() -> None:
        async with world([LONG], ["As you like."]) as all_of_it, client(all_of_it.room) as one:
            await one.speak(ASK)
            await until(lambda: len(one.sounds) > 50)
            began = now()
            await one.speak(said([7, 8, 9], 2.0))
            await until(lambda: len(one.answers) == 2)
        (_, heard), (_, second) = one.answers
        assert LONG.startswith(heard) and 0 < len(heard) < len(LONG)
        assert second == "As you like."
        assert all_of_it.notebook.said() == [
            ("user", "w1 w2 w3"),
            ("assistant", heard),
            ("user", "w7 w8 w9"),
            ("assistant", second),
        ]
        assert [message.interrupted for message in all_of_it.notebook.kept["talk-1"]] == [0, 1, 0, 0]
        assert [(m.text, m.role) for m in all_of_it.pen.asked[1]][1] == (heard, "assistant")
        orders = [(event.action, at) for at, event in one.events if isinstance(event, PlaybackOrder)]
        assert [action for action, _ in orders] == ["pause", "flush"]
        silent_from = orders[0][1]
        assert silent_from - began < 0.6
        after = [turn for at, turn, _ in one.sounds if at > silent_from]
        assert set(after) == {2}
        assert [metrics.interrupted for metrics in one.metrics] == [True, False]
        assert all_of_it.room.stats().interrupted == 1

    run(main())


def test_a_cough_holds_an_answer_and_loses_nothing_of_it() -> None:
    async def main() -> None:
        async with world([LONG]) as all_of_it, client(all_of_it.room) as one:
            await one.speak(ASK)
            await until(lambda: len(one.sounds) > 50)
            await one.speak(cough(0.25) + said(2.0))
            await until(lambda: one.answers)
        assert one.answers == [(1, LONG)]
        pause, resume = one.of(PlaybackOrder)
        assert (pause.action, resume.action) == ("pause", "resume")
        held = next(at for at, (_, event) in enumerate(one.events) if event is pause)
        assert isinstance(one.events[held + 1][1], Heard), "the order comes before what it is for"
        samples = sum(len(event.pcm) // 2 for event in one.of(AnswerAudio))
        starts = [first for _, _, first in one.sounds]
        assert starts == sorted(set(starts)), "a sample was played twice"
        last = one.sounds[-1][2]
        assert last < samples <= last + 1200, "not everything was played"
        assert resume.from_sample in starts
        assert one.states == [*ROUND, "Listening", "Idle"]

    run(main())


def test_what_is_made_while_an_answer_is_held_waits() -> None:
    async def main() -> None:
        more = [part for number in range(20) for part in (0.2, f"Number {number} is here. ")]
        async with world([f"{LONG} ", 2.0, *more]) as all_of_it, client(all_of_it.room) as one:
            await one.session.say("Tell me everything")
            await until(lambda: len(one.sounds) > 50)
            await one.speak(cough(0.25) + said(2.0))
            await until(lambda: one.answers)
        kinds = [event.action if isinstance(event, PlaybackOrder) else type(event) for _, event in one.events]
        pause, resume = kinds.index("pause"), kinds.index("resume")
        assert AnswerText in kinds[pause:resume] and AnswerAudio not in kinds[pause:resume]
        assert AnswerAudio in kinds[resume:] and one.answers[0][1].endswith("Number 19 is here.")

    run(main())


def test_a_cough_while_thinking_does_not_cost_the_answer() -> None:
    async def main() -> None:
        async with world([1.5, ANSWER], speculates=False) as all_of_it, client(all_of_it.room) as one:
            await one.speak(said(0.5, [1, 2, 3], 1.1) + cough(0.25) + said(2.0))
            await until(lambda: one.answers)
        assert one.answers == [(1, ANSWER)]
        assert len(all_of_it.pen.asked) == 1
        assert one.states == [*ROUND, "Listening", "Idle"]

    run(main())


def test_a_long_noise_while_thinking_has_the_question_asked_again() -> None:
    async def main() -> None:
        async with world([1.5, ANSWER], speculates=False) as all_of_it, client(all_of_it.room) as one:
            await one.speak(said(0.5, [1, 2, 3], 1.1) + cough(1.5) + said(2.0))
            await until(lambda: one.answers)
        assert one.answers == [(1, ANSWER)]
        assert all_of_it.pen.questions == ["w1 w2 w3"] * 2

    run(main())


def test_one_short_word_is_an_interruption() -> None:
    async def main() -> None:
        async with world([LONG], ["As you like."]) as all_of_it, client(all_of_it.room) as one:
            await one.speak(ASK)
            await until(lambda: len(one.sounds) > 50)
            await one.speak(said([7], 2.0))
            await until(lambda: len(one.answers) == 2)
        assert one.finals == ["w1 w2 w3", "w7"]
        assert [action.action for action in one.of(PlaybackOrder)] == ["pause", "flush"]

    run(main())


def test_the_answers_own_words_in_the_microphone_are_no_interruption() -> None:
    async def main() -> None:
        echoing = "w7 w8 w9 w7 w8 w9 w7 w8 w9 w7 w8 w9 w7 w8 w9 w7 w8 w9."
        async with world([echoing]) as all_of_it, client(all_of_it.room) as one:
            await one.speak(ASK)
            await until(lambda: len(one.sounds) > 10)
            await one.speak(said([7, 8], 2.0))
            await until(lambda: one.answers)
        assert one.answers == [(1, echoing)]
        assert one.finals == ["w1 w2 w3"]

    run(main())


def test_noise_alone_asks_nobody() -> None:
    async def main() -> None:
        async with world() as all_of_it, client(all_of_it.room) as one:
            await one.speak(said(0.5) + cough(1.0) + said(2.0))
        assert not all_of_it.pen.asked and not one.answers
        assert one.states == ["Idle", "Listening", "FinalizingASR", "Listening", "Idle"]
        assert not one.metrics and not one.troubles

    run(main())


def test_a_typed_turn_interrupts() -> None:
    async def main() -> None:
        async with world([LONG], ["As you like."]) as all_of_it, client(all_of_it.room) as one:
            await one.session.say("Tell me everything")
            await until(lambda: len(one.sounds) > 30)
            await one.session.say("Enough")
            await until(lambda: len(one.answers) == 2)
        assert one.states[:4] == ["Idle", "Listening", "Thinking", "Speaking"]
        assert [event.typed for event in one.of(UserText)] == [True, True]
        assert all_of_it.notebook.said()[2:] == [("user", "Enough"), ("assistant", "As you like.")]
        assert one.metrics[1].endpoint_ms == 0

    run(main())


def test_the_interrupt_button_ends_an_answer() -> None:
    async def main() -> None:
        async with world([LONG]) as all_of_it, client(all_of_it.room) as one:
            await one.session.say("Tell me everything")
            await until(lambda: len(one.sounds) > 30)
            await one.session.interrupt()
            await one.session.interrupt()
            silent_from = len(one.sounds)
            await asyncio.sleep(5)
        assert len(one.sounds) <= silent_from + 1
        assert len(one.answers) == 1 and LONG.startswith(one.answers[0][1])
        assert one.states[-2:] == ["Listening", "Idle"]

    run(main())


def test_push_to_talk_rests_in_idle() -> None:
    async def main() -> None:
        async with world() as all_of_it, client(all_of_it.room, hands_free=False) as one:
            await one.speak(said(0.5, [1, 2, 3]))
            await one.session.finalize()
            await until(lambda: one.answers)
        assert one.states == [*ROUND, "Idle"]
        assert one.answers == [(1, ANSWER)]

    run(main())


def test_a_button_that_is_pressed_without_a_word_leads_back() -> None:
    async def main() -> None:
        async with world() as all_of_it, client(all_of_it.room) as one:
            await one.speak(said(1.0))
            await one.session.finalize()
            await until(lambda: one.session.state is State.LISTENING)
        assert one.states == ["Idle", "Listening", "FinalizingASR", "Listening", "Idle"]
        assert not all_of_it.pen.asked

    run(main())


def test_without_a_voice_answers_are_text() -> None:
    async def main() -> None:
        async with world([*ANSWER], silent=True) as all_of_it, client(all_of_it.room) as one:
            await one.speak(ASK)
            await until(lambda: one.answers)
        assert one.session.facts.voice is None
        assert one.troubles == ["voices_not_installed"]
        assert one.answers == [(1, ANSWER)]
        assert one.states == [*ROUND[:4], "Listening", "Idle"]
        assert all_of_it.notebook.said() == [("user", "w1 w2 w3"), ("assistant", ANSWER)]
        assert one.metrics[0].tts_first_audio_ms is None

    run(main())


def test_a_client_that_never_says_what_it_plays_comes_to_the_end_too() -> None:
    async def main() -> None:
        async with world([LONG]) as all_of_it, client(all_of_it.room, reports=False) as one:
            began = now()
            await one.session.say("Tell me everything")
            await until(lambda: one.answers)
            took = now() - began
            await one.session.say("Again")
            await until(lambda: len(one.answers) == 2)
        assert one.answers == [(1, LONG), (2, LONG)]
        seconds = sum(len(event.pcm) for event in one.of(AnswerAudio)) / 2 / 24_000 / 2
        assert took >= seconds

    run(main())


def test_of_a_client_that_never_reports_is_remembered_what_the_clock_says() -> None:
    async def main() -> None:
        async with world([LONG], [0.1]) as all_of_it, client(all_of_it.room, reports=False) as one:
            await one.session.say("Tell me everything")
            await until(lambda: one.of(AnswerAudio))
            await asyncio.sleep(3.0)
            await one.session.interrupt()
            await until(lambda: one.answers)
        ((_, heard),) = one.answers
        # 25 characters a second.
        assert 60 <= len(heard) <= 80 and LONG.startswith(heard)

    run(main())


def test_forgetting_begins_another_conversation() -> None:
    async def main() -> None:
        async with world() as all_of_it, client(all_of_it.room) as one:
            await one.session.say("Hello")
            await until(lambda: one.answers)
            await one.session.reset()
            assert one.session.facts.conversation_id == "talk-2"
            await one.session.say("Who am I?")
            await until(lambda: len(one.answers) == 2)
        assert [turn for turn, _ in one.answers] == [1, 2]
        assert [len(history) for history in all_of_it.pen.asked] == [1, 1]
        assert all_of_it.notebook.said("talk-2")[0] == ("user", "Who am I?")

    run(main())


def test_a_stored_conversation_goes_on() -> None:
    async def main() -> None:
        async with world() as all_of_it:
            async with client(all_of_it.room) as one:
                await one.session.say("My name is Ada.")
                await until(lambda: one.answers)
            async with client(all_of_it.room, conversation_id="talk-1") as other:
                await other.session.say("Who am I?")
                await until(lambda: other.answers)
            assert [message.text for message in all_of_it.pen.asked[1]] == [
                "My name is Ada.",
                ANSWER,
                "Who am I?",
            ]
            assert len(all_of_it.notebook.kept["talk-1"]) == 4

    run(main())


def test_two_conversations_know_nothing_of_each_other() -> None:
    async def main() -> None:
        async with (
            world() as all_of_it,
            client(all_of_it.room) as one,
            client(all_of_it.room, hands_free=False) as other,
        ):
            await asyncio.gather(one.speak(said(0.5, [1, 2, 3], 2)), other.speak(said(0.5, [7, 8, 9], 2)))
            await until(lambda: one.answers and other.answers)
        assert (one.finals, other.finals) == (["w1 w2 w3"], ["w7 w8 w9"])
        assert all_of_it.notebook.said("talk-1")[0] == ("user", "w1 w2 w3")
        assert all_of_it.notebook.said("talk-2")[0] == ("user", "w7 w8 w9")

    run(main())


def test_what_a_broken_model_began_to_say_stays() -> None:
    async def main() -> None:
        broken = LanguageModelError("It broke.")
        async with (
            world([LONG, 3.0, broken], [broken], ["Again."]) as all_of_it,
            client(all_of_it.room) as one,
        ):
            await one.session.say("Tell me everything")
            await until(lambda: one.answers)
            await one.session.say("And now?")
            await until(lambda: len(one.answers) == 2)
            await one.session.say("Now?")
            await until(lambda: len(one.answers) == 3)
        assert one.troubles == ["llm_failed"] * 2
        (_, heard), (_, nothing), (_, last) = one.answers
        assert heard and LONG.startswith(heard) and len(heard) < len(LONG)
        assert (nothing, last) == ("", "Again.")
        failures = [at for at, state in enumerate(one.states) if state == "Idle"]
        assert [one.states[at + 1] for at in failures[1:-1]] == ["Listening", "Listening"]
        assert all_of_it.room.stats().errors == 2

    run(main())


def test_a_tool_that_nobody_offered_is_said_to_be_missing() -> None:
    async def main() -> None:
        wish = ToolWish(name="clock", arguments="{}")
        async with world([wish], ["It is ", wish, "late."]) as all_of_it, client(all_of_it.room) as one:
            await one.session.say("What time is it?")
            await until(lambda: one.answers)
            await one.session.say("Roughly?")
            await until(lambda: len(one.answers) == 2)
        assert one.answers == [(1, ""), (2, "It is late.")]
        (trouble,) = one.of(Trouble)
        assert trouble.error.code == "llm_failed" and "asked for a tool" in trouble.error.message

    run(main())


def test_state_changes_are_told_before_what_belongs_to_them() -> None:
    async def main() -> None:
        async with world() as all_of_it, client(all_of_it.room) as one:
            await one.speak(ASK)
            await until(lambda: one.answers)
        order = [
            event.state if isinstance(event, StateChanged) else type(event)
            for _, event in one.events
            if isinstance(event, (StateChanged, AnswerAudio))
        ]
        assert order.index(State.SPEAKING) < order.index(AnswerAudio)

    run(main())

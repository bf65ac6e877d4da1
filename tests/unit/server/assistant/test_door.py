"""The door of conversations without a socket: what it says, in which order, and how lines end."""

from __future__ import annotations

import asyncio

import pytest
from tests.unit.server.assistant.scripted import RATE, Line, audio_of, scene, until

from parley.assistant.events import (
    AnswerText,
    Farewell,
    PlaybackOrder,
    State,
    StateChanged,
    Trouble,
    UserText,
)
from parley.assistant.options import AssistantWish
from parley.errors import (
    LanguageModelBusy,
    LiveError,
    LiveOverloaded,
    SessionIdle,
    TextTooLong,
    TooManySessions,
)
from parley.server.pace import Pace

SPEAKING = StateChanged(state=State.SPEAKING)


def problem_in(message: dict[str, object]) -> tuple[object, object]:
    assert message["type"] == "voice_assistant:error", message
    data = message["data"]
    assert isinstance(data, dict)
    return data["code"], data["fatal"]  # type: ignore[return-value]


async def has_ended(line: Line, code: int) -> None:
    await until(lambda: line.closed is not None)
    assert line.closed == code
    await line.ends()
    assert len(line.terminals()) == 1 and line.heard[-1] is line.terminals()[0]


def test_a_conversation_is_what_the_client_wished() -> None:
    async def main() -> None:
        async with scene("anna") as here:
            line = here.line(query="token=anna")
            await line.expect("auth_success")
            wish = {
                "language": "zh-CN",
                "voice": "espeak-ng/cmn",
                "speed": 1.5,
                "profile": "embedded",
                "instructions": "Be kind.",
                "conversation_id": "abc",
                "hands_free": False,
                "sample_rate": 48000,
            }
            line.send("start", **wish)
            ready = await line.expect("ready")
            session = here.room.sessions[0]
            assert session.user == "anna"
            assert session.wish == AssistantWish(
                language="zh",
                voice="espeak-ng/cmn",
                speed=1.5,
                profile="embedded",
                instructions="Be kind.",
                conversation_id="abc",
                hands_free=False,
                sample_rate_hz=48000,
            )
            assert ready == {
                "session_id": "session-0",
                "resume_token": "token-0",
                "conversation_id": "conversation-0-0",
                "voice": "espeak-ng/cmn",
                "language": "zh",
                "sample_rate": RATE,
                "model": "parrot",
                "parrot": True,
                "received_samples": 0,
            }
            assert (await line.expect("voice_assistant:state_changed")) == {"state": "Idle"}

    asyncio.run(main())


def test_audio_or_text_that_comes_first_gets_the_defaults() -> None:
    async def main() -> None:
        async with scene() as here:
            line = here.line()
            line.send_audio(bytes(3200))
            await line.expect("ready")
            session = here.room.sessions[0]
            assert session.wish == AssistantWish()
            await until(lambda: session.received_samples == 1600)
            typist = here.line()
            typist.send("text", text="hello")
            await typist.expect("ready")
            await until(lambda: here.room.sessions[1].calls == ["say hello"])

    asyncio.run(main())


def test_what_the_client_asks_reaches_its_own_conversation() -> None:
    async def main() -> None:
        async with scene() as here:
            line, session, _ = await here.begun()
            other, another, _ = await here.begun()
            line.send("finalize")
            line.send("text", text="你好")
            line.send("interrupt")
            session.tell(audio_of(0.1, turn=2))
            await line.hear_audio()
            for turn, samples in ((2, 800), (2, 10**9), (1, 800)):
                line.send("played", turn=turn, samples=samples)
            other.send("interrupt")
            played = ["played 800 of 2", "played 1600 of 2", "played 0 of 1"]
            expected = ["finalize", "say 你好", "interrupt", *played]
            await until(lambda: session.calls == expected and another.calls == ["interrupt"])
            line.send("reset")
            ready = await line.expect("ready")
            assert (ready["conversation_id"], ready["resume_token"]) == ("conversation-0-1", "token-0")
            line.send("ping")
            assert (await line.hear())["type"] == "pong"

    asyncio.run(main())


def test_a_pause_overtakes_audio_and_everything_that_waits() -> None:
    async def main() -> None:
        async with scene() as here:
            line, session, _ = await here.begun()
            line.may_take.clear()
            session.tell(AnswerText(turn=1, revision=0, content="x", is_complete=False))
            await until(lambda: session.is_heard)
            # This is being said, and the client does not take it.
            session.tell(audio_of(10.0), StateChanged(state=State.THINKING))
            session.tell(PlaybackOrder(turn=1, action="pause"))
            await until(lambda: session.is_heard)
            line.may_take.set()
            kinds = [(await line.hear())["type"].partition(":")[2] for _ in range(3)]
            assert kinds == ["assistant_response", "playback", "state_changed"]
            heard = len(line.heard)
            await asyncio.sleep(0.3)
            assert len(line.heard) == heard, "held audio stays here"

    asyncio.run(main())


def test_audio_is_sent_no_further_ahead_than_it_is_played() -> None:
    async def main() -> None:
        async with scene(ahead_s=0.5) as here:
            line, session, _ = await here.begun()
            # From now on the client is known to tell what it plays.
            line.send("played", turn=0, samples=0)
            await until(lambda: bool(session.calls))
            whole = audio_of(3.0, text="One clause.")
            session.tell(SPEAKING, whole)
            heard = b""
            texts: list[str] = []
            while len(heard) < len(whole.pcm):
                data, pcm = await line.hear_audio()
                assert (data["turn"], data["sample_rate"]) == (1, RATE)
                assert (data["first_sample"], data["samples"]) == (len(heard) // 2, len(pcm) // 2)
                texts.append(data["text"])
                heard += pcm
                if len(heard) // 2 >= RATE // 2:
                    played = len(heard) // 2 - RATE // 2
                    assert sum(m["type"] == "bytes" for m in line.heard) <= len(heard) // 3200 + 2
                    line.send("played", turn=1, samples=played)
            assert heard == whole.pcm
            assert texts[0] == "One clause." and not any(texts[1:])

    asyncio.run(main())


def test_after_a_flush_the_same_turn_sounds_at_once() -> None:
    async def main() -> None:
        async with scene(ahead_s=1.0) as here:
            line, session, _ = await here.begun()
            line.send("played", turn=0, samples=0)
            await until(lambda: bool(session.calls))
            session.tell(SPEAKING, audio_of(30.0))
            await line.hear_audio()
            session.tell(PlaybackOrder(turn=1, action="flush", from_sample=30 * RATE))
            session.tell(audio_of(5.0, first_sample=30 * RATE))
            while (await line.hear_audio())[0]["first_sample"] < 30 * RATE:
                pass
            # Nothing is reported, as nothing of it was played yet.
            assert [(await line.hear_audio())[0]["samples"] for _ in range(9)] == [RATE // 10] * 9

    asyncio.run(main())


def test_flushed_audio_is_never_sent() -> None:
    async def main() -> None:
        async with scene(ahead_s=0.2) as here:
            line, session, _ = await here.begun()
            session.tell(SPEAKING, audio_of(30.0))
            await line.hear_audio()
            session.tell(PlaybackOrder(turn=1, action="pause"), PlaybackOrder(turn=1, action="flush"))
            session.tell(StateChanged(state=State.LISTENING), audio_of(0.1, turn=2))
            while (data := (await line.hear_audio())[0])["turn"] == 1:
                pass
            assert data["turn"] == 2
            orders = [m for m in line.heard if m["type"] == "voice_assistant:playback"]
            assert orders[-1]["data"] == {"turn": 1, "action": "flush", "from_sample": 0}
            last = line.heard.index(orders[-1])
            assert not [m for m in line.heard[last:] if m["type"] == "audio" and m["data"]["turn"] == 1]

    asyncio.run(main())


def test_bad_messages_are_answered_and_end_nothing() -> None:
    async def main() -> None:
        async with scene() as here:
            line, session, _ = await here.begun()
            for text, code in (
                ("nonsense", "invalid_json"),
                ('{"type": "dance"}', "unknown_message_type"),
                ('{"type": "text", "data": {}}', "message_error"),
                ('{"type": "text", "data": {"text": ""}}', "message_error"),
                ('{"type": "played", "data": {"turn": -1, "samples": 0}}', "message_error"),
                ('{"type": "start", "data": {"sample_rate": 5}}', "invalid_option"),
                ('{"type": "start"}', "message_error"),
            ):
                line.send_text(text)
                assert problem_in(await line.hear()) == (code, False)
            session.refuses_text = TextTooLong("That is too much.")
            line.send("text", text="x")
            assert problem_in(await line.hear()) == ("text_too_long", False)
            line.send("interrupt")
            await until(lambda: session.calls == ["interrupt"])

    asyncio.run(main())


@pytest.mark.parametrize(
    "first", ['{"type": "start", "data": {"sample_rate": 5}}', '{"type": "interrupt"}', "?"]
)
def test_before_there_is_a_conversation_every_error_is_fatal(first: str) -> None:
    async def main() -> None:
        async with scene() as here:
            line = here.line()
            line.send_text(first)
            message = await line.hear()
            assert message["data"]["fatal"]
            await has_ended(line, 1000)
            assert not here.room.sessions

    asyncio.run(main())


def test_a_trouble_is_told_and_the_conversation_goes_on() -> None:
    async def main() -> None:
        async with scene() as here:
            line, session, _ = await here.begun()
            session.tell(Trouble(error=LanguageModelBusy("It is busy; say it again.", detail="secret")))
            problem = await line.expect("voice_assistant:error")
            assert problem == {
                "code": "llm_busy",
                "message": "It is busy; say it again.",
                "fatal": False,
                "retry_after": None,
            }
            session.tell(UserText(turn=1, revision=0, text="hello", is_final=True, confidence=0.5))
            said = await line.expect("voice_assistant:user_transcript")
            assert (said["final_text"], said["partial"], said["confidence"]) == ("hello", None, 0.5)

    asyncio.run(main())


def test_stop_ends_it_with_bye() -> None:
    async def main() -> None:
        async with scene() as here:
            line, session, _ = await here.begun()
            line.send("stop")
            await until(lambda: session.calls == ["stop"])
            line.send_audio(bytes(320))
            assert problem_in(await line.hear()) == ("message_error", False)
            line.send("text", text="more")
            assert problem_in(await line.hear()) == ("message_error", False)
            session.tell(StateChanged(state=State.IDLE), Farewell())
            await line.expect("voice_assistant:state_changed")
            await has_ended(line, 1000)
            assert line.heard[-1]["type"] == "bye"
            assert session.calls == ["stop", "close"]

    asyncio.run(main())


def test_a_stop_before_anything_is_answered_at_once() -> None:
    async def main() -> None:
        async with scene() as here:
            line = here.line()
            line.send("stop")
            await has_ended(line, 1000)
            assert not here.room.sessions

    asyncio.run(main())


def test_an_end_for_a_reason_says_it() -> None:
    async def main() -> None:
        async with scene() as here:
            line, session, _ = await here.begun()
            session.tell(audio_of(20.0), Farewell(error=SessionIdle("Nobody said anything.")))
            await has_ended(line, 1000)
            assert line.heard[-1]["data"]["code"] == "idle_timeout"
            assert session.calls == ["close"]

    asyncio.run(main())


@pytest.mark.parametrize(
    ("error", "code", "retry_after"),
    [
        (TooManySessions("Full."), 1013, 10.0),
        (LiveOverloaded("Late."), 1013, 5.0),
        (LiveError("No."), 1000, None),
    ],
)
def test_who_is_refused_is_told_why_and_when_to_come_again(
    error: Exception, code: int, retry_after: float | None
) -> None:
    async def main() -> None:
        async with scene() as here:
            here.room.refusal = error
            line = here.line()
            line.send("start")
            problem = await line.expect("voice_assistant:error")
            assert (problem["fatal"], problem["retry_after"]) == (True, retry_after)
            await has_ended(line, code)

    asyncio.run(main())


def test_something_unforeseen_tells_nothing_of_itself() -> None:
    async def main() -> None:
        async with scene() as here:
            here.room.refusal = RuntimeError("a secret")
            line = here.line()
            line.send("start")
            problem = await line.expect("voice_assistant:error")
            assert problem["code"] == "internal_error" and "secret" not in problem["message"]
            await has_ended(line, 1000)

    asyncio.run(main())


def test_a_lost_line_leaves_and_another_one_goes_on() -> None:
    async def main() -> None:
        async with scene() as here:
            line, session, ready = await here.begun()
            line.send_audio(bytes(2000))
            await until(lambda: session.received_samples == 1000)
            line.vanish()
            await line.ends()
            assert session.calls == ["leave"]
            session.state = State.SPEAKING
            session.tell(audio_of(0.1, first_sample=500))
            again = here.line()
            again.send("start", resume_token=ready["resume_token"])
            assert (await again.expect("ready"))["received_samples"] == 1000
            assert (await again.expect("voice_assistant:state_changed")) == {"state": "Speaking"}
            assert (await again.hear_audio())[0]["first_sample"] == 500
            assert session.calls == ["leave", "resume"]

    asyncio.run(main())


def test_the_old_line_lets_go_before_the_new_one_takes_the_session() -> None:
    async def main() -> None:
        async with scene() as here:
            line, session, ready = await here.begun()
            session.may_write.clear()
            line.send_audio(bytes(2000))
            again = here.line()
            again.send("start", resume_token=ready["resume_token"])
            assert (await again.expect("ready"))["received_samples"] == 0
            session.may_write.set()
            await has_ended(line, 1000)
            assert line.heard[-1]["data"]["code"] == "line_replaced"
            assert session.calls == ["leave", "resume"]
            again.send_audio(bytes(200))
            await until(lambda: session.received_samples == 100)

    asyncio.run(main())


def test_an_announced_frame_follows_even_where_the_line_is_taken_in_between() -> None:
    async def main() -> None:
        async with scene() as here:
            line, session, ready = await here.begun()
            # The message of the audio goes out, then the client takes nothing more for a while.
            line.stop_after("audio")
            session.tell(SPEAKING, audio_of(0.1))
            await until(lambda: not line.may_take.is_set())
            again = here.line()
            again.send("start", resume_token=ready["resume_token"])
            await again.expect("ready")
            line.may_take.set()
            await has_ended(line, 1000)
            kinds = [message["type"] for message in line.heard]
            assert kinds[-3:] == ["audio", "bytes", "voice_assistant:error"]

    asyncio.run(main())


def test_nobody_else_takes_a_session() -> None:
    async def main() -> None:
        async with scene("anna", "bert") as here:
            anna = here.line(query="token=anna")
            await anna.expect("auth_success")
            anna.send("start")
            token = (await anna.expect("ready"))["resume_token"]
            bert = here.line(query="token=bert")
            await bert.expect("auth_success")
            bert.send("start", resume_token=token)
            assert problem_in(await bert.hear()) == ("session_not_found", True)
            await has_ended(bert, 1000)
            assert here.room.sessions[0].has_listener

    asyncio.run(main())


def test_who_sends_too_much_is_told_to_wait_but_always_heard_when_it_says_stop() -> None:
    async def main() -> None:
        async with scene(pace=Pace(3)) as here:
            line, session, _ = await here.begun()
            for _ in range(2):
                line.send("ping")
                assert (await line.hear())["type"] == "pong"
            line.send("ping")
            problem = await line.expect("voice_assistant:error")
            assert problem["code"] == "rate_limited" and problem["retry_after"] > 0
            for _ in range(100):
                line.send("played", turn=1, samples=1)
            line.send("interrupt")
            line.send("stop")
            await until(lambda: session.calls[-2:] == ["interrupt", "stop"] and len(session.calls) == 102)

    asyncio.run(main())


def test_a_line_on_which_nothing_begins_is_closed() -> None:
    async def main() -> None:
        async with scene(begin_s=0.05) as here:
            line = here.line()
            await has_ended(line, 1000)
            assert line.heard[-1]["data"]["code"] == "idle_timeout"

    asyncio.run(main())


def test_a_key_that_is_revoked_ends_it() -> None:
    async def main() -> None:
        async with scene("pk_anna") as here:
            line = here.line(query="token=pk_anna")
            await line.expect("auth_success")
            line.send("start")
            await line.expect("ready")
            here.authority.users.clear()
            assert await ends_with(line) == "auth_failed"
            assert here.room.sessions[0].calls[-1] == "close"

    asyncio.run(main())


async def ends_with(line: Line) -> str:
    await has_ended(line, 1000)
    return line.heard[-1]["data"]["code"]


def test_a_client_that_reads_nothing_holds_up_nobody_else() -> None:
    async def main() -> None:
        async with scene() as here:
            slow, behind, _ = await here.begun()
            slow.may_take.clear()
            for number in range(2000):
                behind.tell(StateChanged(state=State.LISTENING if number % 2 else State.IDLE))
            quick, session, _ = await here.begun()
            session.tell(SPEAKING)
            await quick.expect("voice_assistant:state_changed")
            slow.may_take.set()
            await until(lambda: len(slow.heard) >= 2002)

    asyncio.run(main())


def test_several_conversations_do_not_mix() -> None:
    async def main() -> None:
        async with scene() as here:
            lines = [await here.begun() for _ in range(5)]
            for number, (line, session, _) in enumerate(lines):
                line.send_audio(bytes([number]) * 200)
                session.tell(UserText(turn=1, revision=0, text=str(number), is_final=True))
                session.tell(audio_of(0.1, first_sample=1000 * number))
            for number, (line, session, _) in enumerate(lines):
                said = await line.expect("voice_assistant:user_transcript")
                assert said["final_text"] == str(number)
                data, pcm = await line.hear_audio()
                assert data["first_sample"] == 1000 * number
                assert pcm == audio_of(0.1, first_sample=1000 * number).pcm
                await until(lambda session=session: session.received_samples == 100)
                assert set(session.audio) == {number}

    asyncio.run(main())

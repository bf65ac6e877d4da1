"""The course of connections to the door of live recognition."""

from __future__ import annotations

import asyncio

import pytest
from tests.unit.server.asr.scripted import Scene, scene, until

from parley.errors import (
    LiveOverloaded,
    ProfileUnknown,
    RecognitionFailed,
    SessionIdle,
    TooManySessions,
    WorkersExhausted,
)
from parley.live.options import LiveWish
from parley.server.pace import Pace
from parley.server.socket.guests import Guests
from parley.speech.live import Done, Failed, Final, Level, Partial, Received, Trouble, Voice
from parley.speech.transcript import Word

FINAL = Final(utterance=0, start=0.5, end=1.5, text="good morning")
DONE = Done(utterances=1, audio_seconds=2.0)


def test_a_session_from_start_to_done():
    async def main() -> None:
        async with scene() as here:
            line, session, ready = await here.begun(sample_rate=8000, profile="embedded")
            assert ready == {
                "session_id": "session-0",
                "resume_token": "token-0",
                "sample_rate": 8000,
                "profile": "embedded",
                "streaming": False,
                "received_samples": 0,
            }
            for piece in (b"\1", b"\2\3\4", b"", b"\5" * 200_000):
                line.send_audio(piece)
            line.send("finalize")
            line.send("stop")
            await until(lambda: session.calls == ["finalize at 100002", "stop"])
            assert bytes(session.audio) == b"\1\2\3\4" + b"\5" * 200_000
            session.tell(Voice(status="speech_start", time=0.5), FINAL, DONE)
            assert await line.expect("vad") == {"status": "speech_start", "time": 0.5}
            assert (await line.expect("final"))["text"] == "good morning"
            assert await line.expect("done") == {"utterances": 1, "audio_seconds": 2.0, "task_id": None}
            await line.ends()
            assert line.closed == 1000
            assert session.calls[-1] == "leave"
            assert len(line.terminals()) == 1

    asyncio.run(main())


def test_audio_that_comes_first_gets_the_defaults():
    async def main() -> None:
        async with scene() as here:
            line = here.line()
            line.send_audio(b"\1\2")
            assert (await line.expect("ready"))["sample_rate"] == 16000
            [session] = here.room.sessions
            await until(lambda: bytes(session.audio) == b"\1\2")
            assert session.wish == LiveWish()

    asyncio.run(main())


def test_a_start_becomes_a_wish():
    async def main() -> None:
        async with scene() as here:
            _, session, _ = await here.begun(
                sample_rate=44100,
                encoding="float32",
                channels=2,
                language="de",
                profile="embedded",
                hotwords={"Parley": 2.0},
                partials=False,
                endpoint_silence_ms=450,
                words=True,
                levels=True,
                record=True,
                resume_token=None,
                of_a_later_version=[1],
            )
            assert session.wish == LiveWish(
                sample_rate_hz=44100,
                encoding="float32",
                channels=2,
                language="de",
                profile="embedded",
                hotwords=(("Parley", 2.0),),
                partials=False,
                endpoint_silence_s=0.45,
                words=True,
                levels=True,
                record=True,
            )
            _, session, _ = await here.begun(language="auto", hotwords=["one", "two"])
            assert session.wish == LiveWish(hotwords=(("one", 1.0), ("two", 1.0)))

    asyncio.run(main())


def test_every_event_is_told_in_its_order():
    async def main() -> None:
        async with scene() as here:
            line, session, _ = await here.begun(words=True)
            word = Word(text="good", start=0.5, end=0.8, confidence=0.9)
            session.tell(
                Voice(status="speech_start", time=0.5),
                Partial(utterance=0, start=0.5, text="good mor", stable_chars=4),
                Level(dbfs=-20.5),
                Final(
                    utterance=0, start=0.5, end=1.5, text="good", confidence=0.8, words=(word,), language="en"
                ),
                Voice(status="speech_end", time=1.5000000000000002),
                Trouble(error=RecognitionFailed("It was lost."), utterance=1),
            )
            assert (await line.expect("vad"))["status"] == "speech_start"
            assert await line.expect("partial") == {
                "utterance": 0,
                "start": 0.5,
                "text": "good mor",
                "stable_chars": 4,
                "language": None,
                "speaker": None,
                "translation": None,
            }
            assert await line.expect("level") == {"dbfs": -20.5}
            assert await line.expect("final") == {
                "utterance": 0,
                "start": 0.5,
                "end": 1.5,
                "text": "good",
                "confidence": 0.8,
                "words": [{"text": "good", "start": 0.5, "end": 0.8, "confidence": 0.9}],
                "language": "en",
                "speaker": None,
                "translation": None,
            }
            assert await line.expect("vad") == {"status": "speech_end", "time": 1.5}
            assert await line.expect("error") == {
                "error": "recognition_failed",
                "message": "It was lost.",
                "fatal": False,
                "utterance": 1,
                "retry_after": None,
            }
            assert line.closed is None

    asyncio.run(main())


def test_audio_is_acknowledged_when_the_session_says_so_and_when_it_does_not():
    async def main() -> None:
        async with scene() as here:
            line, session, _ = await here.begun()
            session.tell(Received(received_samples=0, lag_ms=250, skipped_partials=3))
            await until(lambda: len(line.heard) == 2)
            assert line.heard[1]["data"] == {"received_samples": 0, "lag_ms": 250, "skipped_partials": 3}
            line.send_audio(bytes(32000))
            await until(lambda: len(line.heard) >= 4)
            acks = [message["data"] for message in line.heard[2:]]
            assert [ack["received_samples"] for ack in acks][-1] == 16000
            assert {(ack["lag_ms"], ack["skipped_partials"]) for ack in acks} == {(250, 3)}

    asyncio.run(main())


def test_an_acknowledgement_never_goes_back():
    async def main() -> None:
        async with scene() as here:
            line, session, _ = await here.begun()
            line.send_audio(bytes(2000))
            await until(lambda: session.received_samples == 1000)
            session.tell(Received(received_samples=400))
            await until(lambda: len(line.heard) >= 3)
            told = [message["data"]["received_samples"] for message in line.heard if message["type"] == "ack"]
            assert told == sorted(told)
            assert told[-1] == 1000

    asyncio.run(main())


@pytest.mark.parametrize(
    ("refusal", "code", "retry_after", "close"),
    [
        (TooManySessions("Too many."), "too_many_sessions", 10.0, 1013),
        (LiveOverloaded("Too late."), "live_overloaded", 5.0, 1013),
        (ProfileUnknown("No such profile."), "profile_unknown", None, 1000),
    ],
)
def test_a_session_that_is_refused(refusal: Exception, code: str, retry_after: float | None, close: int):
    async def main() -> None:
        async with scene(refusal=refusal) as here:
            line = here.line()
            line.send("start")
            problem = await line.expect("error")
            assert (problem["error"], problem["fatal"]) == (code, True)
            assert problem["retry_after"] == retry_after
            await line.ends()
            assert line.closed == close

    asyncio.run(main())


@pytest.mark.parametrize(
    ("error", "close"),
    [(SessionIdle("Nothing was said."), 1000), (WorkersExhausted("No worker is left."), 1013)],
)
def test_a_session_that_fails_says_so_once_and_is_freed(error: Exception, close: int):
    async def main() -> None:
        async with scene() as here:
            line, session, _ = await here.begun()
            session.tell(FINAL, Failed(error=error))
            await line.expect("final")
            assert (await line.expect("error"))["error"] == error.code
            await line.ends()
            assert line.closed == close
            assert session.calls == ["close"]
            assert len(line.terminals()) == 1

    asyncio.run(main())


def test_an_unforeseen_error_tells_nothing_of_itself():
    async def main() -> None:
        async with scene(refusal=RuntimeError("/secret/path")) as here:
            line = here.line()
            line.send("start")
            problem = await line.expect("error")
            assert (problem["error"], problem["fatal"]) == ("internal_error", True)
            assert "secret" not in problem["message"]
            await line.ends()

    asyncio.run(main())


@pytest.mark.parametrize("code", [1000, 1001, 1006])
def test_a_line_that_is_lost_or_closed_leaves_the_session_waiting(code: int):
    async def main() -> None:
        async with scene() as here:
            line, session, _ = await here.begun()
            line.vanish(code)
            await line.ends()
            assert session.calls == ["leave"]
            assert line.closed is None

    asyncio.run(main())


def test_a_client_that_is_gone_after_stop_may_still_come_back():
    async def main() -> None:
        async with scene() as here:
            line, session, _ = await here.begun()
            line.send("stop")
            line.vanish()
            await line.ends()
            assert session.calls == ["stop", "leave"]
            session.tell(FINAL, DONE)
            again = here.line()
            again.send("start", resume_token="token-0", have_utterance=-1)
            await again.expect("ready")
            await again.expect("final")
            await again.expect("done")

    asyncio.run(main())


def test_a_client_comes_back_where_it_was():
    async def main() -> None:
        async with scene() as here:
            line, session, ready = await here.begun()
            line.send_audio(bytes(6400))
            await until(lambda: session.received_samples == 3200)
            line.vanish()
            await line.ends()
            session.tell(FINAL)
            again = here.line()
            again.send("start", resume_token=ready["resume_token"], have_utterance=4, sample_rate=8000)
            assert await again.expect("ready") == {**ready, "received_samples": 3200}
            assert (await again.expect("final"))["utterance"] == 0
            assert session.asked_after == [None, 4]
            assert len(here.room.sessions) == 1
            again.send_audio(bytes(2))
            await until(lambda: session.received_samples == 3201)

    asyncio.run(main())


def test_a_client_takes_its_session_from_a_line_that_only_seems_alive():
    async def main() -> None:
        async with scene() as here:
            line, session, ready = await here.begun()
            session.may_write.clear()
            line.send_audio(bytes(640))
            await until(lambda: session.writing == 1)
            again = here.line()
            again.send("start", resume_token=ready["resume_token"])
            assert (await again.expect("ready"))["received_samples"] == 0
            assert session.writing == 0
            assert session.calls == ["leave", "resume"]
            problem = await line.expect("error")
            assert (problem["error"], problem["fatal"]) == ("line_replaced", True)
            await line.ends()
            session.may_write.set()
            again.send_audio(bytes(640))
            await until(lambda: session.received_samples == 320)
            session.tell(DONE)
            await again.expect("done")
            await again.ends()
            assert session.calls == ["leave", "resume", "leave"]

    asyncio.run(main())


def test_a_line_that_reads_nothing_does_not_keep_its_session():
    async def main() -> None:
        async with scene() as here:
            line, session, ready = await here.begun()
            line.may_take.clear()
            session.tell(FINAL)
            again = here.line()
            again.send("start", resume_token=ready["resume_token"])
            await again.expect("ready")
            assert not line.running.done()

    asyncio.run(main())


def test_a_session_that_tells_another_line_is_left_alone():
    async def main() -> None:
        async with scene() as here:
            line, session, _ = await here.begun()
            await until(lambda: session.has_listener)
            elsewhere = session.listen()
            waiting = asyncio.create_task(anext(elsewhere))
            assert (await line.expect("error"))["error"] == "line_replaced"
            await line.ends()
            assert session.calls == []
            session.tell(FINAL)
            assert await waiting == FINAL
            await elsewhere.aclose()

    asyncio.run(main())


@pytest.mark.parametrize("token", ["nonsense", "token-0"])
def test_nobody_comes_back_to_what_is_not_there_or_not_theirs(token: str):
    async def main() -> None:
        async with scene("anna", "bert") as here:
            line = here.line(query="token=anna")
            await line.expect("auth_success")
            line.send("start")
            await line.expect("ready")
            stranger = here.line(query="token=bert")
            await stranger.expect("auth_success")
            stranger.send("start", resume_token=token)
            problem = await stranger.expect("error")
            assert (problem["error"], problem["fatal"]) == ("session_not_found", True)
            await stranger.ends()
            assert here.room.sessions[0].calls == []

    asyncio.run(main())


def test_who_has_no_audio_at_all_is_done_at_once():
    async def main() -> None:
        async with scene() as here:
            line = here.line()
            line.send("ping")
            await line.expect("pong")
            line.send("stop")
            assert await line.expect("done") == {"utterances": 0, "audio_seconds": 0.0, "task_id": None}
            await line.ends()
            assert line.closed == 1000
            assert here.room.sessions == []

    asyncio.run(main())


def test_a_line_on_which_nothing_begins_is_closed_whatever_it_pings():
    async def main() -> None:
        async with scene(session_idle_s=0.3) as here:
            line = here.line()
            line.send("ping")
            await line.expect("pong")
            assert (await line.expect("error"))["error"] == "idle_timeout"
            await line.ends()
            assert line.closed == 1000

    asyncio.run(main())


def test_what_goes_wrong_before_a_session_ends_the_line():
    frames = [
        "nonsense",
        "[]",
        '{"type": 5}',
        '{"type": "start", "data": 3}',
        '{"type": "begin"}',
        '{"type": "start", "data": {"sample_rate": 4000}}',
        '{"type": "start", "data": {"encoding": "opus"}}',
        '{"type": "start", "data": {"hotwords": [""]}}',
        '{"type": "finalize"}',
        '{"type": "start", "data": {"language": "' + "x" * 300_000 + '"}}',
    ]

    async def main() -> None:
        async with scene() as here:
            for frame in frames:
                line = here.line()
                line.send_text(frame)
                line.send_audio(bytes(100))
                problem = await line.expect("error")
                assert problem["fatal"] is True, frame
                await line.ends()
                assert line.closed == 1000
            assert here.room.sessions == []

    asyncio.run(main())


def test_what_goes_wrong_in_a_session_does_not_end_it():
    frames = {
        "nonsense": "invalid_json",
        '{"type": "begin"}': "unknown_message_type",
        '{"type": "stop", "data": []}': "message_error",
        '{"type": "start"}': "message_error",
        '{"type": "start", "data": {"channels": 9}}': "invalid_option",
        '{"type": "ping", "padding": "' + "x" * 300_000 + '"}': "message_error",
    }

    async def main() -> None:
        async with scene() as here:
            line, session, _ = await here.begun()
            for frame, code in frames.items():
                line.send_text(frame)
                problem = await line.expect("error")
                assert (problem["error"], problem["fatal"]) == (code, False), frame
                assert ("channels" in problem["message"]) == ("channels" in frame)
            line.send_audio(b"\1\2")
            await until(lambda: bytes(session.audio) == b"\1\2")
            line.send("auth", token="whatever")
            await line.expect("auth_success")

    asyncio.run(main())


def test_audio_after_stop_is_complained_of_once():
    async def main() -> None:
        async with scene() as here:
            line, session, _ = await here.begun()
            for _ in range(2):
                line.send("stop")
            for _ in range(50):
                line.send_audio(bytes(10))
            line.send("finalize")
            line.send("ping")
            assert (await line.expect("error"))["error"] == "message_error"
            assert (await line.expect("error"))["fatal"] is False
            await line.expect("pong")
            assert session.calls == ["stop"]
            assert session.received_samples == 0

    asyncio.run(main())


def test_messages_have_a_pace_and_audio_and_stop_have_none():
    async def main() -> None:
        async with scene(pace=Pace(2)) as here:
            line, session, _ = await here.begun()
            for _ in range(20):
                line.send_audio(bytes(2))
            line.send("ping")
            await line.expect("pong")
            line.send("ping")
            problem = await line.expect("error")
            assert (problem["error"], problem["fatal"]) == ("rate_limited", False)
            assert problem["retry_after"] > 0
            line.send("stop")
            await until(lambda: session.calls == ["stop"])
            assert session.received_samples == 20

    asyncio.run(main())


def test_messages_that_nobody_understands_have_a_pace_too():
    async def main() -> None:
        async with scene(pace=Pace(2)) as here:
            line, _, _ = await here.begun()
            codes: list[str] = []
            for frame in ("nonsense", '{"type": "start", "data": {"channels": 9}}', "nonsense"):
                line.send_text(frame)
                codes.append((await line.expect("error"))["error"])
            assert codes == ["invalid_json", "rate_limited", "rate_limited"]

    asyncio.run(main())


def test_while_the_session_is_behind_the_line_is_not_read():
    async def main() -> None:
        async with scene() as here:
            line, session, _ = await here.begun()
            session.may_write.clear()
            for _ in range(10):
                line.send_audio(bytes(100))
            await until(lambda: session.writing == 1)
            await asyncio.sleep(0.05)
            assert line.unread == 9
            assert line.wire.claimed == 1
            session.tell(FINAL)
            await line.expect("final")
            session.may_write.set()
            await until(lambda: session.received_samples == 500)

    asyncio.run(main())


def test_a_session_that_fails_while_it_is_written_to_is_heard():
    async def main() -> None:
        async with scene() as here:
            line, session, _ = await here.begun()
            session.may_write.clear()
            line.send_audio(bytes(100))
            await until(lambda: session.writing == 1)
            session.tell(Failed(error=WorkersExhausted("No worker is left.")))
            assert (await line.expect("error"))["error"] == "workers_exhausted"
            await line.ends()
            assert session.writing == 0

    asyncio.run(main())


def test_large_frames_are_handed_over_in_pieces():
    async def main() -> None:
        async with scene() as here:
            line, session, _ = await here.begun()
            sizes: list[int] = []
            write = session.write

            async def watched(data: memoryview) -> None:
                sizes.append(len(data))
                await write(data)

            session.write = watched  # type: ignore[method-assign]
            line.send_audio(bytes(1_000_000))
            await until(lambda: session.received_samples == 500_000)
            assert max(sizes) <= 64 * 1024

    asyncio.run(main())


def test_a_client_that_went_away_while_its_session_was_opened():
    async def main() -> None:
        async with scene() as here:
            line = here.line()
            line.send("start")
            line.vanish()
            await line.ends()
            assert here.room.sessions[0].calls == ["leave"]

    asyncio.run(main())


def test_a_door_that_is_cancelled_leaves_the_session_to_its_client():
    async def main() -> None:
        async with scene() as here:
            line, session, _ = await here.begun()
            line.running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await line.running
            assert session.calls == ["leave"]
            here.lines.remove(line)

    asyncio.run(main())


def test_authentication_is_that_of_the_native_protocol():
    async def main() -> None:
        async with scene("anna") as here:
            line = here.line()
            await line.expect("auth_required")
            line.send("auth", token="anna")
            assert (await line.expect("auth_success"))["user"] == {"username": "anna"}
            line.send("start")
            await line.expect("ready")
            assert here.room.sessions[0].user == "anna"
            assert line.wire.limits == [16 * 1024, 16 * 1024 * 1024]
            for frame in (b"\1\2", '{"type": "start"}', '{"type": "auth", "token": "eve"}'):
                line = here.line()
                await line.expect("auth_required")
                line.send_audio(frame) if isinstance(frame, bytes) else line.send_text(frame)
                problem = await line.expect("error")
                assert (problem["error"], problem["fatal"]) == ("auth_failed", True)
                await line.ends()
                assert line.closed == 1000
            assert len(here.room.sessions) == 1

    asyncio.run(main())


def test_a_key_that_is_revoked_ends_the_session():
    async def main() -> None:
        async with scene("pk_anna") as here:
            line = here.line(query="token=pk_anna")
            await line.expect("auth_success")
            line.send("start")
            await line.expect("ready")
            here.authority.users.clear()
            problem = await line.expect("error")
            assert (problem["error"], problem["fatal"]) == ("auth_failed", True)
            await line.ends()
            assert line.closed == 1000
            assert here.room.sessions[0].calls == ["close"]

    asyncio.run(main())


def test_guests_are_counted_with_those_of_other_doors():
    async def main() -> None:
        guests = Guests(2, 2)
        guests.enter("somebody at another door")
        async with scene(guests=guests) as here:
            await here.begun()
            refused = here.line()
            problem = await refused.expect("error")
            assert (problem["error"], problem["retry_after"]) == ("too_many_sessions", 10.0)
            await refused.ends()
            assert refused.closed == 1013
            guests.leave("somebody at another door")

    asyncio.run(main())


def test_sessions_of_two_lines_are_their_own():
    async def main() -> None:
        async with scene() as here:
            await _two(here)

    async def _two(here: Scene) -> None:
        first, one, _ = await here.begun()
        second, two, _ = await here.begun()
        first.send_audio(b"\1\1")
        second.send_audio(b"\2\2")
        await until(lambda: bytes(one.audio) == b"\1\1" and bytes(two.audio) == b"\2\2")
        one.tell(FINAL)
        await first.expect("final")
        second.send("ping")
        await second.expect("pong")

    asyncio.run(main())

"""The course of connections to the door of voices."""

from __future__ import annotations

import asyncio

import pytest
from tests.unit.server.tts.scripted import SAMPLES_PER_CHAR, SelfCancelling, scene, until

from parley.errors import (
    RequestError,
    SpeakingError,
    StorageError,
    TextTooLong,
    TooManySessions,
    VoicesBusy,
    VoiceUnknown,
)
from parley.server.pace import Pace
from parley.server.socket.guests import Guests
from parley.synthesis.options import SpeakingWish


def test_a_text_from_synthesize_to_done():
    async def main() -> None:
        async with scene() as here:
            line = here.line()
            line.send("synthesize", request_id="a", text="one|three", sample_rate=24000)
            assert await line.expect("started") == {
                "request_id": "a",
                "voice": "tone/anna",
                "sample_rate": 24000,
            }
            first = await line.expect("sentence")
            assert first == {"request_id": "a", "index": 0, "text": "one", "first_sample": 0, "samples": 120}
            assert await line.hear() == (1000).to_bytes(2, "little") * 120
            assert (await line.expect("sentence"))["first_sample"] == 120
            done = await line.expect("done")
            assert done == {"request_id": "a", "samples": 320, "first_audio_ms": 7, "rtf": 0.25}
            assert len(line.audio()) == 2 * 320
            [speaking] = here.room.speaking
            assert (speaking.is_over, speaking.calls) == (True, ["left"])

    asyncio.run(main())


def test_a_request_becomes_a_wish():
    async def main() -> None:
        async with scene() as here:
            line = here.line()
            line.send(
                "start",
                request_id="a",
                voice="tone/anna",
                language="zh-CN",
                engine="tone",
                speed=1.5,
                sample_rate=8000,
                instruct="wearily",
                paced=True,
                of_a_later_version=[1],
            )
            await line.expect("started")
            assert here.room.speaking[0].wish == SpeakingWish(
                voice="tone/anna",
                language="zh",
                engine="tone",
                speed=1.5,
                sample_rate_hz=8000,
                instruct="wearily",
                paced=True,
            )
            line.send("start", request_id="b", voice=None, language="auto")
            line.send("cancel", request_id="a")
            await line.until("started")
            assert here.room.speaking[1].wish == SpeakingWish()

    asyncio.run(main())


def test_text_is_spoken_while_it_is_still_coming():
    async def main() -> None:
        async with scene() as here:
            line = here.line()
            line.send("start", request_id="a")
            await line.expect("started")
            for piece in ("go", "", "od| mor", "ning"):
                line.send("text", request_id="a", text=piece)
            assert (await line.expect("sentence"))["text"] == "good"
            line.send("flush", request_id="a")
            line.send("flush", request_id="a")
            assert (await line.expect("sentence"))["text"] == " morning"
            line.send("text", request_id="a", text="bye")
            line.send("end", request_id="a")
            assert (await line.expect("sentence"))["text"] == "bye"
            assert (await line.expect("done"))["samples"] == SAMPLES_PER_CHAR * len("good morningbye")

    asyncio.run(main())


def test_requests_are_spoken_one_after_another_and_their_text_may_come_meanwhile():
    async def main() -> None:
        async with scene() as here:
            line = here.line()
            line.send("start", request_id="a")
            line.send("synthesize", request_id="b", text="second")
            line.send("start", request_id="c")
            line.send("text", request_id="c", text="third")
            line.send("end", request_id="c")
            line.send("text", request_id="a", text="first")
            line.send("end", request_id="a")
            for request_id, number in (("a", 0), ("b", 1), ("c", 2)):
                assert (await line.expect("started"))["request_id"] == request_id
                assert (await line.expect("sentence"))["request_id"] == request_id
                said = SAMPLES_PER_CHAR * len(("first", "second", "third")[number])
                assert await line.hear() == (1000 + number).to_bytes(2, "little") * said
                assert (await line.expect("done"))["request_id"] == request_id

    asyncio.run(main())


def test_more_than_may_wait_are_refused_until_there_is_room():
    async def main() -> None:
        async with scene(max_waiting=2) as here:
            line = here.line()
            line.send("start", request_id="a")
            await line.expect("started")
            for request_id in "bc":
                line.send("start", request_id=request_id)
            line.send("synthesize", request_id="d", text="too many")
            error = await line.expect("error")
            assert (error["request_id"], error["error"], error["fatal"]) == ("d", "voices_busy", False)
            assert error["retry_after"] == 2.0
            line.send("cancel", request_id="b")
            assert (await line.expect("cancelled"))["request_id"] == "b"
            line.send("synthesize", request_id="d", text="now")
            for request_id in "ac":
                line.send("end", request_id=request_id)
            assert [(await line.until("done"))["request_id"] for _ in range(3)] == ["a", "c", "d"]

    asyncio.run(main())


def test_cancel_in_the_middle_ends_the_audio_and_the_next_one_begins():
    async def main() -> None:
        async with scene() as here:
            line = here.line()
            line.send("start", request_id="a")
            line.send("synthesize", request_id="b", text="second")
            line.send("text", request_id="a", text="first|")
            await line.expect("started")
            await line.expect("sentence")
            line.send("cancel", request_id="a")
            assert (await line.expect("cancelled"))["request_id"] == "a"
            heard = len(line.heard)
            assert (await line.expect("started"))["request_id"] == "b"
            assert (await line.until("done"))["request_id"] == "b"
            after = b"".join(audio for audio in line.heard[heard:] if isinstance(audio, bytes))
            assert after == (1001).to_bytes(2, "little") * SAMPLES_PER_CHAR * len("second")
            assert here.room.speaking[0].calls == ["left", "cancel"]

    asyncio.run(main())


def test_cancel_is_heard_while_the_client_takes_nothing():
    async def main() -> None:
        async with scene() as here:
            line = here.line()
            line.send("start", request_id="a")
            await line.expect("started")
            line.may_take.clear()
            line.send("text", request_id="a", text="x" * 5000 + "|")
            line.send("cancel", request_id="a")
            await until(lambda: "cancel" in here.room.speaking[0].calls)
            line.may_take.set()
            assert (await line.expect("cancelled"))["request_id"] == "a"
            # What was not handed over by then never comes.
            assert len(line.audio()) <= 16 * 1024

    asyncio.run(main())


def test_cancel_of_one_that_waits_does_not_touch_the_others():
    async def main() -> None:
        async with scene() as here:
            line = here.line()
            line.send("start", request_id="a")
            line.send("synthesize", request_id="b", text="never")
            await line.expect("started")
            line.send("cancel", request_id="b")
            assert (await line.expect("cancelled"))["request_id"] == "b"
            line.send("text", request_id="a", text="first")
            line.send("end", request_id="a")
            assert (await line.until("done"))["request_id"] == "a"
            assert len(here.room.speaking) == 1

    asyncio.run(main())


@pytest.mark.parametrize("kind", ["text", "flush", "end", "cancel"])
def test_what_is_said_of_an_unknown_or_finished_request_is_answered_and_ends_nothing(kind: str):
    async def main() -> None:
        async with scene() as here:
            line = here.line()
            line.send("synthesize", request_id="a", text="one")
            await line.until("done")
            for request_id in ("a", "never"):
                line.send(kind, request_id=request_id, text="more")
                error = await line.expect("error")
                assert (error["request_id"], error["error"], error["fatal"]) == (None, "message_error", False)
            line.send("synthesize", request_id="a", text="again")
            assert (await line.until("done"))["request_id"] == "a"
            assert len(line.lasts("a")) == 2

    asyncio.run(main())


def test_an_id_that_is_open_is_not_taken_again():
    async def main() -> None:
        async with scene() as here:
            line = here.line()
            line.send("start", request_id="a")
            await line.expect("started")
            for asked in ({"text": "again"}, {"text": "again", "speed": 99}):
                line.send("synthesize", request_id="a", **asked)
                assert (await line.expect("error"))["request_id"] is None
            line.send("text", request_id="a", text="one")
            line.send("end", request_id="a")
            line.send("text", request_id="a", text="too late")
            assert (await line.until("error"))["message"].startswith("The text of this request has ended")
            await line.until("done")
            assert len(line.lasts("a")) == 1

    asyncio.run(main())


def test_text_has_bounds():
    async def main() -> None:
        async with scene(max_text_chars=100) as here:
            line = here.line()
            line.send("synthesize", request_id="a", text="语" * 101)
            error = await line.expect("error")
            assert (error["request_id"], error["error"]) == ("a", "text_too_long")
            line.send("start", request_id="b")
            await line.expect("started")
            line.send("text", request_id="b", text="x" * 60)
            line.send("text", request_id="b", text="x" * 60)
            error = await line.expect("error")
            assert (error["request_id"], error["error"]) == ("b", "text_too_long")
            line.send("start", request_id="c")
            line.send("start", request_id="d")
            line.send("text", request_id="d", text="x" * 101)
            error = await line.until("error")
            assert (error["request_id"], error["error"]) == ("d", "text_too_long")
            line.send("text", request_id="c", text="语" * 100)
            line.send("end", request_id="c")
            assert (await line.until("done"))["samples"] == 100 * SAMPLES_PER_CHAR

    asyncio.run(main())


@pytest.mark.parametrize(
    ("refusal", "retry_after"),
    [(VoiceUnknown("There is no such voice."), None), (VoicesBusy("Later."), 2.0)],
)
def test_what_the_room_refuses_ends_the_request_only(refusal: Exception, retry_after: float | None):
    async def main() -> None:
        async with scene() as here:
            here.room.refusal = refusal
            line = here.line()
            line.send("synthesize", request_id="a", text="one")
            error = await line.expect("error")
            assert (error["request_id"], error["retry_after"]) == ("a", retry_after)
            assert error["fatal"] is False
            here.room.refusal = None
            line.send("synthesize", request_id="a", text="one")
            await line.until("done")

    asyncio.run(main())


def test_what_the_room_did_not_foresee_ends_the_request_and_tells_nothing():
    async def main() -> None:
        async with scene() as here:
            here.room.refusal = ValueError("secret")
            line = here.line()
            line.send("synthesize", request_id="a", text="one")
            error = await line.expect("error")
            assert (error["request_id"], error["error"], error["fatal"]) == ("a", "internal_error", False)
            assert "secret" not in str(line.heard)

    asyncio.run(main())


def test_a_voice_that_fails_in_the_middle_ends_its_request_only():
    async def main() -> None:
        async with scene() as here:
            line = here.line()
            line.send("start", request_id="a")
            await line.expect("started")
            here.room.speaking[0].failure = SpeakingError("It could not be said.")
            line.send("text", request_id="a", text="one|")
            error = await line.expect("error")
            assert (error["request_id"], error["error"]) == ("a", "synthesis_failed")
            line.send("start", request_id="b")
            await line.expect("started")
            here.room.speaking[1].refusal = TextTooLong("Too long.")
            line.send("text", request_id="b", text="one|")
            assert (await line.expect("error"))["error"] == "text_too_long"
            assert here.room.speaking[1].calls == ["left", "cancel"]

    asyncio.run(main())


def test_a_request_that_the_room_cancels_is_told_so():
    async def main() -> None:
        async with scene() as here:
            here.room.kind = SelfCancelling
            line = here.line()
            line.send("start", request_id="a")
            assert (await line.until("cancelled"))["request_id"] == "a"
            here.room.speaking[0].is_over = True

    asyncio.run(main())


def test_a_lost_line_frees_everything():
    async def main() -> None:
        async with scene() as here:
            line = here.line()
            line.send("start", request_id="a")
            line.send("synthesize", request_id="b", text="never")
            await line.expect("started")
            line.vanish()
            await line.ends()
            [speaking] = here.room.speaking
            assert speaking.calls == ["left", "cancel"]
            assert here.guests.total == 0

    asyncio.run(main())


def test_a_client_that_takes_nothing_holds_up_no_other():
    async def main() -> None:
        async with scene() as here:
            slow, quick = here.line(), here.line()
            slow.send("synthesize", request_id="a", text="x" * 100)
            await slow.expect("started")
            slow.may_take.clear()
            for _ in range(3):
                quick.send("synthesize", request_id="a", text="one")
                await quick.until("done")
            slow.may_take.set()
            await slow.until("done")

    asyncio.run(main())


def test_audio_comes_in_frames_that_can_be_stopped():
    async def main() -> None:
        async with scene() as here:
            line = here.line()
            line.send("synthesize", request_id="a", text="x" * 1000)
            await line.until("done")
            frames = [heard for heard in line.heard if isinstance(heard, bytes)]
            assert sum(map(len, frames)) == 2 * SAMPLES_PER_CHAR * 1000
            assert max(map(len, frames)) == 16 * 1024

    asyncio.run(main())


def test_the_voices_are_listed():
    async def main() -> None:
        async with scene() as here:
            line = here.line()
            line.send("voices")
            shown = await line.expect("voices")
            assert shown["default"] == "tone/anna"
            assert shown["voices"][0] == {
                "id": "tone/anna",
                "name": "anna",
                "kind": "preset",
                "engine": "tone",
                "model": "tone",
                "languages": ["en"],
                "summary": "",
                "created_at": None,
            }
            here.room.known = ()
            line.send("voices")
            assert await line.expect("voices") == {"voices": [], "default": None}

    asyncio.run(main())


def test_voices_that_cannot_be_read_cost_no_line(monkeypatch: pytest.MonkeyPatch):
    async def main() -> None:
        async with scene() as here:

            async def voices(user: str) -> None:
                raise StorageError("The library cannot be read.")

            monkeypatch.setattr(here.room, "voices", voices)
            line = here.line()
            line.send("voices")
            assert (await line.expect("error"))["fatal"] is False
            line.send("ping")
            await line.expect("pong")

    asyncio.run(main())


@pytest.mark.parametrize(
    ("frame", "code", "request_id"),
    [
        ("{", "invalid_json", None),
        ("[]", "invalid_json", None),
        ("{}", "unknown_message_type", None),
        ('{"type": "finalize"}', "unknown_message_type", None),
        ('{"type": "synthesize", "data": {"text": "no id"}}', "invalid_option", None),
        ('{"type": "synthesize", "data": {"request_id": "a"}}', "invalid_option", "a"),
        ('{"type": "synthesize", "data": {"request_id": 7, "text": "x"}}', "invalid_option", None),
        ('{"type": "start", "data": {"request_id": "a", "speed": 99}}', "invalid_option", "a"),
        ('{"type": "text", "data": {"request_id": "a"}}', "message_error", None),
        (b"audio", "message_error", None),
    ],
)
def test_a_message_that_means_nothing_costs_no_line(frame: str | bytes, code: str, request_id: str | None):
    async def main() -> None:
        async with scene() as here:
            line = here.line()
            line.send_text(frame) if isinstance(frame, str) else line.send_audio(frame)
            error = await line.expect("error")
            assert (error["error"], error["request_id"], error["fatal"]) == (code, request_id, False)
            line.send("synthesize", request_id="a", text="still here")
            await line.until("done")

    asyncio.run(main())


def test_who_asks_too_fast_is_told_when_to_go_on_and_pieces_of_text_are_free():
    async def main() -> None:
        async with scene(pace=Pace(4, clock=lambda: 0.0)) as here:
            line = here.line()
            line.send("start", request_id="a")
            await line.expect("started")
            for _ in range(50):
                line.send("text", request_id="a", text="x")
            for _ in range(3):
                line.send("ping")
                await line.expect("pong")
            line.send("synthesize", request_id="b", text="one")
            error = await line.expect("error")
            assert (error["request_id"], error["error"]) == ("b", "rate_limited")
            assert error["retry_after"] == 15.0
            line.send("end", request_id="never")
            assert (await line.expect("error"))["error"] == "rate_limited"
            line.send("end", request_id="a")
            assert (await line.until("done"))["samples"] == 50 * SAMPLES_PER_CHAR

    asyncio.run(main())


def test_a_line_that_nobody_uses_is_ended_and_one_that_is_used_is_not():
    async def main() -> None:
        async with scene(idle_s=0.5) as here:
            busy, idle = here.line(), here.line()
            busy.send("start", request_id="a")
            await busy.expect("started")
            error = await idle.expect("error")
            assert (error["error"], error["fatal"], error["request_id"]) == ("idle_timeout", True, None)
            await idle.ends()
            assert idle.closed == 1000
            busy.send("text", request_id="a", text="still here")
            busy.send("end", request_id="a")
            await busy.until("done")
            # And then it is one that nobody uses.
            assert (await busy.expect("error"))["error"] == "idle_timeout"

    asyncio.run(main())


def test_with_authentication_nobody_is_spoken_to_before_they_said_who_they_are():
    async def main() -> None:
        async with scene("anna") as here:
            stranger = here.line()
            await stranger.expect("auth_required")
            stranger.send("synthesize", request_id="a", text="one")
            error = await stranger.expect("error")
            assert (error["error"], error["fatal"]) == ("auth_failed", True)
            await stranger.ends()
            assert stranger.closed == 1000
            for how in ({"query": "token=anna"}, {"headers": ((b"authorization", b"Bearer anna"),)}):
                line = here.line(**how)
                await line.expect("auth_success")
                line.send("synthesize", request_id="a", text="one")
                await line.until("done")
            asked = here.line()
            await asked.expect("auth_required")
            asked.send("auth", token="anna")
            await asked.expect("auth_success")
            asked.send("auth", token="anna")
            assert (await asked.expect("auth_success"))["user"] == {"username": "anna"}
            assert [speaking.user for speaking in here.room.speaking] == ["anna", "anna"]

    asyncio.run(main())


def test_a_key_that_is_revoked_ends_its_line(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("parley.server.validity._CONFIRM_AFTER_S", 0.0)

    async def main() -> None:
        async with scene("parley_key") as here:
            monkeypatch.setattr("parley.server.authority.KEY_PREFIX", "parley_")
            line = here.line(query="token=parley_key")
            await line.expect("auth_success")
            line.send("start", request_id="a")
            await line.expect("started")
            here.authority.users.clear()
            line.send("text", request_id="a", text="one|")
            error = await line.until("error")
            assert (error["error"], error["fatal"]) == ("auth_failed", True)
            await line.ends()
            assert here.room.speaking[0].calls[-1] == "cancel"

    asyncio.run(main())


def test_too_many_connections_are_turned_away():
    async def main() -> None:
        async with scene(guests=Guests(1, 1)) as here:
            first = here.line()
            first.send("ping")
            await first.expect("pong")
            second = here.line()
            error = await second.expect("error")
            assert (error["error"], error["fatal"], error["retry_after"]) == (
                TooManySessions.code,
                True,
                10.0,
            )
            await second.ends()
            assert second.closed == 1013

    asyncio.run(main())


def test_frames_have_room_for_the_longest_text_however_it_is_written():
    async def main() -> None:
        async with scene(max_text_chars=1000) as here:
            line = here.line()
            text = "".join(f"\\ud83d\\ude{code:02x}" for code in range(64)) * 15
            line.send_text('{"type": "synthesize", "data": {"request_id": "a", "text": "' + text + '"}}')
            assert (await line.until("done"))["samples"] == 960 * SAMPLES_PER_CHAR
            assert line.wire.limits[-1] >= 12 * 1000
            line.send_text("x" * line.wire.limits[-1] + "x")
            assert (await line.expect("error"))["error"] == RequestError.code

    asyncio.run(main())

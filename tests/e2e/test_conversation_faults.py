"""Conversations whose line, worker or server is lost, and clients that take nothing."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.e2e.command import Parley
from tests.e2e.conversing import Talker, conversation
from tests.e2e.language_model import Said, language_model
from tests.e2e.serving import Served, serve
from tests.e2e.speaking import pcm_of, workers_of_server
from tests.e2e.test_conversation import BEGIN, LONG, SPITEFUL, TEXTS, errors_in, nothing_is_left, quick

pytest.importorskip("espeakng_loader", reason="the extra 'espeak' is not installed")
pytestmark = pytest.mark.slow


def thoughtful(said: Said) -> Iterator[str | float]:
    """Thinks for a while, and says what it was asked."""
    yield 4.0
    yield f"You asked me this: {said[-1]['content']}"


async def lose(talker: Talker) -> None:
    """As a train in a tunnel does it."""
    talker.connection.transport.abort()
    await talker.wait(lambda: talker.is_over)


@pytest.mark.parametrize("state", ["Idle", "Listening", "FinalizingASR", "Thinking", "Speaking"])
def test_a_lost_line_is_taken_up_in_every_state(parley: Parley, audio: Path, state: str) -> None:
    with language_model(thoughtful) as model:
        parley.settings |= model.settings()
        served = quick(parley)

        async def main() -> None:
            url = served.socket_url
            async with conversation(url, language="en", hands_free=state != "Idle") as first:
                ready = await first.until("ready")
                if state == "Speaking":
                    await first.send("text", text=LONG)
                elif state != "Idle":
                    first.say(pcm_of(audio / SPITEFUL, silence_s=0.0))
                    if state == "Listening":
                        await first.until("user_transcript", lambda data: data["partial"])
                await first.reaches(state)
                if state == "Speaking":
                    rate = first.loudspeaker.rate
                    await first.wait(lambda: first.loudspeaker.played.get(1, 0) > rate)
                await lose(first)
            played = first.loudspeaker.played.get(1, 0)
            async with conversation(url, resume_token=ready["resume_token"]) as second:
                again = await second.until("ready")
                assert again["session_id"] == ready["session_id"]
                assert again["conversation_id"] == ready["conversation_id"]
                assert 0 < again["received_samples"] <= first.sent or state in ("Idle", "Speaking")
                if state == "Idle":
                    await second.reaches("Idle")
                    await second.send("text", text="Hello.")
                else:
                    await second.wait(lambda: second.states)
                if state == "Speaking":
                    ahead = await second.until("audio")
                    assert ahead["turn"] == 1
                    # What was reported last may have been lost with the line.
                    assert played - ahead["sample_rate"] // 2 <= ahead["first_sample"] <= played
                    await second.send("interrupt")
                metrics = await second.until("turn_metrics")
                assert metrics["turn"] == 1
                if state in ("FinalizingASR", "Thinking"):
                    asked = model.asked[-1][-1]["content"]
                    assert errors_in(asked, TEXTS[SPITEFUL]) < 0.3
                    answer = second.told("assistant_response")[-1]["content"]
                    assert errors_in(answer, f"You asked me this: {asked}") == 0.0
                await second.stop()

        asyncio.run(main())
        nothing_is_left(served)
        served.stop()


def test_conversations_at_once_do_not_mix(parley: Parley, audio: Path) -> None:
    with language_model() as model:
        parley.settings |= model.settings()
        served = quick(parley)
        urls = served.socket_url

        async def one(path: str) -> tuple[str, str]:
            async with conversation(urls, language="en") as talker:
                await talker.reaches("Listening")
                talker.say(pcm_of(audio / path, silence_s=0.0))
                await talker.until("turn_metrics")
                answer = talker.told("assistant_response")[-1]["content"]
                final = talker.finals[-1]
                await talker.stop()
                return final, answer

        async def main() -> list[tuple[str, str]]:
            return await asyncio.gather(one(SPITEFUL), one(BEGIN), one(SPITEFUL))

        for path, (final, answer) in zip((SPITEFUL, BEGIN, SPITEFUL), asyncio.run(main()), strict=True):
            assert errors_in(final, TEXTS[path]) < 0.4
            assert errors_in(answer, f"I heard: {final}") == 0.0
        # Each asked for itself, and knew nothing of the others.
        assert all(sum(message["role"] == "user" for message in asked) == 1 for asked in model.asked)
        nothing_is_left(served)
        served.stop()


def pids_in(served: Served, pool: str) -> list[int]:
    """The workers of a pool."""
    workers = served.get("/v1/system").json()["workers"]
    return [worker["pid"] for worker in workers if worker["pool"].startswith(pool) and worker["pid"]]


def test_killed_workers_cost_no_conversation(parley: Parley, audio: Path) -> None:
    with language_model() as model:
        parley.settings |= model.settings()
        served = quick(parley)

        async def kill(pool: str) -> None:
            pids = await asyncio.to_thread(pids_in, served, pool)
            assert pids, f"nobody works in '{pool}'"
            for pid in pids:
                os.kill(pid, signal.SIGKILL)

        async def main() -> None:
            async with conversation(served.socket_url, language="en") as talker:
                await talker.reaches("Listening")
                talker.say(pcm_of(audio / SPITEFUL, silence_s=0.0))
                await talker.until("user_transcript", lambda data: data["partial"])
                await kill("live")
                await talker.until("turn_metrics")
                assert errors_in(talker.finals[-1], TEXTS[SPITEFUL]) < 0.4
                begun = len(talker.heard)
                model.script = lambda said: iter(["This is the first sentence. ", 1.0, LONG, 1.0, "The end."])
                await talker.send("text", text="Tell me something long.")
                await talker.reaches("Speaking", begun)
                await kill("voices")
                rate = talker.loudspeaker.rate
                await talker.wait(lambda: talker.loudspeaker.played.get(2, 0) > 6 * rate)
                await talker.send("interrupt")
                await talker.until("turn_metrics", lambda data: data["turn"] == 2, begun)
                assert not talker.problems()
                await talker.stop()

        asyncio.run(main())
        nothing_is_left(served)
        served.stop()


def test_a_killed_server_remembers_what_was_said(parley: Parley, audio: Path) -> None:
    with language_model() as model:
        parley.settings |= model.settings()
        served = quick(parley)

        async def before() -> str:
            async with conversation(served.socket_url, language="en") as talker:
                ready = await talker.until("ready")
                await talker.send("text", text="My name is Anna.")
                await talker.until("turn_metrics")
                begun = len(talker.heard)
                await talker.send("text", text=LONG)
                await talker.reaches("Speaking", begun)
                served.kill()
                await talker.wait(lambda: talker.is_over)
                return ready["conversation_id"]

        conversation_id = asyncio.run(before())
        served = serve(parley)
        kept = served.get(f"/v1/conversations/{conversation_id}").json()["items"]
        assert [item["text"] for item in kept][:2] == ["My name is Anna.", "I heard: My name is Anna."]

        async def after() -> None:
            async with conversation(
                served.socket_url, language="en", conversation_id=conversation_id
            ) as talker:
                ready = await talker.until("ready")
                assert ready["conversation_id"] == conversation_id
                await talker.send("text", text="Who am I?")
                await talker.until("turn_metrics")
                await talker.stop()

        asyncio.run(after())
        told = [message["content"] for message in model.asked[-1]]
        assert "My name is Anna." in told and told[-1] == "Who am I?"
        assert len(served.get(f"/v1/conversations/{conversation_id}").json()["items"]) >= 4
        assert served.get("/v1/conversations").json()["items"][0]["title"] == "My name is Anna."
        nothing_is_left(served)
        served.stop()


def test_a_client_that_reads_nothing_holds_up_nobody_and_leaves_nothing(parley: Parley) -> None:
    served = quick(
        parley, SERVER__SEND_TIMEOUT_S="2", ASSISTANT__RESUME_S="1", ASSISTANT__SESSION_IDLE_S="20"
    )

    async def main() -> None:
        async with conversation(served.socket_url, listens=False, language="en") as deaf:
            deaf.connection.transport.pause_reading()
            await deaf.send("text", text=LONG)
            async with conversation(served.socket_url, language="en") as talker:
                await talker.send("text", text="Good morning.")
                await talker.until("turn_metrics")
                await talker.stop()

    asyncio.run(main())
    nothing_is_left(served)
    workers = workers_of_server(served.process.pid)
    assert served.stop() == 0
    assert not any(psutil.pid_exists(pid) for pid in workers)


def test_a_server_that_stops_says_so_to_every_conversation(parley: Parley) -> None:
    served = quick(parley)

    async def main() -> None:
        async with conversation(served.socket_url, language="en") as talker:
            await talker.send("text", text=LONG)
            await talker.reaches("Speaking")
            served.process.send_signal(signal.SIGTERM)
            await talker.wait(lambda: talker.is_over)
            talker.check()
            assert talker.problems() == ["fleet_closed"]
            assert talker.connection.close_code == 1013

    asyncio.run(main())
    assert served.process.wait(60) == 0
    assert not any("Traceback" in line for line in served.lines)

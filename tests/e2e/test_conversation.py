"""Conversations through the installed server: real speech, a real voice, and people who interrupt."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import jiwer
import numpy as np
import pytest

from tests.e2e.command import Parley, wait_until
from tests.e2e.conversing import Talker, conversation, conversations_of, pcm_at
from tests.e2e.serving import Served, serve
from tests.e2e.speaking import pcm_of, sessions_of, spoken

pytest.importorskip("espeakng_loader", reason="the extra 'espeak' is not installed")

SPITEFUL = "librispeech/test-other/3331-159605-0004.flac"
SILLY = "librispeech/test-other/1688-142285-0002.flac"
BEGIN = "librispeech/test-other/3331-159605-0006.flac"
TEXTS = {
    SPITEFUL: "what a spiteful thing i am",
    SILLY: "you don't mean that you thought me so silly",
    BEGIN: "let me see how can i begin",
}
LONG = "One and two and three and four. " * 8

ASKED = ["Listening", "FinalizingASR", "Thinking", "Speaking", "Listening"]


def words(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalpha() or letter in " '").strip()


def errors_in(said: str, meant: str) -> float:
    return jiwer.wer(words(meant), words(said))


def quick(parley: Parley, **settings: str) -> Served:
    """A server that says all it does in English, wherever it runs."""
    parley.settings |= {f"PARLEY_{name}": value for name, value in settings.items()}
    for name in ("LLM_API_KEY", "OPENAI_API_KEY"):
        parley.settings.setdefault(name, "")
    return serve(parley)


async def heard_back(served: Served, talker: Talker, turn: int) -> str:
    """What the embedded recogniser makes of an answer."""
    samples = pcm_at(talker.loudspeaker.rate, bytes(talker.audio[turn]))
    pcm = (np.concatenate([samples, np.zeros(16000, np.float32)]) * 32767).astype("<i2").tobytes()
    return " ".join((await spoken(served.socket_url, pcm, language="en")).texts)


def test_a_spoken_turn_a_typed_one_and_what_is_remembered(parley: Parley, audio: Path) -> None:
    served = quick(parley)

    async def main() -> str:
        async with conversation(served.socket_url, language="en") as talker:
            ready = await talker.until("ready")
            assert ready["parrot"] and ready["voice"].startswith("espeak-ng/")
            await talker.reaches("Listening")
            begun = len(talker.heard)
            talker.say(pcm_of(audio / SPITEFUL, silence_s=0.0))
            metrics = await talker.until("turn_metrics")
            await talker.reaches("Listening", begun)
            assert talker.states[-len(ASKED) :] == ASKED
            [said] = talker.finals
            assert errors_in(said, TEXTS[SPITEFUL]) < 0.3
            assert not metrics["interrupted"]
            stages = [
                metrics[f"{stage}_ms"] for stage in ("asr_final", "tts_first_audio", "first_audio_sent")
            ]
            assert all(stage is not None and stage >= 0 for stage in stages)
            answer = talker.told("assistant_response")[-1]
            assert answer["is_complete"] and errors_in(answer["content"], f"you said {said}") == 0.0
            assert errors_in(await heard_back(served, talker, 1), answer["content"]) < 0.4
            assert len(talker.told("playback_started")) == len(talker.told("playback_ended")) == 1
            assert not talker.told("playback")
            typed = len(talker.heard)
            await talker.send("text", text="Good morning.")
            await talker.until("turn_metrics", after=typed)
            told = talker.told("user_transcript", typed)
            assert [(each["final_text"], each["typed"]) for each in told] == [("Good morning.", True)]
            await talker.stop()
            return ready["conversation_id"]

    conversation_id = asyncio.run(main())
    kept = served.get(f"/v1/conversations/{conversation_id}").json()
    assert [item["role"] for item in kept["items"]] == ["user", "assistant"] * 2
    assert kept["items"][2]["text"] == "Good morning."
    assert served.get("/v1/conversations").json()["items"][0]["conversation_id"] == conversation_id
    metrics = served.get("/metrics").text
    assert "parley_assistant_turns_total 2.0" in metrics
    assert 'parley_assistant_stage_seconds_count{stage="first_audio_sent"} 2.0' in metrics
    nothing_is_left(served)
    served.stop()


def nothing_is_left(served: Served) -> None:
    wait_until(lambda: conversations_of(served) == 0 and sessions_of(served) == 0, 60)


def is_prefix(part: str, whole: str) -> bool:
    return words(whole).startswith(words(part))


def test_a_second_utterance_interrupts_and_only_what_was_heard_is_remembered(
    parley: Parley, audio: Path
) -> None:
    served = quick(parley)

    async def main() -> str:
        async with conversation(served.socket_url, language="en") as talker:
            ready = await talker.until("ready")
            await talker.send("text", text=LONG)
            await talker.reaches("Speaking")
            # The guard of the first second is over, and some words were heard.
            await talker.wait(lambda: talker.loudspeaker.played.get(1, 0) > 3 * talker.loudspeaker.rate)
            begun = len(talker.heard)
            talker.say(pcm_of(audio / SPITEFUL, silence_s=0.0))
            await talker.until("playback", lambda order: order["action"] == "pause", begun)
            await talker.until("playback", lambda order: order["action"] == "flush", begun)
            await talker.until("turn_metrics", lambda metrics: metrics["turn"] == 2, begun)
            first = [each for each in talker.told("turn_metrics") if each["turn"] == 1]
            assert [each["interrupted"] for each in first] == [True]
            answers = [each for each in talker.told("assistant_response") if each["turn"] == 1]
            assert answers[-1]["is_complete"]
            assert is_prefix(answers[-1]["content"], f"You said: {LONG}")
            assert 5 < len(answers[-1]["content"]) < len(LONG) / 2
            assert errors_in(talker.finals[-1], TEXTS[SPITEFUL]) < 0.5
            flushed = next(
                at
                for at, message in enumerate(talker.heard)
                if message["type"] == "voice_assistant:playback" and message["data"]["action"] == "flush"
            )
            assert all(each["turn"] == 2 for each in talker.told("audio", flushed))
            await talker.stop()
            return ready["conversation_id"]

    conversation_id = asyncio.run(main())
    kept = served.get(f"/v1/conversations/{conversation_id}").json()["items"]
    assert [(item["role"], item["interrupted"]) for item in kept][:2] == [
        ("user", False),
        ("assistant", True),
    ]
    assert is_prefix(kept[1]["text"], f"You said: {LONG}")
    nothing_is_left(served)
    served.stop()


@pytest.mark.slow
def test_what_only_echoes_the_answer_is_a_false_alarm(parley: Parley, audio: Path) -> None:
    # Speech that is long enough interrupts whatever it says; here only what it says may.
    served = quick(parley, ASSISTANT__BARGE_IN_MS="4000")
    echoed = pcm_of(audio / SPITEFUL, silence_s=0.0)[int(0.2 * 32000) : 32000]

    async def main() -> None:
        async with conversation(served.socket_url, language="en") as talker:
            await talker.send("text", text="What is a spiteful sprite? What a spite is spiteful! " * 6)
            await talker.wait(lambda: talker.loudspeaker.played.get(1, 0) > 4 * talker.loudspeaker.rate)
            begun = len(talker.heard)
            talker.say(echoed)
            await talker.until("playback", lambda order: order["action"] == "pause", begun)
            held = talker.loudspeaker.played[1]
            resumed = await talker.until("playback", lambda order: order["action"] == "resume", begun)
            # What was played between the order and its arrival is told a little later.
            assert abs(resumed["from_sample"] - held) < talker.loudspeaker.rate / 2
            await talker.wait(lambda: talker.loudspeaker.played[1] > held + talker.loudspeaker.rate)
            assert talker.states[-1] == "Speaking"
            await talker.send("interrupt")
            await talker.until("turn_metrics", lambda metrics: metrics["interrupted"], begun)
            assert [each["turn"] for each in talker.told("turn_metrics")] == [1]
            await talker.stop()

    asyncio.run(main())
    nothing_is_left(served)
    served.stop()


@pytest.mark.slow
def test_buttons_end_what_is_said_and_what_is_answered(parley: Parley, audio: Path) -> None:
    served = quick(parley)

    async def main() -> tuple[str, str]:
        async with conversation(served.socket_url, language="en", hands_free=False) as talker:
            ready = await talker.until("ready")
            await talker.reaches("Idle")
            # The button is let go in the middle of a word: no silence is waited for.
            talker.say(pcm_of(audio / BEGIN, silence_s=0.0))
            await talker.wait(lambda: not talker.is_saying)
            await talker.send("finalize")
            await talker.reaches("Speaking")
            assert errors_in(talker.finals[0], TEXTS[BEGIN]) < 0.4
            begun = len(talker.heard)
            await talker.send("interrupt")
            metrics = await talker.until("turn_metrics", after=begun)
            assert metrics["interrupted"]
            await talker.reaches("Idle", begun)
            assert not talker.told("audio", talker.heard.index(_flush(talker)))
            await talker.send("reset")
            again = await talker.until(
                "ready", lambda data: data["conversation_id"] != ready["conversation_id"]
            )
            await talker.send("text", text="早上好。")
            await talker.until("turn_metrics", lambda metrics: metrics["turn"] == 2, begun)
            assert talker.told("assistant_response")[-1]["content"] == "你说：早上好。"
            assert not talker.problems()
            await talker.stop()
            return ready["conversation_id"], again["conversation_id"]

    before, after = asyncio.run(main())
    kept = [served.get(f"/v1/conversations/{each}").json()["items"] for each in (before, after)]
    assert [item["text"] for item in kept[1]] == ["早上好。", "你说：早上好。"]
    assert all(item["text"] != "早上好。" for item in kept[0])
    nothing_is_left(served)
    served.stop()


def _flush(talker: Talker) -> dict[str, Any]:
    return next(m for m in talker.heard if m["data"].get("action") == "flush")

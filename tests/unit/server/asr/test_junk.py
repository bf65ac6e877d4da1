"""Random frames in any order: the door answers or ignores each, ends once, and frees what it held."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.unit.server.asr.scripted import Line, scene, until

from parley.speech.live import Done
from parley.wire.speech.asr_client import ASR_CLIENT_MESSAGES

KINDS = [message.TYPE for message in ASR_CLIENT_MESSAGES]
FIELDS = sorted({name for message in ASR_CLIENT_MESSAGES for name in message.model_fields})
TEXTUAL = st.sampled_from(["", "\x00", "\ud800", "auto", "pcm16", "x" * 300])
NUMBERS = st.sampled_from([-1, 0, 1, 8000, 48001, 2**53, 10**100, 1e308, float("nan"), float("inf")])
ODD = TEXTUAL | NUMBERS | st.sampled_from([True, None, [], {}, [[[]]], ["x"] * 600, {"x": -1.0}])
ANYTHING = st.recursive(
    ODD | st.text(max_size=20) | st.integers() | st.floats(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)
MESSAGES = st.builds(
    lambda kind, data: json.dumps({"type": kind, "data": data}),
    st.sampled_from(KINDS) | ANYTHING,
    st.dictionaries(st.sampled_from(FIELDS), ANYTHING, max_size=6) | ANYTHING,
)
TEXTS = (
    MESSAGES
    | st.text()
    | st.integers(1, 50_000).map(lambda depth: "[" * depth)
    | st.tuples(MESSAGES, st.integers(0, 200)).map(lambda cut: cut[0][: cut[1]])
)
FRAMES = st.lists(TEXTS | st.binary(max_size=2000), min_size=1, max_size=10)
MOST = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def send(line: Line, frames: list[str | bytes]) -> None:
    for frame in frames:
        line.send_text(frame) if isinstance(frame, str) else line.send_audio(frame)


async def converse(frames: list[str | bytes], *, begins: bool) -> None:
    async with scene() as here:
        line = here.line()
        if begins:
            line.send("start")
            await line.expect("ready")
        send(line, frames)
        line.send("ping")
        await until(lambda: line.running.done() or line.unread == 0)
        stopped = bool(here.room.sessions) and "stop" in here.room.sessions[0].calls
        line.send("stop")
        if here.room.sessions:
            session = here.room.sessions[0]
            await until(lambda: line.running.done() or "stop" in session.calls)
            heard = b"".join(frame for frame in frames if isinstance(frame, bytes))
            assert stopped or bytes(session.audio) == heard
            session.tell(Done(utterances=0, audio_seconds=0.0))
        await line.ends()
        assert len(line.terminals()) == 1, line.heard
        assert line.closed in (1000, 1013)
        assert [session.calls[-1] for session in here.room.sessions] in ([], ["leave"])


@MOST
@given(frames=FRAMES)
@example(
    frames=['{"type":"start","data":{"hotwords":{' + ",".join(f'"{i}":1' for i in range(20_000)) + "}}}"]
)
@example(frames=['{"type":"start","data":{"resume_token":"token-0","have_utterance":' + "9" * 5000 + "}}"])
@example(frames=['{"type":"start","data":' + '{"a":' * 30_000 + "1" + "}" * 30_000 + "}"])
def test_any_frames_in_a_session(frames: list[Any]):
    asyncio.run(converse(frames, begins=True))


@MOST
@given(frames=FRAMES)
def test_any_frames_on_a_new_line(frames: list[Any]):
    asyncio.run(converse(frames, begins=False))


@settings(max_examples=40, deadline=None)
@given(frames=FRAMES)
def test_any_frames_of_a_stranger(frames: list[Any]):
    async def main() -> None:
        async with scene("anna") as here:
            line = here.line()
            await line.expect("auth_required")
            send(line, frames)
            await line.expect("error")
            await line.ends()
            assert len(line.terminals()) == 1
            assert here.room.sessions == []

    asyncio.run(main())

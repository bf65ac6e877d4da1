"""Random frames in any order: the door answers or ignores each, keeps the line, and frees what it held."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.server.tts.scripted import Line, scene, until

from parley.wire.speech.tts_client import TTS_CLIENT_MESSAGES

KINDS = [message.TYPE for message in TTS_CLIENT_MESSAGES]
FIELDS = sorted({name for message in TTS_CLIENT_MESSAGES for name in message.model_fields})
TEXTUAL = st.sampled_from(["", "\x00", "\ud800", "auto", "a", "x" * 300])
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


def send(line: Line, frames: list[str | bytes]) -> None:
    for frame in frames:
        line.send_text(frame) if isinstance(frame, str) else line.send_audio(frame)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(frames=FRAMES)
def test_any_frames_leave_a_line_that_speaks(frames: list[Any]) -> None:
    async def main() -> None:
        async with scene() as here:
            line = here.line()
            send(line, frames)
            line.send("ping")
            await line.until("pong")
            line.send("synthesize", request_id="our own", text="still here")
            # It may wait behind what the frames have begun, which nobody will ever end.
            line.send("cancel", request_id="our own")
            await until(lambda: len(line.lasts("our own")) == 1)
            assert line.closed is None
            assert not any(error["fatal"] for error in line.told("error"))

    asyncio.run(main())


@settings(max_examples=40, deadline=None)
@given(frames=FRAMES)
def test_any_frames_of_a_stranger(frames: list[Any]) -> None:
    async def main() -> None:
        async with scene("anna") as here:
            line = here.line()
            await line.expect("auth_required")
            send(line, frames)
            assert (await line.expect("error"))["fatal"] is True
            await line.ends()
            assert here.room.speaking == []

    asyncio.run(main())

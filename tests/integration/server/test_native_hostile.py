"""Random and mutated frames: each gets exactly one answer, and the line goes on."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from parley.wire.native.client import CLIENT_MESSAGES
from tests.integration.server.scripted import Scene, until

MOST = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])

KINDS = [message.TYPE for message in CLIENT_MESSAGES]
FIELDS = sorted(
    {field.alias or name for message in CLIENT_MESSAGES for name, field in message.model_fields.items()}
)
ODD = st.sampled_from(
    [
        "00000000-0000-0000-0000-000000000000",
        "",
        "../../etc/passwd",
        "\x00",
        "\ud800",
        "e" * 70,
        "json",
        "chunked",
        "AAAA",
        -1,
        0,
        1,
        2**31,
        2**53,
        2**63,
        2**64,
        10**100,
        -(10**100),
        1e308,
        float("nan"),
        float("inf"),
        True,
        None,
        [],
        {},
        [[[]]],
        ["x"] * 60,
    ]
)
ANYTHING = st.recursive(
    ODD | st.text(max_size=20) | st.integers() | st.floats() | st.booleans(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)
MESSAGES = st.builds(
    lambda kind, data, more: json.dumps({"type": kind, "data": data, **more}),
    st.sampled_from(KINDS) | st.text(max_size=10) | ANYTHING,
    st.dictionaries(st.sampled_from(FIELDS), ANYTHING, max_size=8) | ANYTHING,
    st.dictionaries(st.sampled_from(["token", "timestamp", "type"]), ANYTHING, max_size=1),
)
TEXTS = (
    MESSAGES
    | st.text()
    | st.integers(1, 200_000).map(lambda depth: "[" * depth)
    | st.integers(1, 50_000).map(lambda depth: '{"type":' * depth + "1" + "}" * depth)
    | st.tuples(MESSAGES, st.integers(0, 300), st.characters(codec="utf-8")).map(
        lambda cut: cut[0][: cut[1]] + cut[2] + cut[0][cut[1] + 1 :]
    )
)


class InMemory:
    """The door without a socket."""

    def __init__(self, scene: Scene) -> None:
        self.incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.heard: list[dict[str, Any]] = []
        self.closed = False
        scope = {"type": "websocket", "path": "/", "headers": [], "query_string": b"", "client": ("x", 1)}
        self.running = asyncio.create_task(scene.door(scope, self.incoming.get, self._send))
        self.incoming.put_nowait({"type": "websocket.connect"})

    async def _send(self, event: dict[str, Any]) -> None:
        if event["type"] == "websocket.send":
            self.heard.append(json.loads(event["text"]))
        self.closed |= event["type"] == "websocket.close"

    async def ask(self, frame: str | bytes) -> None:
        self.incoming.put_nowait(
            {"type": "websocket.receive", "text" if isinstance(frame, str) else "bytes": frame}
        )
        self.incoming.put_nowait({"type": "websocket.receive", "text": '{"type":"ping"}'})

    def pongs(self) -> int:
        return sum(message["type"] == "pong" for message in self.heard)

    async def leave(self) -> None:
        self.incoming.put_nowait({"type": "websocket.disconnect", "code": 1006})
        async with asyncio.timeout(60):
            await self.running


async def converse(frames: list[str | bytes]) -> None:
    scene = Scene()
    line = InMemory(scene)
    await until(lambda: len(line.heard) == 1)
    for frame in frames:
        before, pongs = len(line.heard), line.pongs()
        await line.ask(frame)
        is_ping = isinstance(frame, str) and _is_ping(frame)
        await until(lambda: line.pongs() == pongs + 1 + is_ping)  # noqa: B023 - awaited here
        assert len(line.heard) == before + 2, line.heard[before:]
        assert not line.closed
    await line.leave()
    assert scene.door.connections == 0 and scene.desk.watchers == 0


def _is_ping(frame: str) -> bool:
    try:
        return '"ping"' in frame and json.loads(frame)["type"] == "ping" and "pong" in _answer_kinds(frame)
    except (ValueError, RecursionError, TypeError, KeyError):
        return False


def _answer_kinds(frame: str) -> set[str]:
    from parley.server.native.reading import read_text
    from parley.server.native.refusals import Refused

    try:
        return {"pong"} if read_text(frame).TYPE == "ping" else set()
    except Refused:
        return set()


@MOST
@given(frames=st.lists(TEXTS | st.binary(max_size=200), min_size=1, max_size=6))
@example(frames=['{"type":"ping"}'])
@example(frames=["\ud800", '{"type":"\\ud800"}', '{"type":"task_status","data":{"task_id":"\\udfff"}}'])
@example(frames=['{"type":"task_status","data":{"task_id":' + "9" * 5000 + "}}"])
@example(frames=['{"type":"upload_chunk","data":{"task_id":"t","chunk_index":1e400,"chunk_data":"AAAA"}}'])
@example(frames=['{"type":"ping","data":' + '{"a":' * 90_000 + "1" + "}" * 90_000 + "}"])
@example(frames=['{"type":"upload_chunk","data":' + "[" * 90_000 + "]" * 90_000 + "}"])
def test_any_frame_gets_one_answer(frames: list[str | bytes]):
    asyncio.run(converse(frames))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(pieces=st.lists(st.binary(min_size=1, max_size=300), min_size=1, max_size=10))
def test_any_bytes_on_the_wire_leave_nothing_behind(pieces: list[bytes]):
    from tests.integration.server.test_native_wire import raw

    async def main() -> None:
        async with Scene().served() as scene:
            _, writer = await raw(scene)
            for piece in pieces:
                writer.write(piece)
                await asyncio.sleep(0)
            writer.transport.abort()
            async with scene.client() as client:
                await client.expect("connected")
                assert (await client.ask("ping"))["type"] == "pong"
            await until(lambda: scene.door.connections == 0 and not scene.server.server_state.connections)

    asyncio.run(main())


@pytest.mark.parametrize("many", ["[]," * 200_000 + "[]", '{"a":1},' * 100_000 + "1", "1," * 200_000 + "1"])
def test_a_frame_that_would_become_very_many_objects_is_not_read(many: str):
    async def main() -> None:
        async with Scene().served() as scene, scene.client() as client:
            await client.expect("connected")
            await client.connection.send('{"type":"ping","data":{"x":[' + many + "]}}")
            assert (await client.expect("error"))["error"] == "message_error"
            assert (await client.ask("ping", x=[1] * 50_000))["type"] == "pong"

    asyncio.run(main())

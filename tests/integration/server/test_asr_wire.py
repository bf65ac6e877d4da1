"""The door of live recognition on a real socket: paths and ports, back-pressure, clients that misbehave."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route
from websockets.asyncio.client import ClientConnection, connect

from parley.server.dispatch import Dispatch
from parley.server.gate import Gate, GateOptions
from parley.server.http_wire import BoundedHttp
from parley.server.native.behind import NativeOptions
from parley.server.native.door import native_door
from parley.server.pace import Pace
from parley.server.socket.wire_options import WireOptions
from parley.server.socket.wire_protocol import wire_protocol
from parley.speech.live import Done, Final
from tests.integration.server.scripted import ScriptedDesk, ScriptedReception, _page, until
from tests.unit.server.asr.scripted import Scene as Door
from tests.unit.server.asr.scripted import ScriptedSession

MIB = 1024 * 1024
FINAL = Final(utterance=0, start=0.5, end=1.5, text="good morning")


class Served(Door):
    """The scripted room behind the socket of a server, beside the native door and a page."""

    def __init__(self, wire: WireOptions | None = None, **how: Any) -> None:
        super().__init__(**how)
        self.wire = wire or WireOptions()
        self.server: Any = None
        self.ports: list[int] = []

    def dispatch(self) -> Dispatch:
        desk = ScriptedDesk()
        native = native_door(
            desk, ScriptedReception(desk), self.authority, NativeOptions(), Pace(0), self.guests
        )
        pages = Starlette(routes=[Route("/{path:path}", _page)])
        return Dispatch(pages, {"/asr": self.door}, native)

    @asynccontextmanager
    async def serve(self) -> AsyncGenerator[Served]:
        dispatch = self.dispatch()
        config = uvicorn.Config(
            Gate(dispatch, GateOptions(), Pace(0)),
            http=BoundedHttp,
            ws=wire_protocol(self.wire),
            lifespan="off",
            log_config=None,
            timeout_graceful_shutdown=10,
        )
        config.load()
        sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
        self.ports = [listener.getsockname()[1] for listener in sockets]
        dispatch.give_port(self.ports[1], "/asr")
        self.server = uvicorn.Server(config)
        serving = asyncio.create_task(self.server._serve(sockets))
        try:
            await until(lambda: self.server.started)
            yield self
        finally:
            self.server.should_exit = True
            await serving
            for listener in sockets:
                listener.close()
        assert self.guests.total == 0

    def connect(self, path: str = "/asr", port: int = 0, **how: Any) -> connect:
        return connect(f"ws://127.0.0.1:{self.ports[port]}{path}", max_size=None, compression=None, **how)

    async def begin(self, connection: ClientConnection) -> ScriptedSession:
        await connection.send('{"type": "start"}')
        assert (await hear(connection))["type"] == "ready"
        return self.room.sessions[-1]


async def hear(connection: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(60):
        while (message := json.loads(await connection.recv()))["type"] == "ack":
            pass
        return message


async def closed(connection: ClientConnection) -> int | None:
    async with asyncio.timeout(60):
        await connection.wait_closed()
    return connection.close_code


def test_handshakes_find_their_door_by_path_and_by_port():
    async def main() -> None:
        async with Served().serve() as here:
            for path in ("/asr", "/asr/", "/asr?x=1"):
                async with here.connect(path) as line:
                    await here.begin(line)
            for path in ("/", "/asr", "/tts", "/any/path%20at/all"):
                async with here.connect(path, port=1) as line:
                    await here.begin(line)
            for path in ("/", "/asr/x", "/asrx", "/v1/asr"):
                async with here.connect(path) as line:
                    assert (await hear(line))["type"] == "connected"
            async with httpx.AsyncClient() as http:
                for port in here.ports:
                    assert (await http.get(f"http://127.0.0.1:{port}/asr")).text == "the page"

    asyncio.run(main())


def test_a_session_over_a_socket():
    async def main() -> None:
        async with Served().serve() as here, here.connect() as line:
            session = await here.begin(line)
            await line.send(bytes(3200))
            await line.send('{"type": "stop"}')
            await until(lambda: session.calls == ["stop"])
            session.tell(FINAL, Done(utterances=1, audio_seconds=0.1))
            assert [(await hear(line))["type"] for _ in range(2)] == ["final", "done"]
            assert await closed(line) == 1000

    asyncio.run(main())


@pytest.mark.parametrize("how", ["close", "abort"])
def test_a_line_that_ends_leaves_the_session_and_another_one_takes_it(how: str):
    async def main() -> None:
        async with Served().serve() as here:
            async with here.connect() as line:
                session = await here.begin(line)
                await line.send(bytes(2000))
                await until(lambda: session.received_samples == 1000)
                if how == "close":
                    await line.close()
                else:
                    line.transport.abort()
                await until(lambda: session.calls == ["leave"])
            async with here.connect() as line:
                await line.send('{"type": "start", "data": {"resume_token": "token-0"}}')
                assert (await hear(line))["data"]["received_samples"] == 1000
                assert session.calls == ["leave", "resume"]

    asyncio.run(main())


def test_while_a_session_is_behind_its_client_waits_and_memory_is_bounded():
    async def main() -> None:
        async with Served().serve() as here, here.connect() as line:
            session = await here.begin(line)
            session.may_write.clear()
            sent = 0

            async def pour() -> None:
                nonlocal sent
                for _ in range(64):
                    await line.send(bytes(MIB))
                    sent += MIB

            pouring = asyncio.create_task(pour())
            await until(lambda: session.writing == 1)
            before = -1
            while before != sent:
                before = sent
                await asyncio.sleep(0.3)
            assert sent < 48 * MIB
            session.may_write.set()
            async with asyncio.timeout(120):
                await pouring
            await until(lambda: session.received_samples == 32 * MIB)

    asyncio.run(main())


def test_large_frames_of_sessions_that_are_behind_keep_nobody_from_being_heard():
    async def main() -> None:
        wire = WireOptions(frame_budget_bytes=MIB)
        async with Served(wire).serve() as here, AsyncExitStack() as lines:
            pouring: list[asyncio.Task[None]] = []
            for _ in range(4):
                line = await lines.enter_async_context(here.connect())
                session = await here.begin(line)
                session.may_write.clear()
                pouring.append(asyncio.create_task(line.send(bytes(8 * MIB))))
                await until(lambda: session.writing == 1)  # noqa: B023 - awaited here
            other = await lines.enter_async_context(here.connect())
            session = await here.begin(other)
            for _ in range(40):
                await other.send(bytes(100_000))
            await until(lambda: session.received_samples == 2_000_000)
            for task in pouring:
                task.cancel()
            await asyncio.gather(*pouring, return_exceptions=True)
            for behind in here.room.sessions:
                behind.may_write.set()

    asyncio.run(main())


def test_a_client_that_takes_nothing_loses_its_line_and_not_its_session():
    async def main() -> None:
        wire = WireOptions(send_timeout_s=0.5)
        async with Served(wire).serve() as here, here.connect(close_timeout=0.5) as line:
            session = await here.begin(line)
            line.transport.pause_reading()
            long = Final(utterance=0, start=0.0, end=1.0, text="x" * MIB)
            session.tell(*[long] * 32)
            await until(lambda: session.calls == ["leave"])

    asyncio.run(main())


def test_a_frame_that_is_too_large_closes_the_line_and_leaves_the_session():
    async def main() -> None:
        async with Served().serve() as here, here.connect() as line:
            session = await here.begin(line)
            await line.send(bytes(16 * MIB))
            await until(lambda: session.received_samples == 8 * MIB)
            sending = asyncio.create_task(line.send(bytes(64 * MIB)))
            assert await closed(line) == 1009
            await asyncio.gather(sending, return_exceptions=True)
            await until(lambda: session.calls == ["leave"])

    asyncio.run(main())


def test_a_flood_of_tiny_frames_and_texts_does_not_keep_others_from_being_heard():
    async def main() -> None:
        async with Served().serve() as here, here.connect() as flood, here.connect() as other:
            flooded = await here.begin(flood)
            session = await here.begin(other)

            async def pour() -> None:
                while True:
                    await flood.send(b"\0")
                    await flood.send('{"type": "nonsense"}')
                    # Both ends share one loop here; a client that never waits would stop the server's part.
                    await asyncio.sleep(0)

            async def drain() -> None:
                async for _ in flood:
                    pass

            pouring = [asyncio.create_task(pour()), asyncio.create_task(drain())]
            await until(lambda: len(flooded.audio) > 100)
            heard = len(flooded.audio)
            for number in range(1, 21):
                await other.send(bytes(3200))
                await until(lambda: session.received_samples == 1600 * number)  # noqa: B023 - awaited here
            assert len(flooded.audio) > heard
            for task in pouring:
                task.cancel()
            await asyncio.gather(*pouring, return_exceptions=True)

    asyncio.run(main())


def test_a_server_that_stops_lets_go_of_every_line():
    async def main() -> None:
        async with Served().serve() as here:
            lines = [await here.connect() for _ in range(3)]
            for line in lines:
                await here.begin(line)
            here.server.should_exit = True
            assert [await closed(line) for line in lines] == [1012] * 3
            await until(lambda: all(session.calls == ["leave"] for session in here.room.sessions))

    asyncio.run(main())

"""Connections on a real socket: handshakes, limits of frames and memory, slow and silent peers."""

from __future__ import annotations

import asyncio
import base64
import json
import struct
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from parley.jobs.principal import Principal
from parley.server.socket.wire_options import WireOptions
from parley.server.tls import TlsOptions, self_signed, tls_context
from parley.wire.native.binary import pack_chunk
from tests.integration.server.scripted import Client, Scene, ScriptedAuthority, until

MIB = 1024 * 1024
HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


async def raw(scene: Scene) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection without a library; it has been greeted."""
    reader, writer = await asyncio.open_connection("127.0.0.1", scene.port)
    writer.write(HANDSHAKE)
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
    assert (await read_frame(reader))[0] == 1
    return reader, writer


async def read_frame(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Opcode and payload; pings are passed over."""
    async with asyncio.timeout(60):
        while True:
            first, length = await reader.readexactly(2)
            if length >= 126:
                size = 2 if length == 126 else 8
                length = int.from_bytes(await reader.readexactly(size), "big")
            payload = await reader.readexactly(length)
            if first & 15 != 9:
                return first & 15, payload


def head(opcode: int, length: int, *, fin: bool = True) -> bytes:
    return bytes([(0x80 if fin else 0) | opcode, 0xFF]) + struct.pack(">Q", length) + bytes(4)


def test_the_page_never_answers_a_handshake_and_the_door_no_page():
    async def main() -> None:
        async with Scene().served() as scene:
            async with httpx.AsyncClient() as http:
                assert (await http.get(f"http://127.0.0.1:{scene.port}/")).text == "the page"
            for path in ("", "ws", "any/path%20at/all?x=1"):
                async with scene.client(path) as client:
                    await client.expect("connected")

    asyncio.run(main())


@pytest.mark.parametrize(
    ("line", "instead", "status"),
    [
        (b"Sec-WebSocket-Version: 13", b"Sec-WebSocket-Version: 12", 400),
        (b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", b"Sec-WebSocket-Key: short", 400),
        (b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", b"", 400),
        (b"GET / ", b"POST / ", 405),
        (b"Sec-WebSocket-Version: 13", b"X: y\r\n" * 300 + b"Sec-WebSocket-Version: 13", 400),
        (b"Sec-WebSocket-Version: 13", b"X: " + b"y" * 20_000 + b"\r\nSec-WebSocket-Version: 13", 400),
        (b"\r\n\r\n", b"\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    ],
)
def test_a_bad_handshake_is_answered_in_http(line: bytes, instead: bytes, status: int):
    async def main() -> None:
        async with Scene().served() as scene:
            reader, writer = await asyncio.open_connection("127.0.0.1", scene.port)
            writer.write(HANDSHAKE.replace(line, instead))
            async with asyncio.timeout(60):
                answer = await reader.read()
            assert answer.startswith(f"HTTP/1.1 {status} ".encode())
            writer.close()
            await until(lambda: not scene.server.server_state.connections)

    asyncio.run(main())


def test_a_frame_of_64_mib_is_taken_and_a_larger_one_closes_with_1009():
    async def main() -> None:
        async with Scene().served() as scene:
            async with scene.client() as client:
                await client.expect("connected")
                part = bytes(64 * MIB - 36)
                task_id = await client.begin_chunked(part, len(part))
                await client.connection.send(pack_chunk(task_id, 0, part))
                await client.expect("chunk_received")
            async with scene.client() as client:
                await client.expect("connected")
                with pytest.raises(ConnectionClosed):
                    await client.connection.send(bytes(64 * MIB + 1))
                    await client.hear()
                await client.ends(1009)

    asyncio.run(main())


def test_a_stranger_may_send_little():
    async def main() -> None:
        async with Scene("anna").served() as scene, scene.client() as client:
            await client.expect("auth_required")
            await client.connection.send(json.dumps({"type": "auth", "token": "x" * 16 * 1024}))
            await client.ends(1009)
        async with Scene("anna").served() as scene, scene.client() as client:
            await client.expect("auth_required")
            await client.send("auth", token="anna")
            await client.expect("auth_success")
            await client.expect("connected")
            assert (await client.ask("ping", padding="x" * 100_000))["type"] == "pong"

    asyncio.run(main())


def test_a_stranger_may_send_little_while_a_cookie_is_looked_at():
    class Slow(ScriptedAuthority):
        looks = asyncio.Event()

        async def identify(self, token: str | None) -> Principal:
            self.looks.set()
            await until(lambda: not self.looks.is_set())
            return await super().identify(token)

    async def main() -> None:
        authority = Slow({"anna"})
        async with Scene(authority=authority).served() as scene:
            reader, writer = await asyncio.open_connection("127.0.0.1", scene.port)
            writer.write(HANDSHAKE.replace(b"\r\n\r\n", b"\r\nCookie: parley_session=x\r\n\r\n"))
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
            await authority.looks.wait()
            writer.write(head(2, 64 * MIB))
            opcode, payload = await read_frame(reader)
            assert (opcode, payload[:2]) == (8, struct.pack(">H", 1009))
            authority.looks.clear()
            writer.close()

    asyncio.run(main())


def test_frames_of_all_connections_share_one_budget_and_all_are_read():
    """Three declare more than there is; whoever waits is read later, and small questions are not held up."""

    async def main() -> None:
        scene = Scene(wire=WireOptions(frame_budget_bytes=2 * MIB))
        async with scene.served():
            lines = [await raw(scene) for _ in range(4)]
            for _, writer in lines[:3]:
                writer.write(head(2, MIB) + bytes(1000))
            asked, writer = lines[3]
            writer.write(head(1, 15) + b'{"type":"ping"}')
            assert b"pong" in (await read_frame(asked))[1]
            budget = next(iter(scene.server.server_state.connections))._budget
            await until(lambda: budget.is_contended)
            assert budget.used_bytes == 2 * MIB
            for reader, writer in lines[:3]:
                writer.write(bytes(MIB - 1000))
                assert b"session_not_found" in (await read_frame(reader))[1]
            assert budget.used_bytes == 0
            for _, writer in lines:
                writer.close()

    asyncio.run(main())


def test_memory_is_given_back_by_lines_that_break_off():
    async def main() -> None:
        scene = Scene(wire=WireOptions(frame_budget_bytes=2 * MIB))
        async with scene.served():
            lines = [await raw(scene) for _ in range(6)]
            for number, (_, writer) in enumerate(lines):
                writer.write(head(2, MIB, fin=number % 2 == 0) + bytes(5000))
            budget = next(iter(scene.server.server_state.connections))._budget
            await until(lambda: budget.is_contended)
            for _, writer in lines:
                writer.transport.abort()
            await until(lambda: budget.used_bytes == 0 and not budget.is_contended)

    asyncio.run(main())


def test_who_holds_memory_that_others_need_and_sends_nothing_is_dropped():
    async def main() -> None:
        scene = Scene(wire=WireOptions(frame_budget_bytes=MIB, ping_interval_s=0.2))
        async with scene.served():
            stalled, writer = await raw(scene)
            writer.write(head(2, MIB) + bytes(1000))
            await until(lambda: next(iter(scene.server.server_state.connections))._budget.used_bytes == MIB)
            async with scene.client() as client:
                await client.expect("connected")
                await client.connection.send(bytes(500_000))
                assert (await client.expect("error"))["error"] == "session_not_found"
            with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
                await read_frame(stalled)

    asyncio.run(main())


def test_a_message_in_pieces_is_one_message():
    async def main() -> None:
        async with Scene().served() as scene, scene.client() as client:
            await client.expect("connected")
            data = bytes(range(256)) * 1024
            task_id = await client.begin_chunked(data, len(data))
            whole = pack_chunk(task_id, 0, data)
            await client.connection.send([whole[:100_000], whole[100_000:100_001], whole[100_001:]])
            await client.expect("chunk_received")
            await client.expect("upload_complete")
            assert scene.reception.received[task_id] == data

    asyncio.run(main())


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (head(1, 2) + b"\xff\xfe", 1007),
        (head(3, 0), 1002),
        (head(0, 0), 1002),
        (b"\x81\x01x", 1002),
        (head(8, 2) + struct.pack(">H", 1000), 1000),
        (head(8, 2) + struct.pack(">H", 5), 1002),
        (head(8, 0), 1000),
    ],
)
def test_a_line_that_breaks_the_protocol_is_closed_with_the_reason(sent: bytes, code: int):
    async def main() -> None:
        async with Scene().served() as scene:
            reader, writer = await raw(scene)
            writer.write(sent)
            opcode, payload = await read_frame(reader)
            assert (opcode, int.from_bytes(payload[:2], "big")) == (8, code)
            assert await reader.read() == b""
            writer.close()
            await until(lambda: not scene.server.server_state.connections)

    asyncio.run(main())


def test_who_takes_nothing_is_dropped_and_its_task_goes_on():
    async def main() -> None:
        scene = Scene(wire=WireOptions(send_timeout_s=0.5))
        scene.desk.text = "x" * 30_000_000
        async with scene.served():
            task = scene.desk.put()
            reader, writer = await raw(scene)
            question = json.dumps({"type": "subscribe", "data": {"task_id": task.id}}).encode()
            writer.write(head(1, len(question)) + question)
            await until(lambda: scene.desk.watchers == 1)
            from dataclasses import replace

            from parley.jobs.task import TaskState

            scene.desk.change(task.id, order=replace(task.order, output_format="srt"))
            reader._transport.pause_reading()
            scene.desk.end(task.id, TaskState.COMPLETED)
            await until(lambda: not scene.server.server_state.connections)
            await until(lambda: scene.door.connections == 0)
            async with scene.client() as client:
                await client.expect("connected")
                await client.send("task_status", task_id=task.id)
                assert (await client.expect("task_status"))["status"] == "completed"
            writer.close()

    asyncio.run(main())


def test_a_silent_peer_is_asked_and_then_dropped_but_not_one_that_answers():
    async def main() -> None:
        async with Scene(wire=WireOptions(ping_interval_s=0.1)).served() as scene:
            silent, writer = await raw(scene)
            async with scene.client() as client:
                await client.expect("connected")
                async with asyncio.timeout(60):
                    pinged = await silent.read()
                assert pinged.startswith(b"\x89\x00")
                assert (await client.ask("ping"))["type"] == "pong"
            writer.close()

    asyncio.run(main())


def test_pings_are_answered_with_their_payload():
    async def main() -> None:
        async with Scene().served() as scene, scene.client() as client:
            await client.expect("connected")
            async with asyncio.timeout(60):
                await (await client.connection.ping(b"hello"))

    asyncio.run(main())


def test_a_server_that_stops_says_so():
    async def main() -> None:
        scene = Scene()
        async with scene.served():
            task = scene.desk.put()
            connection = await connect(scene.url)
            client = Client(connection)
            await client.expect("connected")
            await client.send("subscribe", task_id=task.id)
            await client.expect("task_status")
        await client.ends(1012)
        assert scene.desk.watchers == 0

    asyncio.run(main())


def test_too_many_connections_are_told_so():
    async def main() -> None:
        async with (
            Scene(max_connections=3, max_connections_per_client=2).served() as scene,
            scene.client() as one,
            scene.client() as two,
        ):
            await one.expect("connected")
            await two.expect("connected")
            async with scene.client() as three:
                assert (await three.expect("error"))["error"] == "too_many_sessions"
                await three.ends(1013)
            await one.connection.close()
            await until(lambda: scene.door.connections == 1)
            async with scene.client() as four:
                await four.expect("connected")

    asyncio.run(main())


def test_users_are_counted_apart_from_addresses():
    async def main() -> None:
        scene = Scene("anna", "bert", max_connections_per_client=1)
        async with scene.served(), scene.client("?token=anna") as anna:
            await anna.expect("auth_success")
            await anna.expect("connected")
            async with scene.client("?token=bert") as bert:
                await bert.expect("auth_success")
                await bert.expect("connected")
            async with scene.client("?token=anna") as again:
                await again.expect("auth_success")
                assert (await again.expect("error"))["error"] == "too_many_sessions"
                await again.ends(1013)

    asyncio.run(main())


def test_an_extension_is_not_agreed_on():
    async def main() -> None:
        async with Scene().served() as scene, scene.client(compression="deflate") as client:
            await client.expect("connected")
            assert client.connection.response is not None
            assert "Sec-WebSocket-Extensions" not in client.connection.response.headers

    asyncio.run(main())


def test_over_tls(tmp_path: Path):
    import ssl

    certificate = self_signed(tmp_path, ())
    context = ssl.create_default_context(cafile=str(certificate))

    async def main() -> None:
        scene = Scene()
        async with scene.served(ssl_certfile=str(certificate), ssl_keyfile=str(certificate)):
            url = scene.url.replace("ws:", "wss:")
            async with connect(url, ssl=context, max_size=None) as connection:
                client = Client(connection)
                await client.expect("connected")
                data = bytes(range(256)) * 8192
                task_id = await client.begin_chunked(data, len(data) // 2)
                for index in range(2):
                    part = data[index * len(data) // 2 :][: len(data) // 2]
                    encoded = base64.b64encode(part).decode()
                    await client.send("upload_chunk", task_id=task_id, chunk_index=index, chunk_data=encoded)
                    await client.expect("chunk_received")
                await client.expect("upload_complete")
                assert scene.reception.received[task_id] == data
            async with connect(url, ssl=context, max_size=None) as connection:
                client = Client(connection)
                await client.expect("connected")
                with pytest.raises(ConnectionClosed):
                    await client.connection.send(bytes(65 * MIB))
                    await client.hear()
                await client.ends(1009)

    asyncio.run(main())
    assert tls_context(tmp_path, TlsOptions(self_signed=True)) is not None


def test_a_foreign_host_or_origin_is_refused_the_handshake():
    async def main() -> None:
        async with Scene().served() as scene:
            for headers in (
                {"Host": "evil.example"},
                {"Origin": "https://evil.example"},
                {"X-Forwarded-For": "9.9.9.9"},
            ):
                request = HANDSHAKE
                for name, value in headers.items():
                    line = f"{name}: {value}\r\n".encode()
                    request = request.replace(
                        b"Host: 127.0.0.1\r\n", b"" if name == "Host" else b"Host: 127.0.0.1\r\n"
                    )
                    request = request.replace(b"\r\n\r\n", b"\r\n" + line + b"\r\n")
                reader, writer = await asyncio.open_connection("127.0.0.1", scene.port)
                writer.write(request)
                async with asyncio.timeout(60):
                    answer = await reader.read()
                assert answer.startswith(b"HTTP/1.1 403 ") and b'"code":"forbidden"' in answer, answer
                writer.close()
            with pytest.raises(InvalidStatus):
                async with connect(scene.url, origin="https://evil.example"):
                    pass
            async with connect(scene.url, origin=f"http://127.0.0.1:{scene.port}"):
                pass

    asyncio.run(main())

"""Heads of HTTP requests on a real socket: how long they may be, and how long they may take."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace

import pytest

from parley.jobs.task import TaskState
from parley.server.http_wire import MOST_HEAD_BYTES, BoundedHttp
from tests.integration.server.behind import Scene, served

GET = b"GET /health HTTP/1.1\r\nHost: testserver\r\n"


async def closed_on(host: str, port: int, begin: bytes, more: bytes) -> None:
    """Say `begin`, and `more` again and again, until the server has closed the line."""
    reader, writer = await asyncio.open_connection(host, port)

    async def go_on() -> None:
        for _ in range(256 * MOST_HEAD_BYTES // len(more)):
            writer.write(more)
            await writer.drain()
            await asyncio.sleep(0)

    writer.write(begin)
    saying = asyncio.create_task(go_on())
    with suppress(ConnectionError):  # what was still on its way was not read
        async with asyncio.timeout(60):
            while await reader.read(65536):
                pass
    saying.cancel()
    await asyncio.gather(saying, return_exceptions=True)
    writer.close()


@pytest.mark.parametrize(
    ("begin", "more"),
    [
        (GET, b"X: " + b"y" * 1000 + b"\r\n"),
        (GET + b"X: ", b"y" * 1000),
        (b"GET /", b"y" * 1000),
        (b"", b"\r\n" * 500),
        (GET + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n", b"X: " + b"y" * 1000 + b"\r\n"),
        (GET + b"Transfer-Encoding: chunked\r\n\r\n1;", b"y" * 1000),
    ],
)
def test_a_head_has_an_end(begin: bytes, more: bytes) -> None:
    async def main() -> None:
        async with served(Scene()) as (host, port):
            await closed_on(host, port, begin, more)

    asyncio.run(main())


def test_a_long_head_is_answered() -> None:
    async def main() -> None:
        async with served(Scene()) as (host, port):
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(GET + b"X: " + b"y" * MOST_HEAD_BYTES)
            async with asyncio.timeout(60):
                assert (await reader.readline()).startswith(b"HTTP/1.1 431 ")
            writer.close()

    asyncio.run(main())


@pytest.mark.parametrize("begin", [b"", b"GET / HT", GET + b"\r\n" + GET])
def test_a_head_is_not_waited_for_for_ever(begin: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BoundedHttp, "head_s", 0.5)

    async def main() -> None:
        async with served(Scene()) as (host, port):
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(begin)
            async with asyncio.timeout(60):
                await reader.read()
            writer.close()

    asyncio.run(main())


def test_a_body_and_an_answer_take_as_long_as_they_like(monkeypatch: pytest.MonkeyPatch) -> None:
    # Long enough for a machine that is busy with something else; what must not happen would happen after it.
    monkeypatch.setattr(BoundedHttp, "head_s", 3.0)
    scene = Scene()
    task = scene.desk.put(TaskState.PROCESSING)

    async def slow_body(host: str, port: int) -> None:
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(
            b"POST /v1/login HTTP/1.1\r\nHost: testserver\r\nContent-Type: application/json\r\n"
            b"Content-Length: 13\r\n\r\n{"
        )
        await asyncio.sleep(4.5)
        writer.write(b'"token":"x"}')
        assert (await reader.readuntil(b'"}')).startswith(b"HTTP/1.1 200 ")
        writer.close()

    async def slow_answer(host: str, port: int) -> None:
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(f"GET /v1/jobs/{task.id}/events HTTP/1.1\r\nHost: testserver\r\n\r\n".encode())
        await reader.readuntil(b"task_progress")
        await asyncio.sleep(4.5)
        scene.desk.tasks[task.id] = replace(task, state=TaskState.COMPLETED)
        scene.desk.beats.set()
        await reader.readuntil(b"task_complete")
        writer.close()

    async def main() -> None:
        async with served(scene) as (host, port), asyncio.timeout(60):
            await asyncio.gather(slow_body(host, port), slow_answer(host, port))

    asyncio.run(main())

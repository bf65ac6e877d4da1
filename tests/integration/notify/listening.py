"""A target on loopback that does as it is told: answers, fails, hangs."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class Request:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Listener:
    """`status` None means that no answer comes."""

    port: int = 0
    status: int | None = 200
    requests: list[Request] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    async def until(self, count: int) -> None:
        """Wait until there were so many requests."""
        async with asyncio.timeout(60):
            while len(self.requests) < count:  # noqa: ASYNC110 - the test's other tasks run meanwhile
                await asyncio.sleep(0.01)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
                exact = dict(line.split(": ", 1) for line in head[1:] if line)
                headers |= {name.lower(): value for name, value in exact.items()}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                self.requests.append(Request(head[0].split(" ")[1], headers, body))
                if self.status is None:
                    await asyncio.sleep(3600)
                where = "Location: http://127.0.0.1:1/\r\n" if self.status == 302 else ""
                writer.write(f"HTTP/1.1 {self.status} X\r\n{where}Content-Length: 0\r\n\r\n".encode())
                await writer.drain()
        writer.close()


@asynccontextmanager
async def listening() -> AsyncIterator[Listener]:
    listener = Listener()
    server = await asyncio.start_server(listener.answer, "127.0.0.1", 0)
    listener.port = server.sockets[0].getsockname()[1]
    try:
        yield listener
    finally:
        server.close()

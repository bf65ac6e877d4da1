"""An OpenAI-compatible server that does what it is told, right or wrong, over real sockets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

HANG = 1e6
"""Seconds that nobody waits."""

Act = str | bytes | float
Script = Sequence[Act]
"""What is written for one request: bytes as they are, text as a chunk of the answer, numbers are seconds to
wait. The connection is closed after it, whatever was said."""

DONE = b"data: [DONE]\n\n"
STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n"
    b"Connection: close\r\n\r\n"
)


def chunk(delta: dict[str, Any], finish: str | None = None) -> bytes:
    """One event of a stream."""
    event = {
        "id": "x",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }
    return f"data: {json.dumps(event)}\n\n".encode()


def end(reason: str = "stop") -> bytes:
    return chunk({}, reason) + DONE


def whole(*texts: str, reason: str = "stop") -> Script:
    return (STREAM, *texts, end(reason))


def refusal(status: int, code: str = "bad", **headers: str) -> Script:
    body = json.dumps({"error": {"message": "the key sk-secret and what was said", "code": code}}).encode()
    named = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    head = f"HTTP/1.1 {status} No\r\nContent-Type: application/json\r\n{named}Content-Length: {len(body)}\r\n"
    return (f"{head}Connection: close\r\n\r\n".encode() + body,)


def in_chunks(*parts: bytes) -> bytes:
    """Chunked as HTTP has it, without the last chunk that says that it was all."""
    return b"".join(f"{len(part):x}\r\n".encode() + part + b"\r\n" for part in parts)


@dataclass
class Server:
    """`scripts` are followed one after another, the last one again and again."""

    scripts: Sequence[Script]
    url: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[str] = field(default_factory=list)
    hung_up: int = 0
    """Clients that went before everything was written."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = next(
                int(line.split(":")[1])
                for line in head.split("\r\n")
                if line.lower().startswith("content-length:")
            )
            self.headers.append(head)
            self.requests.append(json.loads(await reader.readexactly(length)))
            script = self.scripts[min(len(self.requests), len(self.scripts)) - 1]
            await self._follow(script, reader, writer)
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _follow(
        self, script: Script, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        gone = asyncio.create_task(reader.read(1))
        try:
            for act in script:
                if isinstance(act, float):
                    await asyncio.wait({gone}, timeout=act)
                else:
                    writer.write(act if isinstance(act, bytes) else chunk({"content": act}))
                    await asyncio.sleep(0)
                    with suppress(OSError):
                        await writer.drain()
                if gone.done():
                    self.hung_up += 1
                    return
        finally:
            gone.cancel()


@asynccontextmanager
async def server(*scripts: Script) -> AsyncGenerator[Server]:
    """One that listens on loopback, until the block ends."""
    one = Server(scripts)
    listening = await asyncio.start_server(one.serve, "127.0.0.1", 0)
    one.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1"
    try:
        yield one
    finally:
        listening.close()
        await listening.wait_closed()

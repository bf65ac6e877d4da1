"""The native protocol as an old client speaks it: JSON by hand, no code shared with the server."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import json
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
from websockets.asyncio.client import ClientConnection, connect

PATIENCE_S = 60.0
TERMINAL = {"task_complete", "task_cancelled", "error"}


def tone(level: int, seconds: float = 1.0) -> bytes:
    """A WAV file whose loudest sample is `level` thousandths of full scale."""
    samples = np.sin(np.arange(int(16000 * seconds)) * 0.3)
    samples = np.round(samples / np.abs(samples).max() * level / 1000 * 32768).clip(-32768, 32767)
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(samples.astype("<i2").tobytes())
    return target.getvalue()


@asynccontextmanager
async def line(url: str, patience_s: float = PATIENCE_S, **options: Any) -> AsyncIterator[Line]:
    """`patience_s` is how long each message may take to come."""
    async with connect(url, max_size=None, open_timeout=PATIENCE_S, **options) as connection:
        yield Line(connection, patience_s)


class Line:
    """A connection; every message received is kept in `heard`."""

    def __init__(self, connection: ClientConnection, patience_s: float = PATIENCE_S) -> None:
        self.connection = connection
        self.patience_s = patience_s
        self.heard: list[dict[str, Any]] = []

    async def send(self, kind: str, **data: Any) -> None:
        await self.connection.send(json.dumps({"type": kind, "data": data}))

    async def next(self) -> dict[str, Any]:
        message = json.loads(await asyncio.wait_for(self.connection.recv(), self.patience_s))
        self.heard.append(message)
        return message

    async def expect(self, kind: str) -> dict[str, Any]:
        message = await self.next()
        assert message["type"] == kind, message
        return message["data"]

    async def until(self, *kinds: str) -> dict[str, Any]:
        """The next message of one of the kinds, others being only noted."""
        while True:
            message = await self.next()
            if message["type"] in kinds:
                return message

    async def upload(self, name: str, content: bytes, **options: Any) -> tuple[str, str]:
        """Send a recording in one message; its task and the kind of acknowledgement (or task_complete)."""
        await self.send(
            "upload_request",
            file_name=name,
            file_size=len(content),
            file_hash=hashlib.md5(content).hexdigest(),
            **options,
        )
        opened = await self.until("upload_ready", "task_complete", "error")
        task_id = opened["data"]["task_id"]
        if opened["type"] != "upload_ready":
            return task_id, opened["type"]
        await self.send("upload_data", task_id=task_id, file_data=base64.b64encode(content).decode())
        answer = await self.until("upload_complete", "task_queued", "queue_full", "error")
        return task_id, answer["type"]

    async def result(self, name: str, content: bytes, **options: Any) -> dict[str, Any]:
        """The terminal message of a recording's task."""
        _, kind = await self.upload(name, content, **options)
        return self.heard[-1] if kind in TERMINAL else await self.until(*TERMINAL)

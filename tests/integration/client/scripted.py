"""A server that speaks the native protocol as its document says, with faults on order; no models."""

from __future__ import annotations

import asyncio
import hashlib
import json
import ssl
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

TEXTS = ("One.", "Two.", "Three.", "Four.")
_HEAD_BYTES = 36


@dataclass
class Upload:
    """What has arrived, by index."""

    request: dict[str, Any]
    chunks: dict[int, bytes] = field(default_factory=dict[int, bytes])

    @property
    def missing(self) -> list[list[int]]:
        return [[i, i] for i in range(self.request["total_chunks"]) if i not in self.chunks]


@dataclass
class Task:
    """Runs whoever listens."""

    id: str
    request: dict[str, Any]
    md5: str
    status: str = "processing"
    told: list[str] = field(default_factory=list[str])
    error: tuple[str, str] | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def move(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()


@dataclass
class Native:
    """What to do, and what was done. Messages are counted in both directions; the line is cut in place
    of the messages numbered in `cuts`.
    """

    token: str | None = None
    cuts: set[int] = field(default_factory=set[int])
    refusals: dict[str, list[dict[str, Any]]] = field(default_factory=dict[str, list[dict[str, Any]]])
    full: int = 0
    queued: bool = False
    known: set[str] = field(default_factory=set[str])
    held: bool = False
    failure: tuple[str, str] | None = None
    pace_s: float = 0.002
    chunk_pace_s: float = 0.0
    stalled: bool = False
    uploads: dict[str, Upload] = field(default_factory=dict[str, Upload])
    tasks: dict[str, Task] = field(default_factory=dict[str, Task])
    chunks: Counter[int] = field(default_factory=Counter[int])
    heard: list[str] = field(default_factory=list[str])
    counted: int = 0
    lines: int = 0
    url: str = ""
    running: set[asyncio.Task[None]] = field(default_factory=set["asyncio.Task[None]"])

    def refuse(self, kind: str, code: str, times: int = 1, **more: Any) -> None:
        """Answer the next messages of that type with an error."""
        error = {"error": code, "message": f"Because of {code}.", "details": None, **more}
        self.refusals.setdefault(kind, []).extend([error] * times)


class Cut(Exception):
    """The line ends here."""


class Line:
    def __init__(self, native: Native, socket: ServerConnection) -> None:
        self.native = native
        self.socket = socket
        self.followers: dict[str, asyncio.Task[None]] = {}

    def count(self) -> None:
        self.native.counted += 1
        if self.native.counted in self.native.cuts:
            self.socket.transport.abort()
            raise Cut

    async def say(self, kind: str, **data: Any) -> None:
        self.count()
        stamp = datetime.now(UTC).isoformat()
        await self.socket.send(json.dumps({"type": kind, "data": data, "timestamp": stamp}))

    async def talk(self) -> None:
        native = self.native
        native.lines += 1
        if native.token is not None:
            await self.say("auth_required", message="Who is there?")
            message = json.loads(await self.socket.recv())
            if message.get("data", {}).get("token") != native.token:
                await self.say("error", error="auth_failed", message="No.", details=None)
                return
            await self.say("auth_success", message="Welcome.", user={"username": "anna"})
        now = datetime.now(UTC).isoformat()
        await self.say("connected", connection_id="1", message="Hello.", server_time=now)
        async for frame in self.socket:
            self.count()
            if isinstance(frame, bytes):
                await self.on_chunk(frame)
                continue
            message = json.loads(frame)
            kind, data = message["type"], message.get("data") or {}
            native.heard.append(kind)
            if not await self.refused(kind, data.get("task_id")):
                await getattr(self, f"on_{kind}")(data)

    async def refused(self, kind: str, task_id: str | None, **more: Any) -> bool:
        waiting = self.native.refusals.get(kind)
        if not waiting:
            return False
        await self.say("error", **{"task_id": task_id, "chunk_index": None, **waiting.pop(0), **more})
        return True

    async def error(self, code: str, task_id: str) -> None:
        await self.say("error", error=code, message=f"It is {code}.", details=None, task_id=task_id)

    async def on_ping(self, data: dict[str, Any]) -> None:
        await self.say("pong", timestamp=datetime.now(UTC).isoformat())

    async def on_upload_request(self, data: dict[str, Any]) -> None:
        task_id = str(uuid4())
        if data["file_hash"] in self.native.known and not data["force_refresh"]:
            task = Task(task_id, data, data["file_hash"], status="completed", told=list(TEXTS))
            self.native.tasks[task_id] = task
            return await self.complete(task)
        self.native.uploads[task_id] = Upload(data)
        await self.say(
            "upload_ready",
            task_id=task_id,
            message="Send.",
            chunk_size=data["chunk_size"],
            total_chunks=data["total_chunks"],
        )
        return None

    async def on_chunk(self, frame: bytes) -> None:
        task_id = str(UUID(bytes=frame[:16]))
        index = int.from_bytes(frame[16:20], "little")
        body = frame[_HEAD_BYTES:]
        if await self.refused("chunk", task_id, chunk_index=index):
            return None
        upload = self.native.uploads.get(task_id)
        if upload is None:
            return await self.error("session_not_found", task_id)
        assert hashlib.md5(body).digest() == frame[20:36]
        while self.native.stalled:  # noqa: ASYNC110 - it is set in another thread
            await asyncio.sleep(self.native.pace_s)
        if self.native.chunk_pace_s:
            await asyncio.sleep(self.native.chunk_pace_s)
        self.native.chunks[index] += 1
        status = "duplicate" if index in upload.chunks else "received"
        upload.chunks[index] = body
        share = 100 * len(upload.chunks) / upload.request["total_chunks"]
        await self.say("chunk_received", task_id=task_id, chunk_index=index, progress=share, status=status)
        if not upload.missing and status == "received":
            await self.admit(task_id)
        return None

    async def admit(self, task_id: str) -> None:
        native, upload = self.native, self.native.uploads[task_id]
        whole = b"".join(upload.chunks[index] for index in sorted(upload.chunks))
        if await self.refused("whole", task_id):
            upload.chunks.clear()
            return None
        if upload.request["file_hash"] != f"sha256:{hashlib.sha256(whole).hexdigest()}":
            upload.chunks.clear()
            return await self.error("file_hash_mismatch", task_id)
        if native.full > 0:
            native.full -= 1
            size = {"queue_size": 5, "max_queue_size": 5}
            return await self.say(
                "queue_full", task_id=task_id, retry_after=1, error="queue_full", message="队列已满", **size
            )
        del native.uploads[task_id]
        task = native.tasks[task_id] = Task(task_id, upload.request, hashlib.md5(whole).hexdigest())
        running = asyncio.create_task(self.work(task))
        native.running.add(running)
        running.add_done_callback(native.running.discard)
        if native.queued:
            wait = {"queue_position": 2, "estimated_wait_seconds": 61.5, "estimated_wait_minutes": 2}
            await self.say("task_queued", task_id=task_id, message="It waits.", **wait)
        else:
            await self.say("upload_complete", task_id=task_id, message="It begins.")
        self.follow(task, None if not upload.request["segments"] else 0)
        return None

    async def work(self, task: Task) -> None:
        for text in TEXTS:
            await asyncio.sleep(self.native.pace_s)
            task.told.append(text)
            task.move()
        while self.native.held:  # noqa: ASYNC110 - it is set in another thread
            await asyncio.sleep(self.native.pace_s)
        if task.status == "processing":
            task.error = self.native.failure
            task.status = "failed" if task.error else "completed"
        task.move()

    def follow(self, task: Task, from_segment: int | None) -> None:
        if old := self.followers.pop(task.id, None):
            old.cancel()
        self.followers[task.id] = asyncio.create_task(self.tell(task, from_segment))

    async def tell(self, task: Task, from_segment: int | None) -> None:
        with suppress(Cut, ConnectionClosed):
            await self.tell_all(task, from_segment)

    async def tell_all(self, task: Task, following: int | None) -> None:
        while True:
            changed = task.changed
            if following is not None:
                for index in range(following, len(task.told)):
                    times = {"start": float(index), "end": index + 0.9}
                    await self.say(
                        "task_segment",
                        task_id=task.id,
                        index=index,
                        text=task.told[index],
                        final=False,
                        **times,
                    )
                following = max(following, len(task.told))
            if task.status != "processing":
                return await self.end(task)
            await self.progress(task, 25.0 * len(task.told), "processing", "Recognising.")
            await changed.wait()

    async def progress(self, task: Task, percent: float, status: str, message: str) -> None:
        stamp = datetime.now(UTC).isoformat()
        more = {"error_type": None, "timestamp": stamp}
        await self.say(
            "task_progress", task_id=task.id, progress=percent, status=status, message=message, **more
        )

    async def end(self, task: Task) -> None:
        if task.status == "completed":
            return await self.complete(task)
        if task.status == "cancelled":
            return await self.say("task_cancelled", task_id=task.id, message="It was cancelled.")
        code, message = task.error or ("job_failed", "It failed.")
        await self.progress(task, 50.0, "failed", message)
        await self.say("error", error=code, message=message, details=None, task_id=task.id)
        return None

    async def complete(self, task: Task) -> None:
        stamp = datetime.now(UTC).isoformat()
        await self.say("task_complete", task_id=task.id, result=result(task), timestamp=stamp)

    async def on_finalize_upload(self, data: dict[str, Any]) -> None:
        task_id = data["task_id"]
        if task_id in self.native.tasks:
            return await self.on_task_status(data)
        if task_id not in self.native.uploads:
            return await self.error("session_not_found", task_id)
        if self.native.uploads[task_id].missing:
            return await self.error("finalize_error", task_id)
        return await self.admit(task_id)

    async def on_upload_status(self, data: dict[str, Any]) -> None:
        upload = self.native.uploads.get(data["task_id"])
        if upload is None:
            return await self.error("session_not_found", data["task_id"])
        shape = {key: upload.request[key] for key in ("chunk_size", "total_chunks")}
        await self.say(
            "upload_status",
            task_id=data["task_id"],
            received=len(upload.chunks),
            missing=upload.missing,
            **shape,
        )
        return None

    async def on_task_status(self, data: dict[str, Any]) -> None:
        task = self.native.tasks.get(data["task_id"])
        if task is None:
            return await self.error("task_not_found", data["task_id"])
        await self.say("task_status", **status(task))
        return None

    async def on_task_status_batch(self, data: dict[str, Any]) -> None:
        items: list[dict[str, Any]] = []
        for task_id in data["task_ids"]:
            task = self.native.tasks.get(task_id)
            unknown = {"task_id": task_id, "status": None, "progress": 0, "error": "task_not_found"}
            items.append({**(status(task) if task else unknown), "srt_content": None})
        await self.say("task_status_batch", items=items)

    async def on_task_list(self, data: dict[str, Any]) -> None:
        first = int(data["cursor"] or 0)
        tasks = [task for task in self.native.tasks.values() if data["status"] in (None, task.status)]
        page = tasks[first : first + data["limit"]]
        more = first + len(page) < len(tasks)
        cursor = str(first + len(page)) if more else None
        await self.say("task_list", items=[listed(task) for task in page], next_cursor=cursor)

    async def on_subscribe(self, data: dict[str, Any]) -> None:
        task = self.native.tasks.get(data["task_id"])
        if task is None:
            return await self.error("task_not_found", data["task_id"])
        await self.say("task_status", **status(task))
        self.follow(task, data["from_segment"])
        return None

    async def on_cancel_task(self, data: dict[str, Any]) -> None:
        task = self.native.tasks.get(data["task_id"])
        if task is None:
            return await self.error("task_not_found", data["task_id"])
        if task.status != "processing":
            return await self.error("cancel_failed", data["task_id"])
        task.status = "cancelled"
        task.move()
        await self.say("task_cancelled", task_id=task.id, message="It was cancelled.")
        return None


def status(task: Task) -> dict[str, Any]:
    over = task.status == "completed"
    return {
        "task_id": task.id,
        "status": task.status,
        "progress": 100.0 if over else 25.0 * len(task.told),
        "result": result(task) if over else None,
        "error": task.error[1] if task.error else None,
    }


def listed(task: Task) -> dict[str, Any]:
    return {
        "task_id": task.id,
        "file_name": task.request["file_name"],
        "status": task.status,
        "progress": 100.0,
        "output_format": task.request["output_format"],
        "engine": "embedded",
        "created_at": "2025-06-01T08:30:00+00:00",
        "finished_at": None,
        "duration": 4.0,
        "error": None,
    }


def result(task: Task) -> dict[str, Any]:
    metadata = {
        "engine": "embedded",
        "diarize": True,
        "word_align": False,
        "language": "en",
        "projected": False,
        "warnings": ["A little noise."],
    }
    name = task.request["file_name"]
    shared = {"file_name": name, "stored_name": f"{task.md5}.wav", "file_hash": task.md5}
    if task.request["output_format"] != "json":
        form = task.request["output_format"]
        content = "".join(f"{text}\n" for text in TEXTS)
        return {"format": form, "content": content, "duration": 4.0, "metadata": metadata, **shared}
    segments = [
        {"start_time": float(i), "end_time": i + 0.9, "text": text, "speaker": "Speaker1", "words": None}
        for i, text in enumerate(TEXTS)
    ]
    return {
        "task_id": task.id,
        "duration": 4.0,
        "segments": segments,
        "speakers": ["Speaker1"],
        "created_at": "2025-06-01T08:30:00+00:00",
        "processing_time": 1.0,
        "error": None,
        "metadata": metadata,
        **shared,
    }


@contextmanager
def serving(native: Native, port: int = 0, tls: ssl.SSLContext | None = None) -> Iterator[Native]:
    """Serve in a thread of its own; `native.url` says where."""
    ready, loop = threading.Event(), asyncio.new_event_loop()
    stop = asyncio.Event()

    async def handle(socket: ServerConnection) -> None:
        line = Line(native, socket)
        try:
            await line.talk()
        except (Cut, ConnectionClosed):
            pass
        finally:
            for follower in line.followers.values():
                follower.cancel()

    async def main() -> None:
        async with serve(handle, "127.0.0.1", port, ssl=tls, max_size=64 * 1024 * 1024) as server:
            native.url = f"{'wss' if tls else 'ws'}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            ready.set()
            await stop.wait()
        for running in native.running:
            running.cancel()

    thread = threading.Thread(target=lambda: loop.run_until_complete(main()), daemon=True)
    thread.start()
    assert ready.wait(30)
    try:
        yield native
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(30)

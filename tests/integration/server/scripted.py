"""Rooms behind the native door that do as a test tells them, and the door on a real socket."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
import uuid
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from websockets.asyncio.client import ClientConnection, connect

from parley.errors import (
    AuthFailed,
    CancelFailed,
    ChunkHashMismatch,
    FinalizeError,
    HashMismatch,
    InvalidChunk,
    ParleyError,
    SessionNotFound,
    SizeMismatch,
    TaskExpired,
    TaskNotFound,
)
from parley.jobs.principal import Principal
from parley.jobs.task import Failure, Order, Task, TaskState
from parley.jobs.updates import Moved, Over, Told, Update
from parley.jobs.upload import (
    Acknowledgement,
    Answered,
    ChunkReceipt,
    Opened,
    Started,
    UploadPlan,
    UploadState,
)
from parley.server.gate import Gate, GateOptions
from parley.server.http_wire import BoundedHttp
from parley.server.native.behind import NativeOptions
from parley.server.native.door import native_door
from parley.server.pace import Pace
from parley.server.socket.wire_options import WireOptions
from parley.server.socket.wire_protocol import wire_protocol
from parley.wire.native.message import now
from parley.wire.native.result import JsonResult, Metadata, TextResult

Message = dict[str, Any]


@dataclass
class ScriptedDesk:
    """Tasks move when the test says so."""

    tasks: dict[str, Task] = field(default_factory=dict)
    expired: set[str] = field(default_factory=set)
    told: dict[str, list[Told]] = field(default_factory=dict)
    watchers: int = 0
    text: str = "Good morning."
    broken: ParleyError | None = None
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def put(self, task_id: str = "", user: str = "anybody", order: Order | None = None) -> Task:
        task = Task(
            id=task_id or str(uuid.uuid4()),
            user=user,
            state=TaskState.PENDING,
            progress=0.0,
            order=order or Order(file_name="talk.wav", profile="embedded"),
            sha256="0" * 64,
            md5="0" * 32,
            size_bytes=1,
            created_at=time.time(),
        )
        self.tasks[task.id] = task
        return task

    def change(self, task_id: str, **changes: Any) -> None:
        self.tasks[task_id] = replace(self.tasks[task_id], **changes)
        self._changed.set()
        self._changed = asyncio.Event()

    def tell(self, task_id: str, text: str) -> None:
        heard = self.told.setdefault(task_id, [])
        heard.append(Told(number=len(heard), start=float(len(heard)), end=len(heard) + 1.0, text=text))
        self.change(task_id, state=TaskState.PROCESSING)

    def end(self, task_id: str, state: TaskState, failure: Failure | None = None) -> None:
        self.change(task_id, state=state, progress=100.0, failure=failure, finished_at=time.time())

    async def get(self, who: Principal, task_id: str) -> Task:
        if self.broken is not None:
            raise self.broken
        if task_id in self.expired:
            raise TaskExpired("The task was forgotten.")
        task = self.tasks.get(task_id)
        if task is None or not who.may_see(task.user):
            raise TaskNotFound("There is no task with this id.")
        return task

    async def list(
        self, who: Principal, *, limit: int, cursor: str | None, state: TaskState | None
    ) -> tuple[list[Task], str | None]:
        found = [task for task in self.tasks.values() if who.may_see(task.user)]
        found = [task for task in found if state is None or task.state is state]
        first = int(cursor or 0)
        return found[first : first + limit], str(first + limit) if len(found) > first + limit else None

    async def cancel(self, who: Principal, task_id: str) -> Task:
        task = await self.get(who, task_id)
        if task.state.is_over:
            raise CancelFailed("The task is over.")
        self.end(task_id, TaskState.CANCELLED)
        return self.tasks[task_id]

    async def watch(
        self, who: Principal, task_id: str, *, from_segment: int | None = None
    ) -> AsyncGenerator[Update, None]:
        self.watchers += 1
        try:
            position = from_segment
            while True:
                task, changed = await self.get(who, task_id), self._changed
                if not task.state.is_over:
                    yield Moved(progress=task.progress, message="Working")
                if position is not None:
                    for told in self.told.get(task_id, [])[position:]:
                        position += 1
                        yield told
                if task.state.is_over:
                    yield Over(task=task)
                    return
                await changed.wait()
        finally:
            self.watchers -= 1

    async def result(
        self, who: Principal, task_id: str, output_format: str | None = None
    ) -> JsonResult | TextResult:
        task = await self.get(who, task_id)
        common: dict[str, Any] = {
            "file_name": task.order.file_name,
            "stored_name": f"{task.md5}.wav",
            "file_hash": task.md5,
            "duration": 1.0,
            "metadata": Metadata(engine="embedded", diarize=True, word_align=False),
        }
        wanted = output_format or task.order.output_format
        if wanted != "json":
            return TextResult(format=wanted, content=self.text, **common)
        return JsonResult(
            task_id=task.id, segments=[], speakers=[], created_at=now(), processing_time=0.1, **common
        )

    async def recording_path(self, who: Principal, task_id: str) -> Any:
        raise NotImplementedError


@dataclass
class Incoming:
    """An upload on its way in."""

    who: Principal
    plan: UploadPlan
    chunks: dict[int, bytes] = field(default_factory=dict)


@dataclass
class ScriptedReception:
    """Keeps bytes in memory, checks what the protocol says, and acknowledges as it is told."""

    desk: ScriptedDesk
    uploads: dict[str, Incoming] = field(default_factory=dict)
    received: dict[str, bytes] = field(default_factory=dict)
    acknowledge: Callable[[str], Acknowledgement] = field(
        default_factory=lambda: lambda task_id: Started(task_id=task_id)
    )
    hit: bool = False
    refusal: Exception | None = None
    hold: asyncio.Event | None = None
    in_progress: int = 0
    most_in_progress: int = 0

    async def open(self, who: Principal, plan: UploadPlan) -> Opened:
        if self.refusal is not None:
            raise self.refusal
        task_id = str(uuid.uuid4())
        if self.hit:
            self.desk.put(task_id, who.user, plan.order)
            self.desk.end(task_id, TaskState.COMPLETED)
            return Opened(task_id=task_id, hit=True)
        self.uploads[task_id] = Incoming(who, plan)
        return Opened(task_id=task_id, chunk_bytes=plan.chunk_bytes, chunks=plan.chunks)

    async def write_whole(self, who: Principal, task_id: str, data: bytes) -> Acknowledgement:
        upload = self._upload(who, task_id)
        if len(data) != upload.plan.size_bytes:
            raise SizeMismatch("The file has another size.")
        if hashlib.md5(data).hexdigest() != upload.plan.declared_hash:
            raise HashMismatch("The file has another hash.")
        return self._admit(task_id, upload, data)

    async def write_chunk(
        self, who: Principal, task_id: str, index: int, data: bytes | memoryview, md5: bytes | None
    ) -> ChunkReceipt:
        upload = self._upload(who, task_id)
        self.in_progress += 1
        self.most_in_progress = max(self.most_in_progress, self.in_progress)
        try:
            if self.hold is not None:
                await self.hold.wait()
            if not 0 <= index < upload.plan.chunks:
                raise InvalidChunk("There is no such chunk.")
            if md5 is not None and hashlib.md5(data).digest() != md5:
                raise ChunkHashMismatch("The chunk has another hash.")
        finally:
            self.in_progress -= 1
        known = index in upload.chunks
        upload.chunks[index] = bytes(data)
        received = len(upload.chunks)
        return ChunkReceipt(
            task_id=task_id,
            index=index,
            received=received,
            chunks=upload.plan.chunks,
            is_duplicate=known,
            whole=received == upload.plan.chunks and not known,
        )

    async def finish(self, who: Principal, task_id: str) -> Acknowledgement:
        upload = self._upload(who, task_id)
        if len(upload.chunks) < upload.plan.chunks:
            raise FinalizeError("Chunks are missing.")
        return self._admit(task_id, upload, b"".join(upload.chunks[i] for i in range(upload.plan.chunks)))

    def _admit(self, task_id: str, upload: Incoming, data: bytes) -> Acknowledgement:
        answer = self.acknowledge(task_id)
        self.received[task_id] = data
        if type(answer).__name__ != "Full":
            del self.uploads[task_id]
            self.desk.put(task_id, upload.who.user, upload.plan.order)
        if isinstance(answer, Answered):
            self.desk.end(task_id, TaskState.COMPLETED)
        return answer

    async def state(self, who: Principal, task_id: str) -> UploadState:
        upload = self._upload(who, task_id)
        missing = [index for index in range(upload.plan.chunks) if index not in upload.chunks]
        return UploadState(
            task_id=task_id,
            door="chunked",
            size_bytes=upload.plan.size_bytes or 0,
            chunk_bytes=upload.plan.chunk_bytes,
            chunks=upload.plan.chunks,
            received=len(upload.chunks),
            missing=tuple((index, index) for index in missing),
        )

    async def abandon(self, who: Principal, task_id: str) -> bool:
        return self.uploads.pop(task_id, None) is not None

    async def append(self, *arguments: Any) -> Any:
        raise NotImplementedError

    async def receive(self, *arguments: Any) -> Any:
        raise NotImplementedError

    def _upload(self, who: Principal, task_id: str) -> Incoming:
        upload = self.uploads.get(task_id)
        if upload is None or not who.may_see(upload.who.user):
            raise SessionNotFound("There is no such upload.")
        return upload


@dataclass
class ScriptedAuthority:
    """Knows users by their names; empty means that nobody is asked."""

    users: set[str] = field(default_factory=set)

    @property
    def enabled(self) -> bool:
        return bool(self.users)

    async def identify(self, token: str | None) -> Principal:
        if not self.users:
            return Principal()
        if token not in self.users:
            raise AuthFailed("Authentication failed.")
        return Principal(user=token.removeprefix("pk_"))


class Scene:
    """The native door with scripted rooms behind it."""

    def __init__(
        self,
        *users: str,
        wire: WireOptions | None = None,
        pace: Pace | None = None,
        gate: GateOptions | None = None,
        rooms: tuple[Any, Any] | None = None,
        authority: Any = None,
        **options: Any,
    ) -> None:
        self.desk = ScriptedDesk()
        self.reception = ScriptedReception(self.desk)
        self.authority = authority or ScriptedAuthority(set(users))
        self.wire = wire or WireOptions()
        self.pace = pace or Pace(0)
        desk, reception = rooms or (self.desk, self.reception)
        self.door = native_door(desk, reception, self.authority, NativeOptions(**options), self.pace)
        self.gate = gate or GateOptions()
        self.port = 0
        self.server: Any = None

    def application(self) -> Gate:
        routes = [Route("/", _page), WebSocketRoute("/{path:path}", self.door)]
        app = Starlette(routes=routes)
        app.state.rooms = SimpleNamespace(authority=self.authority)
        return Gate(app, self.gate, self.pace)

    @asynccontextmanager
    async def served(self, **how: Any) -> AsyncGenerator[Scene, None]:
        config = uvicorn.Config(
            self.application(),
            port=0,
            http=BoundedHttp,
            ws=wire_protocol(self.wire),
            lifespan="off",
            log_config=None,
            timeout_graceful_shutdown=10,
            **how,
        )
        config.load()
        self.server = uvicorn.Server(config)
        serving = asyncio.create_task(self.server._serve())
        try:
            await until(lambda: self.server.started)
            self.port = self.server.servers[0].sockets[0].getsockname()[1]
            yield self
        finally:
            self.server.should_exit = True
            await serving

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/"

    @asynccontextmanager
    async def client(self, path: str = "", **how: Any) -> AsyncGenerator[Client, None]:
        how.setdefault("max_size", None)
        async with connect(self.url + path, **how) as connection:
            yield Client(connection)


async def _page(request: Request) -> PlainTextResponse:
    return PlainTextResponse("the page")


class Client:
    """Speaks the native protocol as plainly as possible."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def send(self, kind: str, **data: Any) -> None:
        await self.connection.send(json.dumps({"type": kind, "data": data}))

    async def hear(self) -> Message:
        async with asyncio.timeout(60):
            return json.loads(await self.connection.recv())

    async def expect(self, *kinds: str) -> Message:
        message = await self.hear()
        assert message["type"] in kinds, message
        return message["data"]

    async def wait_for(self, kind: str) -> Message:
        """The next message of a kind; progress before it is passed over."""
        while (message := await self.hear())["type"] != kind:
            assert message["type"] == "task_progress", message
        return message["data"]

    async def ask(self, kind: str, **data: Any) -> Message:
        await self.send(kind, **data)
        return await self.hear()

    async def refused(self, kind: str, **data: Any) -> Message:
        await self.send(kind, **data)
        return await self.expect("error")

    async def ends(self, code: int = 1000) -> None:
        async with asyncio.timeout(60):
            await self.connection.wait_closed()
        assert self.connection.close_code == code

    async def begin_chunked(self, data: bytes, chunk_bytes: int, **options: Any) -> str:
        count = -(-len(data) // chunk_bytes)
        await self.send(
            "upload_request",
            file_name="talk.wav",
            file_size=len(data),
            file_hash=hashlib.md5(data).hexdigest(),
            upload_mode="chunked",
            chunk_size=chunk_bytes,
            total_chunks=count,
            **options,
        )
        ready = await self.expect("upload_ready")
        assert (ready["chunk_size"], ready["total_chunks"]) == (chunk_bytes, count)
        return ready["task_id"]

    async def begin_single(self, data: bytes, **options: Any) -> str:
        await self.send(
            "upload_request",
            file_name="talk.wav",
            file_size=len(data),
            file_hash=hashlib.md5(data).hexdigest(),
            **options,
        )
        return (await self.expect("upload_ready"))["task_id"]


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that will come true."""
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - any condition
            await asyncio.sleep(0.01)

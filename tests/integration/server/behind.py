"""A desk and a reception that do as they are told, for the HTTP doors."""

from __future__ import annotations

import asyncio
import hashlib
import time
import uuid
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from parley.errors import (
    AuthFailed,
    CancelFailed,
    ConversationNotFound,
    EditConflict,
    FileNotFound,
    FileTooLarge,
    FinalizeError,
    SessionNotFound,
    TaskNotFound,
    UploadRefused,
)
from parley.formats.native import TaskFacts, result_of
from parley.jobs import edits as overlay
from parley.jobs.edits import Edits
from parley.jobs.principal import Principal
from parley.jobs.task import Order, Task, TaskState
from parley.jobs.updates import Moved, Over, Told, Update
from parley.jobs.upload import (
    Acknowledgement,
    Answered,
    Full,
    Opened,
    Queued,
    Started,
    UploadPlan,
    UploadState,
)
from parley.server.application import DoorOptions, Rooms, build
from parley.server.http_wire import BoundedHttp
from parley.server.identity import PEER, Peer
from parley.speech.conversation import Message, StoredConversation
from parley.speech.transcript import Segment, Transcript
from parley.synthesis.contract import SynthesisRoom
from parley.wire.native.result import JsonResult, TextResult

TRANSCRIPT = Transcript(
    duration=4.0,
    language="en",
    profile="embedded",
    diarized=True,
    speakers=("Speaker1",),
    segments=(
        Segment(start=0.0, end=1.5, text="Good morning.", speaker="Speaker1"),
        Segment(start=2.0, end=4.0, text="早上好。", speaker="Speaker1"),
    ),
)


@dataclass
class ScriptedDesk:
    """Tasks that somebody put there."""

    tasks: dict[str, Task] = field(default_factory=dict)
    corrections: dict[str, Edits] = field(default_factory=dict)
    recordings: dict[str, Path] = field(default_factory=dict)
    beats: asyncio.Event = field(default_factory=asyncio.Event)
    watchers: int = 0

    def put(self, state: TaskState = TaskState.COMPLETED, user: str = "anybody", **changes: Any) -> Task:
        task = Task(
            id=str(uuid.uuid4()),
            user=user,
            state=state,
            progress=100.0 if state is TaskState.COMPLETED else 0.0,
            order=changes.pop("order", Order(file_name="会议 one.m4a", profile="embedded")),
            sha256="0" * 64,
            md5="0" * 32,
            size_bytes=changes.pop("size_bytes", 12),
            created_at=time.time(),
        )
        task = replace(task, **changes)
        self.tasks[task.id] = task
        return task

    async def get(self, who: Principal, task_id: str) -> Task:
        task = self.tasks.get(task_id)
        if task is None or not who.may_see(task.user):
            raise TaskNotFound("There is no task with this id.")
        return task

    async def list(
        self, who: Principal, *, limit: int, cursor: str | None, state: TaskState | None
    ) -> tuple[list[Task], str | None]:
        mine = [
            task
            for task in self.tasks.values()
            if who.may_see(task.user) and (state is None or task.state is state)
        ]
        first = int(cursor) if cursor and cursor.isdecimal() and len(cursor) < 10 else 0
        last = first + limit
        return mine[first:last], str(last) if last < len(mine) else None

    async def cancel(self, who: Principal, task_id: str) -> Task:
        task = await self.get(who, task_id)
        if task.state.is_over:
            raise CancelFailed("The task is over.")
        self.tasks[task_id] = replace(task, state=TaskState.CANCELLED)
        return self.tasks[task_id]

    async def watch(
        self, who: Principal, task_id: str, *, from_segment: int | None = None
    ) -> AsyncIterator[Update]:
        task = await self.get(who, task_id)
        self.watchers += 1
        try:
            yield Moved(progress=task.progress, message="Waiting")
            if from_segment is not None:
                for number, segment in list(enumerate(TRANSCRIPT.segments))[from_segment:]:
                    yield Told(number=number, start=segment.start, end=segment.end, text=segment.text)
            while not self.tasks[task_id].state.is_over:
                await self.beats.wait()
            yield Over(task=self.tasks[task_id])
        finally:
            self.watchers -= 1

    async def transcript(
        self, who: Principal, task_id: str, *, edited: bool = True
    ) -> tuple[Task, Transcript]:
        task = await self.get(who, task_id)
        if not edited:
            return task, TRANSCRIPT
        return task, overlay.applied(self.corrections.get(task_id, Edits()), TRANSCRIPT)

    async def result(
        self, who: Principal, task_id: str, output_format: str | None = None
    ) -> JsonResult | TextResult:
        task, transcript = await self.transcript(who, task_id)
        facts = TaskFacts(
            task_id=task.id,
            file_name=task.order.file_name,
            md5=task.md5,
            created_at=task.created_at,
            processing_s=1.0,
            profile=task.order.profile,
            diarize=True,
            words=False,
        )
        return result_of(transcript, facts, output_format or task.order.output_format)

    async def edits(self, who: Principal, task_id: str) -> Edits:
        await self.get(who, task_id)
        return self.corrections.get(task_id, Edits())

    async def edit(
        self, who: Principal, task_id: str, edits: Edits, *, expected: str | None = None
    ) -> tuple[Task, Edits]:
        task, _ = await self.transcript(who, task_id)
        overlay.check(edits, TRANSCRIPT)
        earlier = self.corrections.get(task_id, Edits())
        if expected is not None and expected != overlay.tag_of(earlier):
            raise EditConflict("Somebody else was faster.")
        self.corrections[task_id] = overlay.merged(earlier, edits)
        self.tasks[task_id] = replace(task, edited=bool(self.corrections[task_id]))
        return self.tasks[task_id], self.corrections[task_id]

    async def recording_path(self, who: Principal, task_id: str) -> tuple[Path, str]:
        task = await self.get(who, task_id)
        if task_id not in self.recordings:
            raise FileNotFound("The recording of this task is gone.")
        return self.recordings[task_id], task.order.file_name


@dataclass
class Incoming:
    """An upload on its way in."""

    who: Principal
    plan: UploadPlan
    data: bytearray = field(default_factory=bytearray)


@dataclass
class ScriptedReception:
    """Keeps bytes in memory and admits at once, or never while `full`."""

    desk: ScriptedDesk
    full: bool = False
    answered: bool = False
    most_bytes: int = 50_000_000
    uploads: dict[str, Incoming] = field(default_factory=dict)
    received: list[bytes] = field(default_factory=list)
    plans: list[UploadPlan] = field(default_factory=list)
    broken: list[int] = field(default_factory=list)

    async def open(self, who: Principal, plan: UploadPlan) -> Opened:
        if (plan.size_bytes or 0) > self.most_bytes:
            raise FileTooLarge("The file is too large.")
        if plan.size_bytes is not None and plan.size_bytes < 1:
            raise UploadRefused("The file is empty.")
        task_id = str(uuid.uuid4())
        self.uploads[task_id] = Incoming(who, plan)
        return Opened(task_id=task_id)

    async def append(
        self, who: Principal, task_id: str, offset: int, stream: AsyncIterable[bytes]
    ) -> UploadState:
        upload = self._upload(who, task_id)
        if offset != len(upload.data):
            raise FinalizeError("The offset is another.")
        async for piece in stream:
            if len(upload.data) + len(piece) > (upload.plan.size_bytes or 0):
                raise FileTooLarge("More bytes than announced.")
            upload.data += piece
        return await self.state(who, task_id)

    async def finish(self, who: Principal, task_id: str) -> Acknowledgement:
        if task_id in self.desk.tasks:
            await self.desk.get(who, task_id)
            return Answered(task_id=task_id)
        upload = self._upload(who, task_id)
        if upload.plan.size_bytes is not None and len(upload.data) < upload.plan.size_bytes:
            raise FinalizeError("Bytes are missing.")
        return self._admit(task_id, upload)

    async def receive(
        self, who: Principal, plan: UploadPlan, stream: AsyncIterable[bytes], settle: Any = None
    ) -> Acknowledgement:
        task_id = (await self.open(who, plan)).task_id
        upload = self.uploads[task_id]
        try:
            async for piece in stream:
                if len(upload.data) + len(piece) > self.most_bytes:
                    raise FileTooLarge("The file is too large.")
                upload.data += piece
            if settle is not None:
                upload.plan = await settle()
        except BaseException:
            self.broken.append(len(self.uploads.pop(task_id).data))
            raise
        return self._admit(task_id, upload)

    def _admit(self, task_id: str, upload: Incoming) -> Acknowledgement:
        if self.full:
            return Full(task_id=task_id, retry_after_s=7, waiting=500, most_waiting=500)
        self.plans.append(upload.plan)
        self.received.append(bytes(upload.data))
        del self.uploads[task_id]
        state = TaskState.COMPLETED if self.answered else TaskState.PENDING
        self.desk.put(
            state,
            upload.who.user,
            id=task_id,
            order=upload.plan.order,
            size_bytes=len(upload.data),
            md5=hashlib.md5(upload.data).hexdigest(),
        )
        if self.answered:
            return Answered(task_id=task_id)
        waiting = sum(task.state is TaskState.PENDING for task in self.desk.tasks.values())
        return Started(task_id=task_id) if waiting < 3 else Queued(task_id=task_id, position=1, wait_s=1.0)

    async def state(self, who: Principal, task_id: str) -> UploadState:
        upload = self._upload(who, task_id)
        return UploadState(
            task_id=task_id,
            door=upload.plan.door,
            size_bytes=upload.plan.size_bytes or 0,
            offset_bytes=len(upload.data),
            is_whole=len(upload.data) == upload.plan.size_bytes,
            expires_at=time.time() + 1800,
        )

    async def abandon(self, who: Principal, task_id: str) -> bool:
        upload = self.uploads.get(task_id)
        return upload is not None and upload.who == who and self.uploads.pop(task_id) is upload

    def _upload(self, who: Principal, task_id: str) -> Incoming:
        upload = self.uploads.get(task_id)
        if upload is None or upload.who != who:
            raise SessionNotFound("There is no such upload.")
        return upload


@dataclass
class ScriptedAuthority:
    """Knows users by their names."""

    users: tuple[str, ...] = ()

    @property
    def enabled(self) -> bool:
        return bool(self.users)

    async def identify(self, token: str | None) -> Principal:
        if not self.enabled:
            return Principal()
        if token not in self.users:
            raise AuthFailed("The token is not accepted.")
        return Principal(user=token)


class Introduced:
    """Tells who is at the other end, as the gate would."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        address = scope["client"][0]
        peer = Peer(address=address, is_local=address == "127.0.0.1")
        await self.app({**scope, PEER: peer}, receive, send)


class ScriptedConversations:
    """One conversation of everybody's who asks for it."""

    def __init__(self) -> None:
        self.stored = StoredConversation(
            conversation_id="c1", title="王芳好", language="zh", started_at=1.0, updated_at=2.0, messages=2
        )
        self.said = [
            Message(role="user", text="王芳好", at=1.5),
            Message(role="assistant", text="你好", at=2.0, interrupted=True),
        ]

    async def conversation(self, user: str, conversation_id: str) -> StoredConversation:
        if conversation_id != self.stored.conversation_id:
            raise ConversationNotFound("There is no conversation with this id.")
        return self.stored

    async def messages(self, user: str, conversation_id: str, last: int | None = None) -> list[Message]:
        await self.conversation(user, conversation_id)
        return self.said[-(last or len(self.said)) :]

    async def conversations(
        self, user: str, limit: int, before: str | None = None
    ) -> tuple[list[StoredConversation], str | None]:
        return [self.stored][:limit], None

    async def delete(self, user: str, conversation_id: str) -> bool:
        return conversation_id == self.stored.conversation_id


class Scene:
    """The doors with scripted rooms behind them."""

    def __init__(
        self, users: tuple[str, ...] = (), synthesis: SynthesisRoom | None = None, **options: Any
    ) -> None:
        self.desk = ScriptedDesk()
        self.reception = ScriptedReception(self.desk)
        self.unready: list[str] = []
        self.rooms = Rooms(
            desk=self.desk,
            reception=self.reception,
            authority=ScriptedAuthority(users),
            options=DoorOptions(**options),
            synthesis=synthesis,
            unready=lambda: self.unready,
            conversations=ScriptedConversations(),
            metrics=lambda: b"parley_up 1\n",
            figures=lambda: {"waiting": 3, "odd": 1.5},
        )
        self.app = build(self.rooms)
        self.app.add_middleware(Introduced)

    def client(self, **how: Any) -> httpx.AsyncClient:
        peer = how.pop("peer", "127.0.0.1")
        transport = httpx.ASGITransport(self.app, client=(peer, 5000), raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url="http://testserver", **how)


@asynccontextmanager
async def served(scene: Scene) -> AsyncGenerator[tuple[str, int], None]:
    """The doors on a real socket."""
    config = uvicorn.Config(scene.app, port=0, http=BoundedHttp, lifespan="off", log_config=None)
    config.load()
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server._serve())
    try:
        await until(lambda: server.started)
        yield server.servers[0].sockets[0].getsockname()[:2]
    finally:
        server.should_exit = server.force_exit = True
        await serving


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that will come true."""
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - whoever makes it true knows no event
            await asyncio.sleep(0.01)


def calling(host: str, port: int) -> httpx.AsyncClient:
    """A client of doors on a real socket."""
    return httpx.AsyncClient(base_url=f"http://{host}:{port}", timeout=60, trust_env=False)

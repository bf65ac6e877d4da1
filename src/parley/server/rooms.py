"""What the doors need of the rooms behind them."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator
from pathlib import Path
from typing import Protocol

from parley.jobs.principal import Principal
from parley.jobs.task import Task, TaskState
from parley.jobs.updates import Update
from parley.jobs.upload import Acknowledgement, ChunkReceipt, Opened, UploadPlan, UploadState
from parley.wire.native.result import JsonResult, TextResult


class Tasks(Protocol):
    """The desk: everything about tasks that exist. A task of somebody else does not (TaskNotFound)."""

    async def get(self, who: Principal, task_id: str) -> Task:
        """How the task is; raises TaskNotFound or TaskExpired."""
        ...

    async def list(
        self, who: Principal, *, limit: int, cursor: str | None, state: TaskState | None
    ) -> tuple[list[Task], str | None]:
        """The user's tasks, the newest first, and where to go on."""
        ...

    async def cancel(self, who: Principal, task_id: str) -> Task:
        """Stop it for good; raises CancelFailed when it is over."""
        ...

    def watch(
        self, who: Principal, task_id: str, *, from_segment: int | None = None
    ) -> AsyncIterator[Update]:
        """The present state, what happens, and exactly one Over; no Told where `from_segment` is None."""
        ...

    async def result(
        self, who: Principal, task_id: str, output_format: str | None = None
    ) -> JsonResult | TextResult:
        """The result of a completed task, in the format asked for now or when it was ordered."""
        ...

    async def recording_path(self, who: Principal, task_id: str) -> tuple[Path, str]:
        """The recording and a name to show; raises FileNotFound when it is gone."""
        ...


class Uploads(Protocol):
    """The reception: bytes become an admitted task."""

    async def open(self, who: Principal, plan: UploadPlan) -> Opened:
        """All checks that need no bytes."""
        ...

    async def write_whole(self, who: Principal, task_id: str, data: bytes) -> Acknowledgement:
        """The bytes of an upload in single mode."""
        ...

    async def write_chunk(
        self, who: Principal, task_id: str, index: int, data: bytes | memoryview, md5: bytes | None
    ) -> ChunkReceipt:
        """One chunk of a chunked upload."""
        ...

    async def append(
        self, who: Principal, task_id: str, offset: int, stream: AsyncIterable[bytes]
    ) -> UploadState:
        """More bytes of a tus upload; what has arrived is kept when the stream breaks."""
        ...

    async def finish(self, who: Principal, task_id: str) -> Acknowledgement:
        """Admit an upload whose bytes are all there; may be called again."""
        ...

    async def receive(
        self, who: Principal, plan: UploadPlan, stream: AsyncIterable[bytes]
    ) -> Acknowledgement:
        """A whole upload in one stream."""
        ...

    async def state(self, who: Principal, task_id: str) -> UploadState:
        """What has arrived; raises SessionNotFound."""
        ...

    async def abandon(self, who: Principal, task_id: str) -> bool:
        """Drop an upload that is no task yet; False when there is none."""
        ...


class Identities(Protocol):
    """The authority: who a token stands for."""

    @property
    def enabled(self) -> bool:
        """Whether a token is asked for at all."""
        ...

    async def identify(self, token: str | None) -> Principal:
        """The user; raises AuthFailed."""
        ...

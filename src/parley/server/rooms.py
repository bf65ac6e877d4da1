"""What the doors need of the rooms behind them."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from parley import __version__
from parley.assistant.contract import AssistantRoom
from parley.jobs.edits import Edits
from parley.jobs.principal import Principal
from parley.jobs.task import Task, TaskState
from parley.jobs.updates import Update
from parley.jobs.upload import Acknowledgement, ChunkReceipt, Opened, UploadPlan, UploadState
from parley.live.contract import LiveRoom
from parley.speech.conversation import Message, StoredConversation
from parley.speech.transcript import Transcript
from parley.synthesis.contract import SynthesisRoom
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

    async def transcript(
        self, who: Principal, task_id: str, *, edited: bool = True
    ) -> tuple[Task, Transcript]:
        """The transcript of a completed task, with its edits applied or as it was recognised."""
        ...

    async def edits(self, who: Principal, task_id: str) -> Edits:
        """The corrections that lie over the transcript of this task."""
        ...

    async def edit(
        self, who: Principal, task_id: str, edits: Edits, *, expected: str | None = None
    ) -> tuple[Task, Edits]:
        """Lay corrections over the transcript of this task; raises EditConflict when others than those of
        the tag `expected` lie there."""
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
        self,
        who: Principal,
        plan: UploadPlan,
        stream: AsyncIterable[bytes],
        settle: Callable[[], Awaitable[UploadPlan]] | None = None,
    ) -> Acknowledgement:
        """A whole upload in one stream; `settle` gives the plan as it stands at its end."""
        ...

    async def state(self, who: Principal, task_id: str) -> UploadState:
        """What has arrived; raises SessionNotFound."""
        ...

    async def abandon(self, who: Principal, task_id: str) -> bool:
        """Drop an upload that is no task yet; False when there is none."""
        ...


class Remembered(Protocol):
    """Conversations as they are kept; one of somebody else does not exist. Every method may raise
    StorageError.
    """

    async def conversation(self, user: str, conversation_id: str) -> StoredConversation:
        """One of the user's; raises ConversationNotFound."""
        ...

    async def messages(self, user: str, conversation_id: str, last: int | None = None) -> Sequence[Message]:
        """What was said, in order; raises ConversationNotFound."""
        ...

    async def conversations(
        self, user: str, limit: int, before: str | None = None
    ) -> tuple[Sequence[StoredConversation], str | None]:
        """The user's, the newest first, and where to go on; raises InvalidOption for a strange cursor."""
        ...

    async def delete(self, user: str, conversation_id: str) -> bool:
        """Forget one; False where there is none."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorOptions:
    """What the settings say to the HTTP doors.

    `patience_s` is how long a client may send, or take, nothing. `origins` are pages of other
    sites that may call us.
    """

    version: str = __version__
    default_profile: str = "embedded"
    max_file_bytes: int = 5000 * 1024 * 1024
    allow_urls: bool = False
    allow_private_urls: bool = False
    url_timeout_s: float = 600.0
    patience_s: float = 60.0
    heartbeat_s: float = 15.0
    max_event_streams: int = 2000
    max_fetches: int = 8
    origins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rooms:
    """Everything behind the doors.

    `unready` says why no work should be sent here, and is empty when all is well. `metrics` writes
    the Prometheus page. `figures` are the numbers that the page shows, by name; `profiles` are
    what may be recognised with, in the words of `/v1/profiles`; `system` tells
    how the server is, in those of `/v1/system`. `live` is where live sessions are opened,
    None where there is no live speech; `synthesis` is where voices speak, None where there are none;
    `assistant` is where conversations are held, and `conversations` where they are kept.
    """

    desk: Tasks
    reception: Uploads
    authority: Identities
    options: DoorOptions
    live: LiveRoom | None = None
    synthesis: SynthesisRoom | None = None
    assistant: AssistantRoom | None = None
    conversations: Remembered | None = None
    unready: Callable[[], Sequence[str]] = tuple
    figures: Callable[[], Mapping[str, float]] = dict
    profiles: Callable[[], Sequence[Mapping[str, object]]] = tuple
    metrics: Callable[[], bytes] = bytes
    system: Callable[[], Awaitable[Mapping[str, object]]] | None = None

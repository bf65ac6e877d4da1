"""What a client sends. Sections are those of the protocol's reference."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, StrictBool, StrictInt, StrictStr

from parley.wire.native.message import Data, TaskId

MIB = 1024 * 1024

OUTPUT_FORMATS = ("json", "srt", "vtt", "txt", "tsv", "rttm")
MOST_TASKS_IN_A_BATCH = 50
MOST_HOTWORDS = 1000

OutputFormat = Literal["json", "srt", "vtt", "txt", "tsv", "rttm"]
Priority = Literal["low", "normal", "high"]
TaskStatusName = Literal["pending", "processing", "completed", "failed", "cancelled", "timed_out"]

Weight = Annotated[float, Field(allow_inf_nan=False)]
Hotword = Annotated[StrictStr, Field(min_length=1, max_length=200)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Speakers = Annotated[StrictInt, Field(ge=1, le=1000)]


class Ping(Data):
    """Ask whether the line lives."""

    TYPE: ClassVar[str] = "ping"


class Auth(Data):
    """The answer to `auth_required`; the token may stand beside `type` instead of in `data`."""

    TYPE: ClassVar[str] = "auth"

    token: StrictStr = Field(min_length=1, max_length=8192, description="A JWT or an API key.")


class JobOptions(Data):
    """What a task may be asked for; the same over WebSocket and HTTP."""

    TYPE: ClassVar[str] = ""

    force_refresh: StrictBool = Field(False, description="Do not read the cache; still write it.")
    output_format: OutputFormat = Field("json", description="What the result is rendered as.")
    engine: StrictStr | None = Field(
        None,
        max_length=100,
        description="Name of a profile, a public name of its model such as `whisper-1`, or `auto`.",
    )
    language: StrictStr | None = Field(
        None, max_length=35, description="ISO 639 code, or null for the profile's default."
    )
    diarize: StrictBool = Field(True, description="Tell speakers apart.")
    word_align: StrictBool | None = Field(None, description="Times of every word.")
    hotwords: (
        Annotated[list[Hotword], Field(max_length=MOST_HOTWORDS)]
        | Annotated[dict[Hotword, Weight], Field(max_length=MOST_HOTWORDS)]
        | None
    ) = Field(None, description="Words to favour, with weights or without.")
    num_speakers: Speakers | None = Field(None, description="Exactly so many speakers.")
    min_speakers: Speakers | None = Field(None, description="At least so many.")
    max_speakers: Speakers | None = Field(None, description="At most so many.")
    channel: Literal["mix", "split"] | Annotated[StrictInt, Field(ge=0, le=63)] = Field(
        "mix", description="`split`: every channel is a speaker; a number: that channel, from 0."
    )
    task: Literal["transcribe", "translate"] = Field(
        "transcribe", description="`translate`: into English, where the profile can."
    )
    prompt: StrictStr | None = Field(None, max_length=4000, description="What the recording is about.")
    start: Seconds = Field(0.0, alias="from", description="Begin here, in seconds of the recording.")
    end: Seconds | None = Field(None, alias="to", description="End here, in seconds of the recording.")
    callback_url: StrictStr | None = Field(
        None, max_length=2000, description="Signed webhook for this task, where the server allows it."
    )
    segments: StrictBool = Field(False, description="Push `task_segment` as text is recognised.")
    priority: Priority = Field("normal", description="Who goes first; within one, users take turns.")


class UploadRequest(JobOptions):
    """Announce a recording and say what to do with it."""

    TYPE: ClassVar[str] = "upload_request"

    file_name: StrictStr = Field(
        min_length=1, max_length=1000, description="For display and to choose the demuxer; never a path."
    )
    file_size: StrictInt = Field(description="Bytes.")
    file_hash: StrictStr = Field(description="MD5 as hex, or `sha256:` and SHA-256 as hex.")
    upload_mode: Literal["single", "chunked"] = Field(
        "single", description="In one message, or in parts: better above 5 MiB."
    )
    chunk_size: StrictInt = Field(MIB, description="Bytes of every chunk but the last.")
    total_chunks: StrictInt | None = Field(None, description="Required when chunked.")
    early_hit: StrictBool = Field(
        False, description="Answer a cached result at once, also when the upload would be chunked."
    )


class UploadData(Data):
    """The whole file in one message."""

    TYPE: ClassVar[str] = "upload_data"

    task_id: TaskId
    file_data: StrictStr = Field(description="Base64 of the file.")


class UploadChunk(Data):
    """A part of the file; parts may come in any order, also as binary frames."""

    TYPE: ClassVar[str] = "upload_chunk"

    task_id: TaskId
    chunk_index: StrictInt = Field(description="From 0.")
    chunk_data: StrictStr = Field(description="Base64 of the chunk.")
    chunk_hash: StrictStr = Field("", description="MD5 of the chunk as hex; checked when not empty.")
    chunk_size: Any = Field(None, description="Ignored.")
    is_last: Any = Field(None, description="Ignored.")


class FinalizeUpload(Data):
    """Finish an upload, or try again to be admitted after `queue_full`."""

    TYPE: ClassVar[str] = "finalize_upload"

    task_id: TaskId


class AskUploadStatus(Data):
    """Ask which chunks are missing, to go on after a lost line."""

    TYPE: ClassVar[str] = "upload_status"

    task_id: TaskId


class AskTaskStatus(Data):
    """Ask how a task is."""

    TYPE: ClassVar[str] = "task_status"

    task_id: TaskId


class AskTaskStatusBatch(Data):
    """Ask how several tasks are."""

    TYPE: ClassVar[str] = "task_status_batch"

    task_ids: Annotated[list[TaskId], Field(min_length=1, max_length=MOST_TASKS_IN_A_BATCH)] = Field(
        description="1 to 50."
    )


class AskTaskList(Data):
    """List one's tasks, the newest first."""

    TYPE: ClassVar[str] = "task_list"

    limit: Annotated[StrictInt, Field(ge=1, le=200)] = Field(50, description="How many at most.")
    cursor: Annotated[StrictStr, Field(max_length=200)] | None = Field(
        None, description="`next_cursor` of the list before."
    )
    status: TaskStatusName | None = Field(None, description="Only these.")


class Subscribe(Data):
    """Attach to a task: its status, the segments missed, then live messages."""

    TYPE: ClassVar[str] = "subscribe"

    task_id: TaskId
    from_segment: Annotated[StrictInt, Field(ge=0)] = Field(
        0, description="The first segment wanted, by its `index`."
    )


class CancelTask(Data):
    """Stop a task for good."""

    TYPE: ClassVar[str] = "cancel_task"

    task_id: TaskId


CLIENT_MESSAGES: tuple[type[Data], ...] = (
    Ping,
    Auth,
    UploadRequest,
    UploadData,
    UploadChunk,
    FinalizeUpload,
    AskUploadStatus,
    AskTaskStatus,
    AskTaskStatusBatch,
    AskTaskList,
    Subscribe,
    CancelTask,
)
"""Every message a client may send."""

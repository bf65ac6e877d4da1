"""Every error we raise, drawn as a tree.

ParleyError
├── InputError                    the request or the file is at fault; trying again changes nothing
│   ├── FileNotFound
│   ├── UndecodableMedia          broken, empty, or not media at all
│   ├── UnsupportedMedia          a container we do not open, or headerless audio without --raw
│   ├── MediaTooLarge             a limit on duration, tracks or bytes
│   ├── InvalidOption
│   ├── UnsupportedOption         the profile's engines cannot honour it
│   ├── InvalidSettings
│   └── RequestError              a request to the server; one class per code of the protocol (requests.py)
├── ProfileError                  the machine lacks something; installing it helps
│   ├── ProfileUnknown
│   ├── ProfileNotInstalled
│   ├── EngineOutdated            the engine environment holds another version of parley
│   ├── InstallFailed             an engine environment could not be made
│   └── DeviceUnavailable         a device that was asked for strictly cannot be used
├── SupplyError                   something could not be brought onto this machine
│   ├── DownloadFailed            no hub answers, or the line is too slow; the same again goes on
│   ├── DownloadRefused           not on the hub, not for this user, or offline
│   └── ModelDamaged              a checksum is wrong, a file is missing
├── WorkerError                   something happened to a child process; another try may succeed
│   ├── EngineFailed              the engine raised
│   ├── EngineBroken              the engine could not be loaded; it is tried again after a while
│   ├── OutOfMemory               the engine's device has no memory left for this batch
│   ├── WorkerDied
│   ├── WorkerHung                no progress within its deadline; it was killed
│   ├── WorkersExhausted          the restart budget is spent
│   ├── WorkersBusy               more calls wait than the line holds
│   ├── FleetClosed               the workers are being stopped
│   ├── StreamLost                the worker does not hold that stream (any more)
│   └── UnitPoisoned              a unit of work that killed two workers
├── StorageError
│   ├── DiskFull
│   ├── StoreBusy                 another process holds the work and does not move
│   └── StoreBroken
├── JobError                      a task of the server could not be finished
│   ├── JobStalled                no progress for too long
│   └── JobCancelled
├── LiveError                     a live session could not begin or go on (live.py)
│   ├── LiveOverloaded            too many sessions for this machine; a later try may succeed
│   ├── SessionIdle               no audio for too long
│   ├── LineReplaced              the session goes on over another line
│   └── RecognitionFailed         one utterance was lost
├── SpeakingError                 a request for speech could not begin or go on (speaking.py)
│   ├── VoiceUnknown
│   ├── VoicesNotInstalled        no engine that speaks
│   ├── VoicesBusy                a later try may succeed
│   ├── VoiceRefused              a reference recording that is not fit for cloning
│   ├── ConsentMissing
│   └── TextTooLong
├── AssistantError                a conversation could not begin or go on
│   ├── ConversationNotFound
│   └── LanguageModelError        no answer, or a part of one; the conversation goes on
│       ├── LanguageModelUnreachable
│       ├── LanguageModelSilent   it took too long
│       ├── LanguageModelBusy     too many requests, or no credit
│       └── LanguageModelRefused  the key, the model's name or the request
├── ServerUnreachable
└── ServerInUse                   another server has the data directory

Code, permanence, HTTP status and exit code are facts of the class. A message is one sentence
that a user can act on; it never carries a server path, a secret or a transcript.
"""

from __future__ import annotations

import errno

from parley.errors.live import LineReplaced, LiveError, LiveOverloaded, RecognitionFailed, SessionIdle
from parley.errors.requests import (
    AuthFailed,
    CancelError,
    CancelFailed,
    ChunkedUploadError,
    ChunkHashMismatch,
    ChunkUploadError,
    DiskBudgetSpent,
    EditConflict,
    FileHashMismatch,
    FileTooLarge,
    FinalizeError,
    Forbidden,
    HashMismatch,
    InvalidChunk,
    InvalidFileType,
    InvalidFormat,
    InvalidJson,
    JobCancelled,
    JobError,
    JobStalled,
    MethodNotAllowed,
    MissingChunkData,
    MissingFileData,
    MissingTaskId,
    MissingTaskIds,
    NoSuchPage,
    OffsetConflict,
    QueueIsFull,
    RateLimited,
    RequestError,
    ResultNotReady,
    ServerInUse,
    ServerUnreachable,
    SessionNotFound,
    SizeMismatch,
    StatusError,
    TaskExpired,
    TaskNotFound,
    TooManySessions,
    UnknownMessageType,
    UploadDataError,
    UploadRefused,
    UrlRefused,
)
from parley.errors.speaking import (
    AssistantError,
    ConsentMissing,
    ConversationNotFound,
    LanguageModelBusy,
    LanguageModelError,
    LanguageModelRefused,
    LanguageModelSilent,
    LanguageModelUnreachable,
    SpeakingError,
    TextTooLong,
    VoiceRefused,
    VoicesBusy,
    VoicesNotInstalled,
    VoiceUnknown,
)
from parley.errors.tree import (
    DeviceUnavailable,
    DiskFull,
    DownloadFailed,
    DownloadRefused,
    EngineBroken,
    EngineFailed,
    EngineOutdated,
    FileNotFound,
    FleetClosed,
    InputError,
    InstallFailed,
    InvalidOption,
    InvalidSettings,
    MediaTooLarge,
    ModelDamaged,
    OutOfMemory,
    ParleyError,
    ProfileError,
    ProfileNotInstalled,
    ProfileUnknown,
    StorageError,
    StoreBroken,
    StoreBusy,
    StreamLost,
    SupplyError,
    UndecodableMedia,
    UnitPoisoned,
    UnsupportedMedia,
    UnsupportedOption,
    WorkerDied,
    WorkerError,
    WorkerHung,
    WorkersBusy,
    WorkersExhausted,
)

__all__ = [
    "BY_CODE",
    "AssistantError",
    "AuthFailed",
    "CancelError",
    "CancelFailed",
    "ChunkHashMismatch",
    "ChunkUploadError",
    "ChunkedUploadError",
    "ConsentMissing",
    "ConversationNotFound",
    "DeviceUnavailable",
    "DiskBudgetSpent",
    "DiskFull",
    "DownloadFailed",
    "DownloadRefused",
    "EditConflict",
    "EngineBroken",
    "EngineFailed",
    "EngineOutdated",
    "FileHashMismatch",
    "FileNotFound",
    "FileTooLarge",
    "FinalizeError",
    "FleetClosed",
    "Forbidden",
    "HashMismatch",
    "InputError",
    "InstallFailed",
    "InvalidChunk",
    "InvalidFileType",
    "InvalidFormat",
    "InvalidJson",
    "InvalidOption",
    "InvalidSettings",
    "JobCancelled",
    "JobError",
    "JobStalled",
    "LanguageModelBusy",
    "LanguageModelError",
    "LanguageModelRefused",
    "LanguageModelSilent",
    "LanguageModelUnreachable",
    "LineReplaced",
    "LiveError",
    "LiveOverloaded",
    "MediaTooLarge",
    "MethodNotAllowed",
    "MissingChunkData",
    "MissingFileData",
    "MissingTaskId",
    "MissingTaskIds",
    "ModelDamaged",
    "NoSuchPage",
    "OffsetConflict",
    "OutOfMemory",
    "ParleyError",
    "ProfileError",
    "ProfileNotInstalled",
    "ProfileUnknown",
    "QueueIsFull",
    "RateLimited",
    "RecognitionFailed",
    "RequestError",
    "ResultNotReady",
    "ServerInUse",
    "ServerUnreachable",
    "SessionIdle",
    "SessionNotFound",
    "SizeMismatch",
    "SpeakingError",
    "StatusError",
    "StorageError",
    "StoreBroken",
    "StoreBusy",
    "StreamLost",
    "SupplyError",
    "TaskExpired",
    "TaskNotFound",
    "TextTooLong",
    "TooManySessions",
    "UndecodableMedia",
    "UnitPoisoned",
    "UnknownMessageType",
    "UnsupportedMedia",
    "UnsupportedOption",
    "UploadDataError",
    "UploadRefused",
    "UrlRefused",
    "VoiceRefused",
    "VoiceUnknown",
    "VoicesBusy",
    "VoicesNotInstalled",
    "WorkerDied",
    "WorkerError",
    "WorkerHung",
    "WorkersBusy",
    "WorkersExhausted",
    "is_disk_full",
    "rebuild",
]


def _family(root: type[ParleyError]) -> list[type[ParleyError]]:
    return [root, *(kind for child in root.__subclasses__() for kind in _family(child))]


# Reversed, so that a code shared with a child means the parent.
BY_CODE: dict[str, type[ParleyError]] = {kind.code: kind for kind in reversed(_family(ParleyError))}


def rebuild(code: str, message: str, detail: str = "") -> ParleyError:
    """Turn the three values that cross a pipe or a socket into the error they came from."""
    return BY_CODE.get(code, ParleyError)(message, detail=detail)


# FAT32 answers EFBIG for what does not fit, as does a file-size limit. Windows has no EDQUOT.
_NO_SPACE = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}


def is_disk_full(error: OSError) -> bool:
    """Whether an operating system error means that no space is left: on the disk, within the quota,
    or within what one file may take.
    """
    return error.errno in _NO_SPACE

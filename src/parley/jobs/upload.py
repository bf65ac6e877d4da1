"""The nouns of the reception: an upload on its way in, and how it is acknowledged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from parley.jobs.task import Order

Door = Literal["single", "chunked", "tus", "http"]
"""How the bytes come: one message, numbered chunks, one offset that grows, one request body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadPlan:
    """What a client announces. `declared_hash` is "" (HTTP only), MD5 hex or `sha256:` and SHA-256 hex,
    in lower case. `chunk_bytes` and `chunks` are 0 unless chunked; `size_bytes` is None where
    nobody knows it before the end (an HTTP body).
    """

    order: Order
    door: Door
    size_bytes: int | None
    declared_hash: str = ""
    chunk_bytes: int = 0
    chunks: int = 0
    early_hit: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The upload may begin; or, with `hit`, the task is completed already and nothing need be sent."""

    task_id: str
    chunk_bytes: int = 0
    chunks: int = 0
    hit: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkReceipt:
    """A chunk is on the disk. `whole` is true for the one call after which all bytes are there."""

    task_id: str
    index: int
    received: int
    chunks: int
    is_duplicate: bool = False
    whole: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadState:
    """What has arrived: `missing` are ranges of chunk indices, both ends included; a tus upload
    has `offset_bytes` instead.
    """

    task_id: str
    door: Door
    size_bytes: int
    chunk_bytes: int = 0
    chunks: int = 0
    received: int = 0
    missing: tuple[tuple[int, int], ...] = ()
    offset_bytes: int = 0
    is_whole: bool = False
    expires_at: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """Admitted, and a worker is free."""

    task_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """Admitted; `position` counts from 1, `wait_s` is an estimate from measured speed."""

    task_id: str
    position: int
    wait_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Full:
    """Not admitted; the bytes are kept, and finishing the upload again tries again."""

    task_id: str
    retry_after_s: int
    waiting: int
    most_waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The task is over already: the content was known, or the upload was finished before."""

    task_id: str


Acknowledgement = Started | Queued | Full | Answered


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadStats:
    """Uploads since the server started, and how many are open now."""

    open: int = 0
    opened: int = 0
    hits: int = 0
    chunks: int = 0
    duplicates: int = 0
    received_bytes: int = 0
    finished: int = 0
    mismatched: int = 0
    abandoned: int = 0
    expired: int = 0

"""A chunk as a binary frame: task id (UUID, 16 bytes), index (4, little-endian), MD5 (16), the bytes."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from uuid import UUID

_HEAD = struct.Struct("<16sI16s")
HEAD_BYTES = _HEAD.size
_UNCHECKED = bytes(16)


@dataclass(frozen=True, slots=True)
class BinaryChunk:
    """`md5` is None where the sender does not want the chunk checked."""

    task_id: str
    index: int
    md5: bytes | None
    data: memoryview | bytes


def unpack_chunk(frame: bytes | bytearray) -> BinaryChunk:
    """Read a binary frame without copying its bytes; raises ValueError for one that is too short."""
    if len(frame) < HEAD_BYTES:
        raise ValueError(f"a binary frame has at least {HEAD_BYTES} bytes")
    task, index, md5 = _HEAD.unpack_from(frame)
    data = memoryview(frame)[HEAD_BYTES:]
    return BinaryChunk(str(UUID(bytes=task)), index, None if md5 == _UNCHECKED else md5, data)


def pack_chunk(task_id: str, index: int, data: bytes, md5: bytes | None = None) -> bytes:
    """Write a binary frame; `task_id` is a UUID, `md5` a digest of 16 bytes."""
    return _HEAD.pack(UUID(task_id).bytes, index, md5 or _UNCHECKED) + data

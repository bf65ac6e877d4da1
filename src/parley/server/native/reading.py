"""Frames as messages of the catalogue; base64 is undone on the way, straight from the text."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
from pydantic import ValidationError

from parley.errors import (
    ChunkHashMismatch,
    ChunkUploadError,
    MissingChunkData,
    MissingFileData,
    RequestError,
    UnknownMessageType,
    UploadDataError,
)
from parley.server.native.refusals import About, Refused, about, refused_fields
from parley.server.socket.envelope import Unreadable, given_fields, read_envelope
from parley.wire.native.binary import HEAD_BYTES, unpack_chunk
from parley.wire.native.client import CLIENT_MESSAGES, UploadChunk, UploadData
from parley.wire.native.message import Data

LARGE_TEXT_CHARACTERS = 64 * 1024
"""Longer texts are parsed in a thread."""

_MOST_VALUES = 100_000
"""No message needs a tenth."""

_COUNTED_AT_ONCE = 256 * 1024

_MD5 = re.compile(r"[0-9a-fA-F]{32}")
_KINDS: Mapping[str, type[Data]] = {kind.TYPE: kind for kind in CLIENT_MESSAGES}


@dataclass(frozen=True, slots=True)
class Chunk:
    """A chunk as bytes, whichever frame it came in."""

    task_id: str
    index: int
    data: bytes | memoryview
    md5: bytes | None


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole file as bytes."""

    task_id: str
    data: bytes


Request = Data | Chunk | Whole


class _ChunkFields(msgspec.Struct):
    task_id: str
    chunk_index: int
    chunk_data: bytes
    chunk_hash: str | None = None


class _WholeFields(msgspec.Struct):
    task_id: str
    file_data: bytes


class _ChunkFrame(msgspec.Struct, tag_field="type", tag=UploadChunk.TYPE):
    data: _ChunkFields


class _WholeFrame(msgspec.Struct, tag_field="type", tag=UploadData.TYPE):
    data: _WholeFields


_large = msgspec.json.Decoder(_ChunkFrame | _WholeFrame)


def read_binary(payload: bytes | bytearray) -> Chunk:
    """A binary frame; raises Refused."""
    try:
        chunk = unpack_chunk(payload)
    except ValueError:
        error = ChunkUploadError(
            f"A binary frame has a head of {HEAD_BYTES} bytes before those of the chunk."
        )
        raise Refused(error, About(UploadChunk.TYPE)) from None
    if not chunk.data:
        error = MissingChunkData("The binary frame carries no chunk; send its bytes after the head.")
        raise Refused(error, About(UploadChunk.TYPE, chunk.task_id, chunk.index))
    return Chunk(chunk.task_id, chunk.index, chunk.data, chunk.md5)


def read_text(text: str) -> Request:
    """A text frame; raises Refused. Takes milliseconds for each megabyte."""
    if len(text) > LARGE_TEXT_CHARACTERS:
        if (request := _read_large(text)) is not None:
            return request
        _require_few_values(text)
    try:
        kind, data = read_envelope(text)
    except Unreadable as unreadable:
        raise Refused(unreadable.error, About(unreadable.type)) from None
    model = _KINDS.get(kind)
    if model is None:
        raise Refused(UnknownMessageType("There is no message of this type; see the protocol's reference."))
    given = given_fields(data)
    try:
        message = model.model_validate(given)
    except ValidationError as error:
        raise refused_fields(kind, given, error) from None
    return _decoded(message, about(kind, given))


def _read_large(text: str) -> Request | None:
    """The two messages that are large by nature; None for anything unusual, which is read with more care."""
    try:
        frame = _large.decode(text)
    except (ValueError, RecursionError):
        return None
    fields = frame.data
    if not 0 < len(fields.task_id) <= 64:
        return None
    if isinstance(fields, _WholeFields):
        return Whole(fields.task_id, fields.file_data)
    head = About(UploadChunk.TYPE, fields.task_id, fields.chunk_index)
    return Chunk(fields.task_id, fields.chunk_index, fields.chunk_data, _md5(fields.chunk_hash or "", head))


def _require_few_values(text: str) -> None:
    """Refuse a frame that would become millions of objects: it would stop every thread for seconds."""
    seen = 0
    for start in range(0, len(text), _COUNTED_AT_ONCE):
        seen += sum(text.count(mark, start, start + _COUNTED_AT_ONCE) for mark in ",[{")
        if seen > _MOST_VALUES:
            raise Refused(RequestError("The frame holds too many values; see the protocol's reference."))


def _decoded(message: Data, about: About) -> Request:
    if isinstance(message, UploadChunk):
        data = _from_base64(message.chunk_data)
        if data is None:
            raise Refused(ChunkUploadError("The field 'chunk_data' is not base64."), about)
        if not data:
            raise Refused(MissingChunkData("The field 'chunk_data' is empty."), about)
        return Chunk(message.task_id, message.chunk_index, data, _md5(message.chunk_hash, about))
    if isinstance(message, UploadData):
        data = _from_base64(message.file_data)
        if data is None:
            raise Refused(UploadDataError("The field 'file_data' is not base64."), about)
        if not data:
            raise Refused(MissingFileData("The field 'file_data' is empty."), about)
        return Whole(message.task_id, data)
    return message


def _from_base64(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _md5(text: str, about: About) -> bytes | None:
    if not text:
        return None
    if _MD5.fullmatch(text) is None:
        raise Refused(ChunkHashMismatch("The field 'chunk_hash' is no MD5 in hex."), about)
    return bytes.fromhex(text)

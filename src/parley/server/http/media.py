"""`GET /v1/jobs/{id}/media`: the recording, whole or in part."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from email.utils import formatdate
from io import FileIO
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response

from parley.errors import FileNotFound, InputError
from parley.server.http.asking import Behind, TaskIdPath, Who, problems, read
from parley.server.http.disposition import disposition
from parley.server.http.kinds import HEAD_BYTES, UNKNOWN, kind_of
from parley.server.http.patient_stream import PatientStream
from parley.server.http.problem import Refusal
from parley.server.http.ranges import Stretch, Unsatisfiable, matches, still_holds, wanted

router = APIRouter(tags=["jobs"])

_BYTES: dict[str, Any] = {
    kind: {"schema": {"type": "string", "format": "binary"}} for kind in ("audio/*", "video/*", UNKNOWN)
}

_PIECE_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Found:
    """An open recording and what its headers need."""

    file: FileIO
    size: int
    modified: int
    etag: str
    kind: str


@read(
    router,
    "/v1/jobs/{task_id}/media",
    summary="Get the recording",
    response_class=Response,
    responses={
        200: {"description": "All of it.", "content": _BYTES},
        206: {"description": "The range asked for.", "content": _BYTES},
        304: {"description": "The client has it already (`If-None-Match`)."},
        **problems(404, 410, 416),
    },
)
async def media(
    request: Request,
    task_id: TaskIdPath,
    who: Who,
    rooms: Behind,
    range: Annotated[str | None, Header(description="`bytes=0-1023`; one range at a time.")] = None,
    if_range: Annotated[str | None, Header(description="The ETag that the range belongs to.")] = None,
    if_none_match: Annotated[str | None, Header(description="ETags that the client has.")] = None,
) -> Response:
    """The recording as it was sent or, when that is gone, its compact copy (Opus in Ogg), which has another
    ETag. Its type follows from its bytes.
    """
    try:
        path, name = await rooms.desk.recording_path(who, task_id)
        found = await asyncio.to_thread(_open, path, name)
    except FileNotFound:
        # A compact copy may have taken the place of the recording between the two.
        path, name = await rooms.desk.recording_path(who, task_id)
        found = await asyncio.to_thread(_open, path, name)
    try:
        if matches(if_none_match, found.etag):
            found.file.close()
            return Response(status_code=304, headers=_headers(found, name))
        stretch = _stretch(found, range if still_holds(if_range, found.etag, found.modified) else None)
    except BaseException:
        found.file.close()
        raise
    return _answer(found, name, stretch, rooms.options.patience_s)


def _stretch(found: Found, header: str | None) -> Stretch | None:
    try:
        return wanted(header, found.size)
    except Unsatisfiable:
        error = InputError(f"The range lies outside the recording, which has {found.size} bytes.")
        headers = {"Content-Range": f"bytes */{found.size}"}
        raise Refusal(error, status=416, headers=headers) from None


def _answer(found: Found, name: str, stretch: Stretch | None, patience_s: float) -> Response:
    headers = _headers(found, name)
    if stretch is not None:
        headers["Content-Range"] = f"bytes {stretch.first}-{stretch.last}/{found.size}"
    whole = Stretch(0, found.size - 1)
    headers["Content-Length"] = str((stretch or whole).length)
    return PatientStream(
        _pieces(found.file, stretch or whole),
        patience_s,
        status=200 if stretch is None else 206,
        headers=headers,
        closing=found.file.close,
    )


def _headers(found: Found, name: str) -> dict[str, str]:
    return {
        "Content-Type": found.kind,
        # What is not known to be sound or pictures is for saving, never for showing.
        "Content-Disposition": disposition("attachment" if found.kind == UNKNOWN else "inline", name),
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Accept-Ranges": "bytes",
        "ETag": found.etag,
        "Last-Modified": formatdate(found.modified, usegmt=True),
        "Cache-Control": "private, no-cache",
    }


def _open(path: Path, name: str) -> Found:
    try:
        file = path.open("rb", buffering=0)
    except OSError as error:
        raise FileNotFound("The recording of this job is gone.", detail=type(error).__name__) from None
    try:
        status = os.fstat(file.fileno())
        head = file.read(HEAD_BYTES) or b""
    except BaseException:
        file.close()
        raise
    etag = f'"{status.st_size:x}-{status.st_mtime_ns:x}"'
    return Found(file, status.st_size, int(status.st_mtime), etag, kind_of(head, name))


async def _pieces(file: FileIO, stretch: Stretch) -> AsyncGenerator[bytes, None]:
    """Read in a thread, and never leave while it reads: the file is closed next."""
    position, left = stretch.first, stretch.length
    reading: asyncio.Future[bytes] | None = None
    try:
        while left:
            reading = asyncio.ensure_future(asyncio.to_thread(_read, file, position, min(_PIECE_BYTES, left)))
            piece = await asyncio.shield(reading)
            if not piece:
                raise FileNotFound("The recording became shorter while it was read.")
            position, left = position + len(piece), left - len(piece)
            yield piece
    finally:
        if reading is not None and not reading.done():
            await asyncio.wait({reading})


def _read(file: FileIO, position: int, length: int) -> bytes:
    file.seek(position)
    return file.read(length)

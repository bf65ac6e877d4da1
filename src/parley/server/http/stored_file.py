"""A file as an answer: whole or in part, unless the client has it already."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from email.utils import formatdate
from io import FileIO
from pathlib import Path

from fastapi import Response

from parley.errors import FileNotFound, InputError
from parley.server.http.disposition import disposition
from parley.server.http.kinds import HEAD_BYTES, UNKNOWN, kind_of
from parley.server.http.patient_stream import PatientStream
from parley.server.http.problem import Refusal
from parley.server.http.ranges import Stretch, Unsatisfiable, matches, still_holds, wanted

_PIECE_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the request says of it: `Range`, `If-Range`, `If-None-Match`."""

    range: str | None = None
    if_range: str | None = None
    if_none_match: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """An open recording and what its headers need."""

    file: FileIO
    size: int
    modified: int
    etag: str
    kind: str


async def open_recording(path: Path, name: str) -> Found:
    """Open it; raises FileNotFound."""
    return await asyncio.to_thread(_open, path, name)


def answer(found: Found, name: str, asked: Asked, patience_s: float) -> Response:
    """The response, which closes the file; raises Refusal for a range outside of it."""
    try:
        if matches(asked.if_none_match, found.etag):
            found.file.close()
            return Response(status_code=304, headers=_headers(found, name))
        holds = still_holds(asked.if_range, found.etag, found.modified)
        stretch = _stretch(found, asked.range if holds else None)
    except BaseException:
        found.file.close()
        raise
    return _answer(found, name, stretch, patience_s)


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
        raise FileNotFound("The recording is gone.", detail=type(error).__name__) from None
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

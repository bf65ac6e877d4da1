"""Request bodies as they arrive: bounded in bytes and in silence."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from fastapi import Request

from parley.errors import FileTooLarge, InputError, UploadRefused


async def steady(body: AsyncIterator[bytes], patience_s: float) -> AsyncIterator[bytes]:
    """The same bytes; raises UploadRefused when none come for `patience_s` seconds."""
    while True:
        try:
            async with asyncio.timeout(patience_s):
                piece = await anext(body)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise UploadRefused(f"No bytes came for {patience_s:g} seconds; send again.") from None
        if piece:
            yield piece


async def bounded(body: AsyncIterator[bytes], most_bytes: int) -> AsyncIterator[bytes]:
    """The same bytes; raises FileTooLarge after `most_bytes` of them."""
    seen = 0
    async for piece in body:
        seen += len(piece)
        if seen > most_bytes:
            raise FileTooLarge(f"The body is larger than the {most_bytes} bytes allowed here.")
        yield piece


def announced_bytes(request: Request) -> int | None:
    """`Content-Length`, None where the client does not know it."""
    value = request.headers.get("content-length", "")
    return int(value) if value.isascii() and value.isdigit() else None


async def small(request: Request, most_bytes: int, patience_s: float) -> bytes:
    """A whole body that fits into memory."""
    pieces = bounded(steady(request.stream(), patience_s), most_bytes)
    return b"".join([piece async for piece in pieces])


def media_type(request: Request) -> str:
    """The media type of the body without its parameters, in lower case."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def refuse_type(request: Request, wanted: str) -> InputError:
    """The error for a body of another type."""
    return InputError(f"The body is '{media_type(request) or 'nothing'}'; send {wanted}.")

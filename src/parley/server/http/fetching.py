"""A recording fetched from an address that a client named."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.message import Message
from urllib.parse import unquote

import httpx

from parley.errors import FileTooLarge, UrlRefused
from parley.server.addresses import check

MOST_REDIRECTS = 5

_REDIRECTS = {301, 302, 303, 307, 308}
_CONNECT_S = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchOptions:
    """Bounds of one fetch; `patience_s` is how long the other server may be silent."""

    most_bytes: int
    timeout_s: float
    patience_s: float = 60.0
    allow_private: bool = False


@dataclass(frozen=True, slots=True)
class Fetched:
    """The beginning of an answer: a name for the recording, its size where it was told, its bytes."""

    name: str
    size: int | None
    pieces: AsyncIterator[bytes]


@asynccontextmanager
async def fetch(url: str, options: FetchOptions) -> AsyncGenerator[Fetched, None]:
    """Ask for the recording; it is fetched as `pieces` are taken. Raises UrlRefused or FileTooLarge."""
    deadline = asyncio.get_running_loop().time() + options.timeout_s
    limits = httpx.Timeout(options.patience_s, connect=_CONNECT_S)
    # Without the environment: its proxies would connect to what was not checked.
    async with httpx.AsyncClient(timeout=limits, trust_env=False, follow_redirects=False) as client:
        try:
            async with asyncio.timeout_at(deadline):
                response = await _answer(client, url, options.allow_private)
        except TimeoutError:
            raise UrlRefused(f"The address did not answer within {options.timeout_s:g} seconds.") from None
        try:
            yield _fetched(response, options, deadline)
        finally:
            await response.aclose()


async def _answer(client: httpx.AsyncClient, url: str, allow_private: bool) -> httpx.Response:
    """The answer after redirects; every address on the way is checked."""
    for _ in range(MOST_REDIRECTS + 1):
        response = await _ask(client, url, allow_private)
        if response.status_code not in _REDIRECTS:
            return await _accepted(response)
        await response.aclose()
        location = response.headers.get("location", "")
        try:
            url = str(httpx.URL(url).join(location))
        except (httpx.InvalidURL, ValueError):
            raise UrlRefused("The address redirects to what is not a URL.") from None
    raise UrlRefused(f"The address redirects more than {MOST_REDIRECTS} times.")


async def _ask(client: httpx.AsyncClient, url: str, allow_private: bool) -> httpx.Response:
    place = await check(url, allow_private=allow_private)
    headers = {**place.headers, "Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "Parley"}
    request = client.build_request("GET", place.url, headers=headers, extensions=place.extensions)
    try:
        return await client.send(request, stream=True)
    except (httpx.HTTPError, ValueError, OSError) as error:
        raise _unreachable(error) from None


async def _accepted(response: httpx.Response) -> httpx.Response:
    encoding = response.headers.get("content-encoding", "identity").lower()
    if response.status_code == 200 and encoding == "identity":
        return response
    await response.aclose()
    if response.status_code != 200:
        raise UrlRefused(f"The address answered with status {response.status_code}.")
    raise UrlRefused("The address sends compressed bytes, though it was asked not to.")


def _fetched(response: httpx.Response, options: FetchOptions, deadline: float) -> Fetched:
    told = response.headers.get("content-length", "")
    size = int(told) if told.isascii() and told.isdigit() and len(told) < 19 else None
    if (size or 0) > options.most_bytes:
        raise FileTooLarge(f"The recording is larger than the {options.most_bytes} bytes allowed here.")
    return Fetched(_name(response), size, _pieces(response, options, deadline))


async def _pieces(response: httpx.Response, options: FetchOptions, deadline: float) -> AsyncIterator[bytes]:
    pieces = response.aiter_raw()
    seen = 0
    while True:
        try:
            async with asyncio.timeout_at(deadline):
                piece = await anext(pieces, None)
        except TimeoutError:
            raise UrlRefused(f"Fetching took longer than {options.timeout_s:g} seconds.") from None
        except (httpx.HTTPError, OSError) as error:
            raise _unreachable(error) from None
        if piece is None:
            return
        seen += len(piece)
        if seen > options.most_bytes:
            raise FileTooLarge(f"The recording is larger than the {options.most_bytes} bytes allowed here.")
        yield piece


def _name(response: httpx.Response) -> str:
    """What the other server calls it, or the last part of the path."""
    message = Message()
    message["Content-Disposition"] = response.headers.get("content-disposition", "")
    try:
        named = message.get_filename()
    except (LookupError, ValueError, TypeError):
        named = None
    return (named or unquote(response.url.path.rpartition("/")[2]) or "recording")[:1000]


def _unreachable(error: Exception) -> UrlRefused:
    return UrlRefused("The address could not be read to its end.", detail=type(error).__name__)

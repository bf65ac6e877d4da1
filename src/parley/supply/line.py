"""The line to a hub: one HTTP client, questions with an answer in JSON, and what goes wrong with them."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from time import time
from typing import TYPE_CHECKING, Any

from parley.errors import DownloadFailed, DownloadRefused, InvalidSettings
from parley.supply.patience import Patience

if TYPE_CHECKING:
    import httpx

_LARGEST_ANSWER = 32 * 1024 * 1024
_AGAIN_LATER = (408, 425, 429)
_MOST_REDIRECTS = 8


class LineFailed(DownloadFailed):
    """Nothing (more) came; another try may succeed. `wait` is what the hub asked to wait for."""

    def __init__(self, reason: str, *, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.wait = wait


class Refused(DownloadRefused):
    """The hub answered no; another try changes nothing."""


async def open_client(patience: Patience) -> httpx.AsyncClient:
    """A client that follows redirects; what authorises at one host is not told to another."""
    import httpx

    # Reading the system's certificates takes tens of milliseconds.
    context = await asyncio.to_thread(ssl.create_default_context)
    try:
        return httpx.AsyncClient(
            verify=context,
            timeout=httpx.Timeout(patience.answer, connect=patience.connect),
            follow_redirects=True,
            max_redirects=_MOST_REDIRECTS,
            # Offsets count bytes as they are in the file.
            headers={"User-Agent": "parley", "Accept-Encoding": "identity"},
        )
    except (ValueError, ImportError, OSError) as error:
        # httpx reads the proxy variables here.
        raise InvalidSettings(
            "The proxy variables (HTTPS_PROXY and the like) cannot be used; correct them.", detail=str(error)
        ) from error


async def ask(
    client: httpx.AsyncClient,
    url: str,
    *,
    params: Mapping[str, str],
    headers: Mapping[str, str],
    within: float,
) -> Any:
    """The JSON that a hub answers; raises LineFailed, Refused."""
    import httpx

    try:
        async with (
            asyncio.timeout(within),
            client.stream("GET", url, params=params, headers=headers) as answer,
        ):
            check_status(answer)
            body = bytearray()
            async for piece in answer.aiter_bytes():
                body += piece
                if len(body) > _LARGEST_ANSWER:
                    raise Refused("its list of files is too long")
        return _parsed(bytes(body))
    except TimeoutError:
        raise LineFailed(f"no answer within {within:g} s") from None
    except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, OSError) as error:
        raise broken(error) from error


def broken(error: Exception) -> LineFailed:
    """What an exception of the transport means; its own words may hold addresses."""
    import httpx

    if isinstance(error, httpx.ConnectTimeout | httpx.ConnectError):
        return LineFailed("it cannot be reached")
    if isinstance(error, httpx.TimeoutException):
        return LineFailed("it stopped answering")
    if isinstance(error, httpx.ProxyError):
        return LineFailed("the proxy refuses")
    if isinstance(error, httpx.TooManyRedirects):
        return LineFailed("it redirects in circles")
    return LineFailed(f"the line broke off ({type(error).__name__})")


def check_status(answer: httpx.Response) -> None:
    """Raise LineFailed or Refused for a status that is no success."""
    status = answer.status_code
    if 200 <= status < 300:
        return
    if status in (401, 403):
        raise Refused("it gives this model only to users who may have it")
    if status in (404, 410):
        raise Refused("it does not have this model or revision")
    if status in _AGAIN_LATER or status >= 500:
        raise LineFailed(f"it answers {status}", wait=_asked_wait(answer.headers.get("Retry-After", "")))
    raise Refused(f"it answers {status}")


def _asked_wait(said: str) -> float:
    """Seconds of a Retry-After header, which gives seconds or a date."""
    if said.strip().isdecimal():
        return float(said[:9])
    try:
        return max(0.0, parsedate_to_datetime(said).timestamp() - time())
    except (ValueError, OverflowError):
        return 0.0


def _parsed(body: bytes) -> Any:
    import json

    try:
        return json.loads(body)
    except ValueError:
        # A login page of the network, for instance.
        raise LineFailed("it answers something else than a hub does") from None

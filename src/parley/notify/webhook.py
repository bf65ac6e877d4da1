"""Signed POSTs: to the operator's webhook, and to the addresses that tasks name."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from parley.errors import ParleyError
from parley.notify.events import Event
from parley.notify.payload import body_of
from parley.notify.signing import EVENT_HEADER, EVENT_ID_HEADER, SIGNATURE_HEADER, sign
from parley.notify.target import DeliveryFailed, TargetGone
from parley.notify.wording import Language

if TYPE_CHECKING:
    import httpx

Pin = Callable[[str], Awaitable[str]]
"""Gives the IP address that a URL may be called at; raises ParleyError when it may not be called."""

_GONE = 410


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """What all POSTs share. `server` is the name of the machine."""

    secret: bytes = field(repr=False)
    server: str = ""
    language: Language = "en"
    timeout_s: float = 15.0


class Poster:
    """Sends signed POSTs over one pool of connections; redirects are not followed."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer
        self._client: httpx.AsyncClient | None = None

    async def post(self, address: str, event: Event, *, ip: str | None = None) -> None:
        """Send once, to `ip` where one is given; raises DeliveryFailed."""
        import httpx

        body = body_of(event, self._signer.server, self._signer.language)
        headers = self._headers(event, body)
        url, extensions = address, dict[str, str]()
        if ip is not None:
            url, headers["Host"], extensions["sni_hostname"] = _pinned(address, ip)
        try:
            async with asyncio.timeout(self._signer.timeout_s):
                client = await self._open()
                request = client.build_request(
                    "POST", url, content=body, headers=headers, extensions=extensions
                )
                response = await client.send(request, stream=True)
                await response.aclose()
        except TimeoutError:
            raise DeliveryFailed(f"No answer within {self._signer.timeout_s:g} s.") from None
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, OSError, ValueError) as error:
            raise DeliveryFailed(f"It could not be reached ({type(error).__name__}).") from error
        _require_taken(response.status_code)

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    def _headers(self, event: Event, body: bytes) -> dict[str, str]:
        return {
            "Content-Type": "application/json",
            "User-Agent": "parley",
            EVENT_HEADER: event.kind,
            EVENT_ID_HEADER: event.id,
            SIGNATURE_HEADER: sign(self._signer.secret, body, int(time.time())),
        }

    async def _open(self) -> httpx.AsyncClient:
        if self._client is None:
            import httpx

            # Reading the system's certificates takes tens of milliseconds.
            context = await asyncio.to_thread(ssl.create_default_context)
            self._client = httpx.AsyncClient(verify=context, timeout=self._signer.timeout_s, trust_env=False)
        return self._client


class Webhook:
    """The operator's address."""

    kind = "webhook"

    def __init__(self, address: str, poster: Poster) -> None:
        self._address = address
        self._poster = poster

    async def send(self, event: Event) -> None:
        """POST once; raises DeliveryFailed."""
        await self._poster.post(self._address, event)

    async def close(self) -> None:
        """The poster is closed by its owner."""


class Callback(Webhook):
    """The address that a task names: checked right before each try, and called where it was found."""

    kind = "callback"

    def __init__(self, address: str, poster: Poster, pin: Pin | None) -> None:
        super().__init__(address, poster)
        self._pin = pin

    async def send(self, event: Event) -> None:
        """POST once; raises DeliveryFailed, TargetGone for an address that may not be called."""
        try:
            ip = None if self._pin is None else await self._pin(self._address)
        except ParleyError as error:
            raise (TargetGone if error.permanent else DeliveryFailed)(error.message) from error
        await self._poster.post(self._address, event, ip=ip)


def _require_taken(status: int) -> None:
    if status == _GONE:
        raise TargetGone("It answered 410: it wants nothing more.")
    if not 200 <= status < 300:
        raise DeliveryFailed(f"It answered {status}.")


def _pinned(address: str, ip: str) -> tuple[str, str, str]:
    """The URL with the IP in place of the name; the Host header; the name for the certificate."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    at = f"[{ip}]" if ":" in ip else ip
    port = f":{parts.port}" if parts.port else ""
    named = f"[{host}]" if ":" in host else host
    return urlunsplit(parts._replace(netloc=f"{at}{port}")), f"{named}{port}", host

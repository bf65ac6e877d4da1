"""What every request passes first: Host and Origin, forwarding headers, pace.

A page of another site cannot reach us through the user's browser, neither by DNS rebinding (its
name stands in Host) nor by posting across sites (its origin stands in Origin).
"""

from __future__ import annotations

import ipaddress
import logging
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from parley.errors import Forbidden, InvalidSettings, RateLimited
from parley.server.http.problem import Refusal, problem_of
from parley.server.identity import PEER, Peer
from parley.server.pace import Pace

_FORWARDING = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip")
_LOOPBACK_NAMES = {"localhost", "127.0.0.1", "::1"}
_UNSPECIFIED = {"0.0.0.0", "::", ""}  # noqa: S104 - names to refuse, not to listen on
_SCHEMES = {"ws": "http", "wss": "https"}
_UPLOADS = "/v1/uploads/"

_log = logging.getLogger(__name__)

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True, kw_only=True)
class GateOptions:
    """`host` is the address listened on. `hosts` are further names that are ours, `origins` further
    pages that may call us (`*` in either: all). `trusts_loopback`: there is no authentication, because
    only this machine can reach us; a request that somebody forwarded is then refused.
    """

    host: str = "127.0.0.1"
    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()
    trusts_loopback: bool = True


class Gate:
    """ASGI middleware, the outermost."""

    def __init__(self, app: ASGIApp, options: GateOptions, pace: Pace) -> None:
        self._app = app
        self._options = options
        self._pace = pace
        self._hosts = {_name(host) for host in (options.host, *options.hosts)} - _UNSPECIFIED
        self._origins = {origin.lower().rstrip("/") for origin in options.origins}
        self._proxies = [_network(proxy) for proxy in options.trusted_proxies]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or say why not."""
        if scope["type"] not in ("http", "websocket"):
            return await self._app(scope, receive, send)
        headers = Headers(scope=scope)
        try:
            passed = self._examine(scope, headers)
            self._keep_pace(passed)
        except Refusal as refusal:
            _log.info("a request was turned away: %s", refusal.error.code)
            return await _refuse(refusal, scope, receive, send)
        return await self._app(passed, receive, send)

    def _examine(self, scope: Scope, headers: Headers) -> Scope:
        peer, scheme = self._origin_of_request(scope, headers)
        host = self._host(headers)
        if not self._is_ours(host, scope):
            raise _refused("This server does not answer to that name; add it to server.hosts.")
        origins = headers.getlist("origin")
        if not all(self._may_call(origin, scheme, host) for origin in origins):
            raise _refused("Pages of that origin may not call this server; add it to server.origins.")
        secure = scheme == "https"
        schemes = ("https", "http") if scope["type"] == "http" else ("wss", "ws")
        client = (peer.address, (scope.get("client") or ("", 0))[1])
        return {**scope, PEER: peer, "client": client, "scheme": schemes[0] if secure else schemes[1]}

    def _origin_of_request(self, scope: Scope, headers: Headers) -> tuple[Peer, str]:
        """Who asks, and by which scheme; a trusted proxy is believed about both."""
        address = (scope.get("client") or ("", 0))[0]
        scheme = _plain(scope["scheme"])
        if not any(name in headers for name in _FORWARDING):
            return Peer(address=address, is_local=_is_loopback(address)), scheme
        if not self._is_proxy(address):
            if self._options.trusts_loopback:
                raise _refused("A proxy is trusted only if server.trusted_proxies names it.")
            return Peer(address=address, is_local=False), scheme
        forwarded = self._forwarded_for(headers) or address
        is_local = forwarded != address and _is_loopback(forwarded)
        proto = headers.get("x-forwarded-proto", "").split(",")[-1].strip().lower()
        return Peer(address=forwarded, is_local=is_local), _plain(proto) or scheme

    def _forwarded_for(self, headers: Headers) -> str | None:
        """The last address that no trusted proxy has: whoever stands before it can write what they like."""
        lines = headers.getlist("x-forwarded-for")
        for address in reversed([part.strip() for line in lines for part in line.split(",")]):
            if _ip(address) is None:
                return None
            if not self._is_proxy(address):
                return address
        return None

    def _host(self, headers: Headers) -> str:
        named = headers.getlist("host")
        if len(named) != 1 or not named[0]:
            error = Forbidden("A request has exactly one header Host.")
            raise Refusal(error, status=400)
        return named[0].strip().lower()

    def _is_ours(self, host: str, scope: Scope) -> bool:
        name = _name(host)
        if "*" in self._hosts or name in self._hosts:
            return True
        reached = _name((scope.get("server") or ("", 0))[0])
        # Browsers never send an address that a name was rebound to, only the name.
        return name == reached or (name in _LOOPBACK_NAMES and _is_loopback(reached))

    def _may_call(self, origin: str, scheme: str, host: str) -> bool:
        origin = origin.strip().lower()
        if "*" in self._origins or origin in self._origins:
            return True
        return _site(origin) == _site(f"{scheme}://{host}") is not None

    def _keep_pace(self, scope: Scope) -> None:
        # Pieces of a file are counted as bytes elsewhere, not as requests.
        if scope.get("method") == "PATCH" and scope["path"].startswith(_UPLOADS):
            return
        wait_s = self._pace.take(scope[PEER].address)
        if wait_s:
            error = RateLimited(f"Too many requests in a short time; wait {wait_s:.1f} s.")
            raise Refusal(error, headers={"Retry-After": str(max(1, round(wait_s)))})

    def _is_proxy(self, address: str) -> bool:
        found = _ip(address)
        return found is not None and any(_within(found, network) for network in self._proxies)


async def _refuse(refusal: Refusal, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()
        if "websocket.http.response" not in scope.get("extensions", {}):
            return await send({"type": "websocket.close", "code": 1008})
    await problem_of(refusal)(scope, receive, send)
    return None


def _refused(message: str) -> Refusal:
    return Refusal(Forbidden(message))


def _plain(scheme: str) -> str:
    return _SCHEMES.get(scheme, scheme)


def _network(proxy: str) -> _Network:
    try:
        return ipaddress.ip_network(proxy, strict=False)
    except ValueError:
        raise InvalidSettings(
            f"'{proxy}' in server.trusted_proxies is no address; write 10.0.0.1 or 10.0.0.0/8."
        ) from None


def _name(host: str) -> str:
    """A host without port and brackets, as it is compared."""
    host = host.strip().lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return (host if host.count(":") > 1 else host.partition(":")[0]).rstrip(".")


def _site(origin: str) -> tuple[str, str, int | None] | None:
    """Scheme, name and port; None for what is no origin, such as `null`."""
    try:
        parts = urlsplit(origin)
        port = parts.port
    except ValueError:
        return None
    if not parts.hostname or parts.scheme not in ("http", "https"):
        return None
    return parts.scheme, parts.hostname, port or (443 if parts.scheme == "https" else 80)


def _ip(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        found = ipaddress.ip_address(address.partition("%")[0].strip("[]"))
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found


def _is_loopback(address: str) -> bool:
    found = _ip(address)
    return found is not None and found.is_loopback


def _within(address: ipaddress.IPv4Address | ipaddress.IPv6Address, network: _Network) -> bool:
    return address.version == network.version and address in network

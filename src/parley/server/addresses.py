"""Addresses that clients name: which of them the server may call (SSRF), and where exactly.

A name is resolved once. Whoever calls connects to what was checked, so that a name cannot mean
something else a moment later.
"""

from __future__ import annotations

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any

import httpx

from parley.errors import UrlRefused

MOST_CHARACTERS = 2000

_RESOLVE_S = 10.0
_PORTS = {"http": 80, "https": 443}

_NAT64 = IPv6Network("64:ff9b::/96")
_REFUSED_6 = tuple(
    IPv6Network(text)
    for text in (
        "::/96",  # IPv4 inside, deprecated
        "64:ff9b:1::/48",  # local NAT64
        "100::/64",  # discarded
        "2001::/23",  # protocols: Teredo, ORCHID, benchmarks
        "2001:db8::/32",
        "2002::/16",  # 6to4, IPv4 inside
        "3fff::/20",
        "5f00::/16",
        "fec0::/10",  # site-local, deprecated
    )
)


# Apart from the threads that write and hash: whoever answers for a name may let one wait for a minute.
_LOOKUPS = ThreadPoolExecutor(max_workers=4, thread_name_prefix="lookup")


class UnknownName(UrlRefused):
    """The name has no address, or none just now."""

    permanent = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where to connect, and what to say there: `url` has the address in place of the name."""

    url: httpx.URL
    host: str
    authority: str

    @property
    def headers(self) -> dict[str, str]:
        """The name that the server at the address is asked for."""
        return {"Host": self.authority}

    @property
    def extensions(self) -> dict[str, str]:
        """The name that its certificate has to have."""
        return {"sni_hostname": self.host} if self.url.scheme == "https" else {}


async def check(url: str, *, allow_private: bool = False) -> Place:
    """The place a URL means; raises UrlRefused.

    Only http and https, no user in the URL, and every address of the name must be public unless
    `allow_private`.
    """
    parsed = _parsed(url)
    port = parsed.port or _PORTS[parsed.scheme]
    addresses = await _resolve(parsed.raw_host.decode("ascii"), port)
    if not allow_private and not all(is_public(address) for address in addresses):
        raise UrlRefused("The address lies in a network that is not public; the server does not call it.")
    literal = addresses[0]
    return Place(
        url=parsed.copy_with(host=str(literal), fragment=None),
        host=parsed.raw_host.decode("ascii"),
        authority=parsed.netloc.decode("ascii"),
    )


async def ip_of(url: str) -> str:
    """The one address that a public URL may be called at; raises UrlRefused."""
    return (await check(url)).url.host


def _parsed(url: str) -> httpx.URL:
    if len(url) > MOST_CHARACTERS or not url.isprintable() or " " in url:
        raise UrlRefused("The URL is too long, or holds blanks or unprintable characters.")
    try:
        parsed = httpx.URL(url)
        host = parsed.raw_host.decode("ascii")
    except (httpx.InvalidURL, UnicodeError, ValueError):
        raise UrlRefused("This is not a URL.") from None
    if parsed.scheme not in _PORTS or not host:
        raise UrlRefused("Only http and https addresses are called.")
    if parsed.userinfo:
        raise UrlRefused("The URL holds a user or a password; leave them out.")
    if parsed.port is not None and not 1 <= parsed.port <= 65535:
        raise UrlRefused("The URL names a port that does not exist.")
    if "%" in host:
        raise UrlRefused("The URL names a network interface; leave it out.")
    return parsed


async def _resolve(host: str, port: int) -> list[IPv4Address | IPv6Address]:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(_RESOLVE_S):
            found = await loop.run_in_executor(_LOOKUPS, _look_up, host, port)
    except (OSError, UnicodeError, TimeoutError, ValueError):
        raise UnknownName("The name in the URL is not known.") from None
    addresses = [ip_address(str(entry[4][0])) for entry in found]
    if not addresses:
        raise UrlRefused("The name in the URL has no address.")
    return addresses


def _look_up(host: str, port: int) -> list[Any]:
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address belongs to the public internet, and to one host there."""
    if isinstance(address, IPv6Address):
        inner = _inside(address)
        if inner is not None:
            return is_public(inner)
        if address.scope_id or any(address in network for network in _REFUSED_6):
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _inside(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that packets would really go to."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return IPv4Address(int(address) & 0xFFFFFFFF) if address in _NAT64 else None

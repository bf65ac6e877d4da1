"""Where the server is, as people write it: `ws://`, `wss://`, `http://`, `https://`, or `host:port`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn
from urllib.parse import SplitResult, urlsplit

from parley.errors import InvalidOption

DEFAULT_PORT = 8767
"""Of an address without a scheme; with one, the scheme's own port is meant, as in a browser."""

_SECURE = {"ws": False, "http": False, "wss": True, "https": True}


@dataclass(frozen=True, slots=True)
class Address:
    """`path` has no slash at its end."""

    host: str
    port: int
    path: str
    is_secure: bool

    @property
    def socket_url(self) -> str:
        """For the native protocol."""
        return self.socket_at("") if self.path else self.socket_at("/")

    def socket_at(self, page: str) -> str:
        """For the protocol that is spoken there; `page` begins with a slash."""
        return f"{'wss' if self.is_secure else 'ws'}://{self.place}{self.path}{page}"

    @property
    def place(self) -> str:
        """`host:port`, an IPv6 address in brackets."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def parse_address(text: str) -> Address:
    """Raises InvalidOption for what is no address of a server."""
    scheme, separator, _ = text.partition("://")
    if separator and scheme.lower() not in _SECURE:
        _refuse(text)
    try:
        parts = urlsplit(text if separator else f"ws://{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        _refuse(text)
    if not host or any(character.isspace() for character in text):
        _refuse(text)
    _require_plain(parts)
    is_secure = _SECURE[parts.scheme]
    usual = (443 if is_secure else 80) if separator else DEFAULT_PORT
    return Address(host, port or usual, parts.path.rstrip("/"), is_secure)


def _require_plain(parts: SplitResult) -> None:
    if parts.query or parts.fragment or parts.username is not None:
        raise InvalidOption(
            "The server's address ends with its path; a token is given apart, so that no log shows it."
        )


def _refuse(text: str) -> NoReturn:
    raise InvalidOption(f"'{text}' is no server; write host:port, or a URL with ws, wss, http or https.")

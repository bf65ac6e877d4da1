"""The opening handshake: the request as uvicorn hands it over, and the answers to it."""

from __future__ import annotations

import asyncio
import email.utils
import logging
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from uvicorn.config import Config
from uvicorn.server import ServerState
from websockets.datastructures import Headers
from websockets.http11 import Request, Response
from websockets.server import ServerProtocol

# It would write the query, and with it tokens.
_silent = logging.getLogger("parley.server.handshake")
_silent.setLevel(logging.CRITICAL + 1)

_Fields = list[tuple[bytes, bytes]]


class Handshake:
    """One handshake. Compression is not offered: it would slow uploads down twentyfold, and media does
    not shrink.
    """

    def __init__(self, data: bytes, config: Config, state: ServerState, app_state: dict[str, Any]) -> None:
        self._config = config
        self._default_headers = state.default_headers
        self._app_state = app_state
        self._rejection: tuple[int, _Fields] | None = None
        self._body = bytearray()
        protocol = ServerProtocol(extensions=None, logger=_silent)
        protocol.receive_data(data)
        request = next((event for event in protocol.events_received() if isinstance(event, Request)), None)
        self._request = request or Request("/", Headers())
        if request is not None:
            self._response = protocol.accept(request)
        else:
            # Bounds on headers are tighter here than in uvicorn's parser.
            self._response = protocol.reject(HTTPStatus.BAD_REQUEST, "The handshake cannot be read.\n")

    @property
    def is_acceptable(self) -> bool:
        """Whether the request is a handshake of the one version there is."""
        return self._response.status_code == HTTPStatus.SWITCHING_PROTOCOLS

    def refusal(self) -> bytes:
        """The answer to a request that is no good handshake."""
        return self._response.serialize()

    def scope(self, transport: asyncio.Transport) -> dict[str, Any]:
        """What ASGI tells an application about the connection."""
        request = self._request
        raw_path, _, query = request.path.partition("?")
        root = self._config.root_path
        is_secure = transport.get_extra_info("sslcontext") is not None
        return {
            "type": "websocket",
            "asgi": {"version": self._config.asgi_version, "spec_version": "2.4"},
            "http_version": "1.1",
            "scheme": "wss" if is_secure else "ws",
            "server": _address(transport.get_extra_info("sockname")),
            "client": _address(transport.get_extra_info("peername")),
            "root_path": root,
            "path": root + unquote(raw_path),
            "raw_path": (root + raw_path).encode(errors="surrogateescape"),
            "query_string": query.encode(errors="surrogateescape"),
            "headers": [
                (name.lower().encode(), _latin(value)) for name, value in request.headers.raw_items()
            ],
            "subprotocols": _subprotocols(request.headers),
            "state": self._app_state.copy(),
            "extensions": {"websocket.http.response": {}},
        }

    def accept(self, message: dict[str, Any]) -> bytes:
        """The answer 101."""
        response = self._response
        for name, value in [*self._default_headers, *message.get("headers", [])]:
            if name.lower() != b"date":
                response.headers[name.decode("latin-1")] = value.decode("latin-1")
        if subprotocol := message.get("subprotocol"):
            response.headers["Sec-WebSocket-Protocol"] = subprotocol
        answer = response.serialize()
        # Nobody asks for them again, and the connection may stay for days.
        for headers in (response.headers, self._request.headers):
            headers.clear()
        return answer

    def rejection(self, message: dict[str, Any]) -> bytes | None:
        """The answer instead of 101, once all of it is known."""
        match message["type"]:
            case "websocket.close":
                return self.refuse(HTTPStatus.FORBIDDEN, [], b"")
            case "websocket.http.response.start":
                self._rejection = message["status"], list(message.get("headers", []))
                return None
            case "websocket.http.response.body" if self._rejection is not None:
                self._body += message.get("body", b"")
                return None if message.get("more_body") else self.refuse(*self._rejection, bytes(self._body))
            case other:
                raise RuntimeError(f"the application sent '{other}' before it accepted")

    def refuse(self, status: int, fields: _Fields, body: bytes) -> bytes:
        """An HTTP answer after which the line is closed."""
        headers = Headers([(name.decode("latin-1"), value.decode("latin-1")) for name, value in fields])
        for name, value in _usual(len(body)).items():
            headers.setdefault(name, value)
        return Response(status, HTTPStatus(status).phrase, headers, body).serialize()


def _usual(length: int) -> dict[str, str]:
    return {
        "Date": email.utils.formatdate(usegmt=True),
        "Connection": "close",
        "Content-Length": str(length),
        "Content-Type": "text/plain; charset=utf-8",
    }


def _latin(value: str) -> bytes:
    """Releases of `websockets` differ in how they read bytes beyond ASCII."""
    try:
        return value.encode("ascii", errors="surrogateescape")
    except UnicodeEncodeError:
        return value.encode("latin-1", errors="replace")


def _subprotocols(headers: Headers) -> list[str]:
    return [part.strip() for line in headers.get_all("Sec-WebSocket-Protocol") for part in line.split(",")]


def _address(name: Any) -> tuple[str, int] | None:
    return (str(name[0]), int(name[1])) if isinstance(name, tuple) and len(name) >= 2 else None

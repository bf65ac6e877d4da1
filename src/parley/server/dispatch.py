"""Which door answers: HTTP the pages, handshakes by their path or by the port they came to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

Door = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]
"""An ASGI application for WebSockets."""


class Dispatch:
    """An ASGI application; handshakes do not go through the tables of HTTP."""

    def __init__(self, pages: ASGIApp, doors: Mapping[str, Door], elsewhere: Door) -> None:
        self._pages = pages
        self._doors = dict(doors)
        self._elsewhere = elsewhere
        self._by_port: dict[int, Door] = {}

    def give_port(self, port: int, path: str) -> None:
        """Every handshake that comes to this port is for the door of that path."""
        self._by_port[port] = self._doors[path]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a connection to its door."""
        if scope["type"] == "websocket":
            await self._door_of(scope)(dict(scope), receive, send)
        else:
            await self._pages(scope, receive, send)

    def _door_of(self, scope: Scope) -> Door:
        _, port = scope.get("server") or ("", None)
        if port in self._by_port:
            return self._by_port[port]
        return self._doors.get(_path_of(scope), self._elsewhere)


def _path_of(scope: Scope) -> str:
    """Without what a proxy has put before it, and without a slash at the end."""
    path: str = scope["path"].removeprefix(scope.get("root_path", ""))
    return path.rstrip("/")

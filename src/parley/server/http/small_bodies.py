"""A limit for bodies that are read as a whole, before anybody asks who sends them."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES = 4 * 1024 * 1024

_STREAMED = ("/v1/jobs", "/v1/uploads")
"""Where recordings come in; these have limits of their own."""


class SmallBodies:
    """Refuses to hear more than MOST_BYTES anywhere but where recordings are streamed."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http" or scope["path"].startswith(_STREAMED):
            await self._app(scope, receive, send)
            return
        heard = 0

        async def counted() -> Message:
            nonlocal heard
            message = await receive()
            heard += len(message.get("body", b""))
            if heard > MOST_BYTES:
                raise HTTPException(413, f"The body is larger than the {MOST_BYTES} bytes allowed here")
            return message

        await self._app(scope, counted, send)

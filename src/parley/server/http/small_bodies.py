"""A limit for bodies that are read as a whole, before anybody asks who sends them."""

from __future__ import annotations

import asyncio

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES = 64 * 1024
"""Several times the longest token."""

PATIENCE_S = 30.0
"""For the whole of a body: whoever sends it is not known yet."""

_STREAMED = ("/v1/jobs", "/v1/uploads", "/v1/voices", "/v1/audio/speech")
"""Where recordings and long texts come in; these have limits of their own."""


class SmallBodies:
    """Refuses to hear more than MOST_BYTES anywhere but where recordings are streamed."""

    def __init__(self, app: ASGIApp, patience_s: float = PATIENCE_S) -> None:
        self._app = app
        self._patience_s = patience_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http" or scope["path"].startswith(_STREAMED):
            await self._app(scope, receive, send)
            return
        heard = 0
        deadline = asyncio.get_running_loop().time() + self._patience_s

        async def counted() -> Message:
            nonlocal heard
            try:
                async with asyncio.timeout_at(deadline):
                    message = await receive()
            except TimeoutError:
                raise HTTPException(408, "The body did not come in time; send it again") from None
            heard += len(message.get("body", b""))
            if heard > MOST_BYTES:
                raise HTTPException(413, f"The body is larger than the {MOST_BYTES} bytes allowed here")
            return message

        await self._app(scope, counted, send)

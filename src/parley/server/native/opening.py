"""How a connection begins: the handshake is answered, the client says who it is (section 3)."""

from __future__ import annotations

import asyncio

from parley.errors import AuthFailed
from parley.jobs.principal import Principal
from parley.server.native.line import Line, LineGone
from parley.server.native.reading import read_envelope
from parley.server.native.refusals import Refused
from parley.server.rooms import Identities
from parley.wire.native.client import Auth
from parley.wire.native.message import MAX_FRAME_BYTES
from parley.wire.native.server import AuthRequired, AuthSuccess, AuthUser


async def recognise(
    line: Line, authority: Identities, offered: str | None, timeout_s: float
) -> tuple[Principal, str | None]:
    """Who the client is, and the token that says so; raises AuthFailed, LineGone.

    `offered` is a token that came with the handshake.
    """
    if not authority.enabled:
        return Principal(), None
    token = offered
    if token is None:
        await line.say(AuthRequired(message="Send a token."))
        token = await _ask(line, timeout_s)
    who = await authority.identify(token)
    await line.say(AuthSuccess(message="Welcome.", user=AuthUser(username=who.user)))
    line.wire.limit(MAX_FRAME_BYTES)
    return who, token


async def _ask(line: Line, timeout_s: float) -> str:
    try:
        async with asyncio.timeout(timeout_s):
            frame = await line.hear()
    except TimeoutError:
        raise _failed("no answer") from None
    if frame is None:
        raise LineGone
    if not isinstance(frame, str):
        raise _failed("a binary frame")
    try:
        kind, data = read_envelope(frame)
    except Refused as refused:
        raise _failed(refused.error.code) from None
    token = data.get("token")
    if kind != Auth.TYPE or not isinstance(token, str):
        raise _failed("no token")
    return token


def _failed(kind: str) -> AuthFailed:
    return AuthFailed("Authentication failed; send a valid token.", detail=kind)

"""How a connection begins: the handshake is answered, the client says who it is (section 3)."""

from __future__ import annotations

import asyncio

from parley.errors import AuthFailed
from parley.jobs.principal import Principal
from parley.server.rooms import Identities
from parley.server.socket.envelope import Unreadable, read_envelope
from parley.server.socket.line import Line, LineGone
from parley.wire.native.client import Auth
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
    return who, token


async def introduce(authority: Identities, offered: str | None) -> tuple[Principal, str | None]:
    """The same for clients that cannot be asked: the handshake says it all. Raises AuthFailed."""
    if not authority.enabled:
        return Principal(), None
    return await authority.identify(offered), offered


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
    except Unreadable as unreadable:
        raise _failed(unreadable.error.code) from None
    token = data.get("token")
    if kind != Auth.TYPE or not isinstance(token, str):
        raise _failed("no token")
    return token


def _failed(kind: str) -> AuthFailed:
    return AuthFailed("Authentication failed; send a valid token.", detail=kind)

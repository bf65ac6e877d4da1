"""How a request says who sends it: a header, the query, or the cookie of somebody who logged in."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StrictStr
from starlette.requests import HTTPConnection

from parley.jobs.principal import Principal
from parley.server.authority import MAX_TOKEN_CHARACTERS
from parley.server.rooms import Identities

SESSION_COOKIE = "parley_session"
PEER = "parley.peer"
"""Where the gate leaves the `Peer` in the scope."""

_YEAR_S = 365 * 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """Who is at the other end: the address limits are counted for, and whether it is this machine."""

    address: str
    is_local: bool


class Login(BaseModel):
    """What is sent to log in."""

    model_config = ConfigDict(extra="forbid")

    token: StrictStr = Field(
        min_length=1,
        max_length=MAX_TOKEN_CHARACTERS,
        pattern=r"^[!-~]+$",
        description="A JWT or an API key.",
    )


class LoggedIn(BaseModel):
    """Who is logged in."""

    user: str


router = APIRouter(tags=["login"])


def token_of(connection: HTTPConnection) -> tuple[str | None, bool]:
    """The token of a request, and whether it was put there for this very request and not by a cookie."""
    scheme, _, credentials = connection.headers.get("authorization", "").partition(" ")
    # Clients written after those of some clouds put a semicolon behind it.
    if scheme.lower().rstrip(";") == "bearer" and credentials.strip():
        return credentials.strip(), True
    if token := connection.query_params.get("token"):
        return token, True
    return connection.cookies.get(SESSION_COOKIE) or None, False


def peer_of(connection: HTTPConnection) -> Peer:
    """Who is at the other end; a request that passed no gate is nobody's friend."""
    peer = connection.scope.get(PEER)
    if isinstance(peer, Peer):
        return peer
    return Peer(address=connection.client.host if connection.client else "", is_local=False)


async def principal(request: Request) -> Principal:
    """Who asks, as a dependency; raises AuthFailed."""
    token, _ = token_of(request)
    return await _authority(request).identify(token)


@router.post("/v1/login", summary="Turn a token into a cookie")
async def login(request: Request, response: Response, given: Login) -> LoggedIn:
    """The page keeps no token where scripts can read it: the cookie holds it."""
    who = await _authority(request).identify(given.token)
    response.set_cookie(
        SESSION_COOKIE,
        given.token,
        max_age=_YEAR_S,
        httponly=True,
        samesite="strict",
        secure=_is_secure(request),
        path="/",
    )
    return LoggedIn(user=who.user)


@router.post("/v1/logout", status_code=204, summary="Forget the cookie")
async def logout(request: Request, response: Response) -> None:
    """The token itself stays valid."""
    response.delete_cookie(
        SESSION_COOKIE, httponly=True, samesite="strict", secure=_is_secure(request), path="/"
    )


def _is_secure(request: Request) -> bool:
    return request.url.scheme == "https"


def _authority(request: Request) -> Identities:
    return request.app.state.rooms.authority

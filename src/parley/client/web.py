"""What only HTTP gives: a finished task's result in another format, its whole transcript, and voices."""

from __future__ import annotations

import asyncio
import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from parley.client.failures import LineLost, error_of
from parley.client.line import MOST_RECEIVED_BYTES, Door
from parley.errors import ParleyError

_TIMEOUT_S = 120.0
"""Of each wait for bytes: a large transcript is rendered before the first one comes."""


@dataclass(frozen=True, slots=True)
class Body:
    """What a request carries."""

    kind: str
    data: bytes


async def fetch(door: Door, path: str, **query: str) -> str:
    """The body of an answer; `path` begins with a slash. Raises what the server refuses with, or LineLost."""
    target = quote(path) + (f"?{urlencode(query)}" if query else "")
    return (await ask(door, "GET", target)).decode()


async def ask(door: Door, method: str, target: str, body: Body | None = None) -> bytes:
    """The body of an answer; `target` is quoted. Raises what the server refuses with, or LineLost."""
    status, answer = await asyncio.to_thread(_request, door, method, target, body)
    if 200 <= status < 300:
        return answer
    raise error_of(_problem(status, answer))


def _request(door: Door, method: str, target: str, body: Body | None) -> tuple[int, bytes]:
    address = door.address
    connection = (
        http.client.HTTPSConnection(address.host, address.port, timeout=_TIMEOUT_S, context=door.tls)
        if address.is_secure
        else http.client.HTTPConnection(address.host, address.port, timeout=_TIMEOUT_S)
    )
    headers = {"Authorization": f"Bearer {door.token}"} if door.token else {}
    if body is not None:
        headers["Content-Type"] = body.kind
    try:
        connection.request(
            method, address.path + target, body=None if body is None else body.data, headers=headers
        )
        answer = connection.getresponse()
        found = answer.read(MOST_RECEIVED_BYTES + 1)
    except (OSError, http.client.HTTPException) as error:
        raise LineLost(
            f"Nothing answers at {address.place}; is the server running?", detail=str(error)
        ) from error
    finally:
        connection.close()
    if len(found) > MOST_RECEIVED_BYTES:
        raise ParleyError("The server's answer is larger than any transcript can be.")
    return answer.status, found


def _problem(status: int, body: bytes) -> dict[str, Any]:
    """A problem document (RFC 9457) in the words of an `error` message."""
    try:
        document = json.loads(body)
        return {"error": document["code"], "message": document["detail"]}
    except (ValueError, KeyError, TypeError):
        return {"error": "", "message": f"The server answered with HTTP {status}."}

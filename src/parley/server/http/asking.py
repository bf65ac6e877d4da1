"""What handlers are given: who asks, and the rooms behind the doors."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request

from parley.jobs.principal import Principal
from parley.server.http.describing import reference
from parley.server.http.problem import MEDIA_TYPE, Problem
from parley.server.identity import principal
from parley.server.rooms import Rooms


def rooms_of(request: Request) -> Rooms:
    """The rooms that this application was built with."""
    return request.app.state.rooms


Behind = Annotated[Rooms, Depends(rooms_of)]
Who = Annotated[Principal, Depends(principal)]
TaskIdPath = Annotated[str, Path(min_length=1, max_length=64, description="The id of a task.")]

Handler = Callable[..., Coroutine[Any, Any, Any]]

_MEANINGS = {
    400: "The request means nothing; `detail` says what to mend.",
    401: "No token, or one that is not accepted.",
    403: "The token may not do this, or Host or Origin is not ours.",
    404: "There is no such thing, or it is somebody else's.",
    405: "The path does not answer that method.",
    408: "The body stopped coming.",
    409: "The task is not in a state for this.",
    410: "The task is over and was forgotten.",
    412: "Another version of tus.",
    413: "Larger than this server accepts.",
    415: "A type that is not taken here.",
    416: "The range lies outside the recording.",
    422: "What was sent is no use for this; `detail` says why.",
    423: "Another request is writing to this upload.",
    429: "Too many requests, uploads or streams; see Retry-After.",
    460: "The bytes do not have the checksum beside them; they were not kept.",
    500: "Something went wrong in the server.",
    503: "No more work is taken for now; see Retry-After.",
    507: "No space is left for recordings.",
}


EVERYWHERE = (400, 403, 429, 500)
"""Statuses of what is wrong with a request before anybody looks at what it asks."""


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of an operation that may be refused so, besides the ways all may be."""
    every = sorted({401, 503, *EVERYWHERE, *statuses})
    return described(every)


def described(statuses: Iterable[int]) -> dict[int | str, dict[str, Any]]:
    """Problem documents with these statuses."""
    content = {MEDIA_TYPE: {"schema": reference(Problem)}}
    return {status: {"description": _MEANINGS[status], "content": content} for status in statuses}


def read(router: APIRouter, path: str, **documented: Any) -> Callable[[Handler], Handler]:
    """Declare a handler for GET, and for HEAD, which the OpenAPI document need not repeat."""

    def declare(handler: Handler) -> Handler:
        router.add_api_route(path, handler, methods=["GET"], **documented)
        router.add_api_route(path, handler, methods=["HEAD"], include_in_schema=False, response_model=None)
        return handler

    return declare

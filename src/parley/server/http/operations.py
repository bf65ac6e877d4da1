"""Whether the server lives, whether it can take work, and its numbers."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from parley.server.http.asking import Behind, problems, read
from parley.server.http.models import Document
from parley.server.identity import peer_of, principal

router = APIRouter(tags=["operations"])

_PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


class Health(Document):
    """The process answers."""

    status: Literal["alive"] = "alive"
    version: str


class Readiness(Document):
    """Whether work should be sent here."""

    ready: bool
    reasons: list[str]


@read(router, "/health", summary="Is it alive?", response_model=Health)
async def health(rooms: Behind) -> Health:
    """Answers as long as the event loop turns; touches no disk and no worker."""
    return Health(version=rooms.options.version)


@read(
    router,
    "/ready",
    summary="Can it take work?",
    response_model=Readiness,
    responses={503: {"model": Readiness, "description": "Not now; `reasons` says why."}},
)
async def ready(rooms: Behind) -> Response:
    """Whether models are loaded, the queue takes tasks and there is space for recordings."""
    reasons = list(rooms.unready())
    document = Readiness(ready=not reasons, reasons=reasons).model_dump(mode="json")
    return JSONResponse(document, 503 if reasons else 200, headers={"Cache-Control": "no-store"})


@read(
    router,
    "/metrics",
    summary="Numbers for Prometheus",
    response_class=Response,
    responses={
        200: {"description": "The text format.", "content": {"text/plain": {"schema": {"type": "string"}}}},
        **problems(),
    },
)
async def metrics(request: Request, rooms: Behind) -> Response:
    """Open on loopback, unless the request was forwarded; otherwise it wants a token."""
    if not peer_of(request).is_local:
        await principal(request)
    return Response(rooms.metrics(), headers={"Content-Type": _PROMETHEUS, "Cache-Control": "no-store"})

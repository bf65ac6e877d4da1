"""All doors of the server as one application."""

from __future__ import annotations

from fastapi import FastAPI

from parley.server.http import edits, events, jobs, media, operations, results, submit, tus
from parley.server.http.headers import CautiousHeaders
from parley.server.http.problem import speak_problems
from parley.server.http.turns import Turns
from parley.server.rooms import DoorOptions, Rooms

__all__ = ["DoorOptions", "Rooms", "build"]

_ROUTERS = (
    submit.router,
    jobs.router,
    results.router,
    events.router,
    media.router,
    edits.router,
    tus.router,
    operations.router,
)


def build(rooms: Rooms) -> FastAPI:
    """The application; it owns nothing, so it needs no start and no end."""
    app = FastAPI(
        title="Parley",
        version=rooms.options.version,
        summary="Recordings become transcripts with speakers, times and punctuation.",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.rooms = rooms
    app.state.event_streams = set()
    app.state.turns = Turns()
    for router in _ROUTERS:
        app.include_router(router)
    speak_problems(app)
    app.add_middleware(CautiousHeaders)
    return app

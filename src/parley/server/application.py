"""All doors of the server as one application."""

from __future__ import annotations

import asyncio

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

from parley.server import identity
from parley.server.http import (
    conversations,
    edits,
    events,
    jobs,
    media,
    operations,
    page,
    profiles,
    results,
    speech,
    submit,
    system,
    tus,
    voices,
)
from parley.server.http.asking import EVERYWHERE, described
from parley.server.http.cross_origin import cross_origin
from parley.server.http.describing import document_of
from parley.server.http.headers import CautiousHeaders
from parley.server.http.methods import Methods
from parley.server.http.problem import speak_problems
from parley.server.http.small_bodies import SmallBodies
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
    profiles.router,
    conversations.router,
    system.router,
    voices.router,
    speech.router,
    page.router,
    identity.router,
)


_VOICES_ADDED_AT_ONCE = 4


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
    app.state.methods = Methods(_ROUTERS)
    app.state.fetches = asyncio.Semaphore(rooms.options.max_fetches)
    app.state.turns = Turns()
    app.state.voices_added = asyncio.Semaphore(_VOICES_ADDED_AT_ONCE)
    for router in _ROUTERS:
        app.include_router(router)
    at_login = described((401, 408, 413))
    app.openapi = document_of(app, described(EVERYWHERE), at_login, secured=rooms.authority.enabled)
    speak_problems(app)
    app.add_middleware(SmallBodies)
    if rooms.options.origins:
        app.add_middleware(CORSMiddleware, **cross_origin(rooms.options.origins))
    app.add_middleware(CautiousHeaders)
    return app

"""A live session as `parley listen` uses it: at a server, or in this process."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from parley.cli.remote import Server
from parley.cli.sounds import Sound
from parley.client import LiveOptions
from parley.client.feeding import Listening
from parley.live.options import LiveWish
from parley.settings import Settings

Notice = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is wanted of a session, wherever it is."""

    profile: str | None = None
    language: str | None = None
    hotwords: tuple[tuple[str, float], ...] = ()
    partials: bool = True
    endpoint_silence_ms: int | None = None
    words: bool = False
    record: bool = False


@asynccontextmanager
async def hear_at_server(
    settings: Settings, server: Server, wanted: Wanted, sound: Sound
) -> AsyncGenerator[Listening]:
    """A session at a server; raises ServerUnreachable, and what the server refuses with."""
    options = LiveOptions(
        sample_rate=sound.sample_rate_hz,
        encoding=sound.encoding,
        channels=sound.channels,
        language=wanted.language,
        profile=wanted.profile,
        hotwords=dict(wanted.hotwords) or None,
        partials=wanted.partials,
        endpoint_silence_ms=wanted.endpoint_silence_ms,
        words=wanted.words,
        record=wanted.record,
    )
    async with server.client(settings).listen(**options) as session:
        yield session


@asynccontextmanager
async def hear_here(
    settings: Settings, notice: Notice, wanted: Wanted, sound: Sound
) -> AsyncGenerator[Listening]:
    """A session in this process, its models in workers; raises what opening one raises."""
    from parley.app.hearing import hear

    silence_ms = wanted.endpoint_silence_ms
    wish = LiveWish(
        sample_rate_hz=sound.sample_rate_hz,
        encoding=sound.encoding,
        channels=sound.channels,
        language=wanted.language,
        hotwords=wanted.hotwords,
        partials=wanted.partials,
        endpoint_silence_s=None if silence_ms is None else silence_ms / 1000,
        words=wanted.words,
    )
    async with hear(settings, wish, notice) as session:
        yield session

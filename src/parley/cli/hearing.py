"""A live session as `parley listen` uses it: at a server, or in this process."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from parley.cli.remote import Server
from parley.cli.sounds import Sound
from parley.client import LiveOptions
from parley.live.contract import LiveSession
from parley.live.options import LiveWish
from parley.settings import Settings
from parley.speech.live import Failed, LiveEvent

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


class Hearing(Protocol):
    """An open session."""

    async def send(self, audio: bytes) -> None:
        """Take audio; waits while recognition is too far behind."""
        ...

    async def stop(self) -> None:
        """The input has ended."""
        ...

    def __aiter__(self) -> AsyncIterator[LiveEvent]:
        """Everything that is told; raises ParleyError when the session cannot go on."""
        ...


class HereHearing:
    """A session of this process."""

    def __init__(self, session: LiveSession) -> None:
        self._session = session

    async def send(self, audio: bytes) -> None:
        """See Hearing."""
        await self._session.write(audio)

    async def stop(self) -> None:
        """See Hearing."""
        await self._session.stop()

    async def __aiter__(self) -> AsyncGenerator[LiveEvent]:
        async for event in self._session.listen():
            if isinstance(event, Failed):
                raise event.error
            yield event


@asynccontextmanager
async def hear_at_server(
    settings: Settings, server: Server, wanted: Wanted, sound: Sound
) -> AsyncGenerator[Hearing]:
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
) -> AsyncGenerator[Hearing]:
    """A session in this process, its models in workers; raises what opening one raises."""
    from parley.app.live_workshop import open_live

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
    async with open_live(settings, notice, wanted.language) as room:
        session = await room.open("", wish)
        try:
            yield HereHearing(session)
        finally:
            await session.close()

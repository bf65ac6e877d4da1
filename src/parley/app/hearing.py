"""A live session in this process, with the interface of those at a server."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from parley.app.live_workshop import open_live
from parley.live.contract import LiveSession
from parley.live.options import LiveWish
from parley.settings import Settings
from parley.speech.live import Failed, LiveEvent


class LocalSession:
    """Send audio, and iterate over what was heard, both at once; `Done` comes last."""

    def __init__(self, session: LiveSession) -> None:
        self._session = session

    @property
    def profile(self) -> str:
        """The profile that hears."""
        return self._session.facts.profile

    @property
    def streaming(self) -> bool:
        """Whether its recogniser hears speech as it comes."""
        return self._session.facts.streaming

    async def send(self, audio: bytes | bytearray | memoryview) -> None:
        """Take audio of any length; waits while recognition is too far behind. Ignored after the end."""
        await self._session.write(audio)

    async def finalize(self) -> None:
        """End the utterance here, after what was sent."""
        await self._session.finalize()

    async def stop(self) -> None:
        """The input has ended; the last finals and `Done` follow."""
        await self._session.stop()

    async def __aiter__(self) -> AsyncGenerator[LiveEvent]:
        async for event in self._session.listen():
            if isinstance(event, Failed):
                raise event.error
            yield event


@asynccontextmanager
async def hear(
    settings: Settings, wish: LiveWish, notice: Callable[[str], None] | None = None
) -> AsyncGenerator[LocalSession]:
    """Open a session for the profile of the settings, its models in workers of its own; leaves none.

    Raises ProfileError, UnsupportedOption, InvalidOption.
    """
    async with open_live(settings, notice, wish.language) as room:
        session = await room.open("", wish)
        try:
            yield LocalSession(session)
        finally:
            await session.close()

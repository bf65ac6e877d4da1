"""A live session for callers without an event loop."""

from __future__ import annotations

from collections.abc import Iterator

from parley.client.live_session import AsyncLiveSession
from parley.client.portal import Portal
from parley.speech.live import LiveEvent


class LiveSession:
    """`AsyncLiveSession` with the same methods, each waiting for its end. One thread may send while
    another iterates.
    """

    def __init__(self, portal: Portal, session: AsyncLiveSession) -> None:
        self._portal = portal
        self._session = session

    @property
    def id(self) -> str:
        """The server's name for it."""
        return self._session.id

    @property
    def profile(self) -> str:
        """The profile that hears."""
        return self._session.profile

    @property
    def streaming(self) -> bool:
        """Whether its recogniser hears speech as it comes."""
        return self._session.streaming

    def send(self, audio: bytes | bytearray | memoryview) -> None:
        """See `AsyncLiveSession.send`."""
        self._portal.run(self._session.send(audio))

    def finalize(self) -> None:
        """See `AsyncLiveSession.finalize`."""
        self._portal.run(self._session.finalize())

    def stop(self) -> None:
        """See `AsyncLiveSession.stop`."""
        self._portal.run(self._session.stop())

    def __iter__(self) -> Iterator[LiveEvent]:
        while (event := self._portal.run(self._session.next())) is not None:
            yield event

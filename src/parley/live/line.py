"""A session as one of its lines sees it: what an older line still says is not heard."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

from parley.live.contract import SessionFacts
from parley.live.session import Session
from parley.speech.live import LiveEvent


class SessionLine:
    """What a door is given. `gone` is called by `close`, and when the last event was taken."""

    def __init__(self, session: Session, number: int, forget: Callable[[Session], None]) -> None:
        self._session = session
        self._number = number
        self._forget = forget

    @property
    def facts(self) -> SessionFacts:
        """See LiveSession."""
        return self._session.facts

    @property
    def received_samples(self) -> int:
        """See LiveSession."""
        return self._session.inlet.received_frames

    @property
    def _is_current(self) -> bool:
        return self._session.line == self._number

    async def write(self, data: bytes | bytearray | memoryview) -> None:
        """See LiveSession."""
        await self._session.write(memoryview(data).cast("B"), self._number)

    async def finalize(self) -> None:
        """See LiveSession."""
        if self._is_current:
            self._session.inlet.cut()

    async def stop(self) -> None:
        """See LiveSession."""
        if self._is_current:
            self._session.end_input()

    def listen(self, after: int | None = None) -> AsyncIterator[LiveEvent]:
        """See LiveSession."""
        return self._events(self._session.outbox.listen(after) if self._is_current else None)

    async def _events(self, events: AsyncIterator[LiveEvent] | None) -> AsyncIterator[LiveEvent]:
        if events is None:
            return
        async for event in events:
            yield event
        if self._is_current and self._session.is_over:
            self._forget(self._session)

    async def leave(self) -> None:
        """See LiveSession."""
        if self._is_current:
            self._session.leave()

    async def close(self) -> None:
        """See LiveSession."""
        if self._is_current:
            await self._session.close()
            self._forget(self._session)

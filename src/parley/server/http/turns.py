"""One writer per upload: a newcomer ends the one before it, whose line may be dead without knowing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from contextlib import asynccontextmanager

from parley.errors import OffsetConflict

_PATIENCE_S = 10.0


class Turns:
    """Who writes to which upload."""

    def __init__(self) -> None:
        self._writers: dict[str, Turn] = {}

    @asynccontextmanager
    async def take(self, upload_id: str) -> AsyncGenerator[Turn, None]:
        """Write; the writer before is interrupted and awaited. Raises OffsetConflict when it does not end."""
        while (before := self._writers.get(upload_id)) is not None:
            before.interrupted.set()
            try:
                async with asyncio.timeout(_PATIENCE_S):
                    await before.over.wait()
            except TimeoutError:
                raise OffsetConflict("Another request is writing to this upload; try again.") from None
        turn = self._writers[upload_id] = Turn()
        try:
            yield turn
        finally:
            del self._writers[upload_id]
            turn.over.set()


class Turn:
    """The right to write until somebody newer comes."""

    def __init__(self) -> None:
        self.interrupted = asyncio.Event()
        self.over = asyncio.Event()

    async def through(self, body: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
        """The same bytes; raises OffsetConflict as soon as somebody newer comes."""
        interrupted = asyncio.ensure_future(self.interrupted.wait())
        pieces = aiter(body)
        piece: asyncio.Future[bytes | None] | None = None
        try:
            while True:
                piece = asyncio.ensure_future(anext(pieces, None))
                await asyncio.wait({piece, interrupted}, return_when=asyncio.FIRST_COMPLETED)
                if interrupted.done():
                    raise OffsetConflict("A newer request goes on with this upload.")
                found = piece.result()
                if found is None:
                    return
                yield found
        finally:
            interrupted.cancel()
            if piece is not None and not piece.done():
                piece.cancel()
                await asyncio.gather(piece, return_exceptions=True)

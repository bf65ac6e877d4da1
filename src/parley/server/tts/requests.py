"""The requests of one line: one is spoken, the others wait for their turn."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Coroutine
from enum import Enum, auto
from typing import Any

from parley.errors import RequestError, TextTooLong, VoicesBusy
from parley.server.socket.refusing import Refused
from parley.synthesis.options import SpeakingWish
from parley.wire.native.message import Data


class Mark(Enum):
    """What a client may say between two pieces of text."""

    FLUSH = auto()
    END = auto()


class Request:
    """A text on its way to a voice; it holds at most `max_chars`, so that its client never has to wait.

    One that `is_whole` came in one message.
    """

    def __init__(
        self, request_id: str, wish: SpeakingWish, max_chars: int, *, is_whole: bool = False
    ) -> None:
        self.request_id = request_id
        self.wish = wish
        self.is_whole = is_whole
        self.has_ended = False
        self.failure: Exception | None = None
        self._max_chars = max_chars
        self._chars = 0
        self._pieces = deque[str | Mark]()
        self._has_more = asyncio.Event()
        self._speaking: asyncio.Task[Data] | None = None

    def write(self, text: str) -> None:
        """More of the text; raises TextTooLong."""
        self._chars += len(text)
        if self._chars > self._max_chars:
            raise TextTooLong(
                f"A request has at most {self._max_chars} characters; send the rest as another."
            )
        if text:
            self._put(text)

    def flush(self) -> None:
        """What was written is whole."""
        if self._pieces and self._pieces[-1] is Mark.FLUSH:
            return
        self._put(Mark.FLUSH)

    def end(self) -> None:
        """There is no more text."""
        self.has_ended = True
        self._put(Mark.END)

    async def pieces(self) -> AsyncGenerator[str | Mark]:
        """The text as it comes, `Mark.END` last."""
        while True:
            while self._pieces:
                yield (piece := self._pieces.popleft())
                if piece is Mark.END:
                    return
            self._has_more.clear()
            await self._has_more.wait()

    def speak(self, speaking: Coroutine[Any, Any, Data]) -> asyncio.Task[Data]:
        """Its turn has come: `speaking` gives its last message."""
        self._speaking = asyncio.create_task(speaking)
        return self._speaking

    @property
    def is_spoken(self) -> bool:
        """Whether its turn has come."""
        return self._speaking is not None

    def stop(self, failure: Exception | None = None) -> None:
        """Say nothing more of it, because it failed or was cancelled; nothing where it is over already."""
        if self._speaking is not None and not self._speaking.done():
            self.failure = self.failure or failure
            self._speaking.cancel()

    def _put(self, piece: str | Mark) -> None:
        self._pieces.append(piece)
        self._has_more.set()


class Requests:
    """Those that are open, in their order. The first one is spoken, or soon will be."""

    def __init__(self, max_waiting: int) -> None:
        self._max_waiting = max_waiting
        self._open: dict[str, Request] = {}
        self._has_work = asyncio.Event()

    def __len__(self) -> int:
        return len(self._open)

    def __contains__(self, request_id: str) -> bool:
        return request_id in self._open

    def add(self, request: Request) -> None:
        """The last one in the line; raises VoicesBusy."""
        if len(self._open) > self._max_waiting:
            raise VoicesBusy(
                f"{self._max_waiting} texts of this line wait already; send more when some are spoken."
            )
        self._open[request.request_id] = request
        self._has_work.set()

    def find(self, request_id: str) -> Request:
        """The open request of that id; raises Refused."""
        request = self._open.get(request_id)
        if request is None:
            raise Refused(
                RequestError("No request of this 'request_id' is open: it is over, or was never begun.")
            )
        return request

    def remove(self, request: Request) -> None:
        """It is over; its id may be used again."""
        self._open.pop(request.request_id, None)

    async def turn(self) -> Request:
        """The one whose turn it is, once there is one."""
        while not self._open:
            self._has_work.clear()
            await self._has_work.wait()
        return next(iter(self._open.values()))

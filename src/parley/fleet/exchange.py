"""Frames to and from one child: one question at a time, each answered under its number."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from parley.fleet.child import Child
from parley.wire.frames import Call, Failure, FromWorker, Hello, Load, Loaded, Result

GREETING = 0
"""The first frame of a child answers a question that was never asked."""


class Exchange:
    """Listens from the start; `heard` is told of every frame before anyone awaits it."""

    def __init__(self, child: Child, heard: Callable[[FromWorker], None]) -> None:
        self._child = child
        self._heard = heard
        self._number = GREETING
        self._reply: asyncio.Future[FromWorker] = asyncio.get_running_loop().create_future()
        self.ended = asyncio.create_task(self._listen())

    async def greeting(self) -> FromWorker:
        """The first frame."""
        return await self._reply

    async def ask(self, question: Load | Call) -> FromWorker:
        """Send a question and wait for its answer; raises FrameError when it cannot be encoded.

        A child that is gone never answers: watch `ended` beside this.
        """
        self._number = question.call_id
        self._reply = asyncio.get_running_loop().create_future()
        await self._child.send(question)
        return await self._reply

    async def _listen(self) -> None:
        """Until the pipe ends; raises FrameError when something else than frames comes through it."""
        while (frame := await self._child.receive()) is not None:
            self._heard(frame)
            self._match(frame)

    def _match(self, frame: FromWorker) -> None:
        match frame:
            case Hello():
                number = GREETING
            case Loaded() | Result() | Failure():
                number = frame.call_id
            case _:
                return
        if number == self._number and not self._reply.done():
            self._reply.set_result(frame)

"""The writing side of a connection: who speaks waits until the peer has taken what was sent before."""

from __future__ import annotations

import asyncio

from parley.server.socket.patience import Patience


class Outlet:
    """Writes to a transport until the line is gone."""

    __slots__ = ("_is_writable", "_loop", "_owed", "_patience", "_speakers", "_transport", "is_gone")

    def __init__(self, loop: asyncio.AbstractEventLoop, patience: Patience) -> None:
        self.is_gone = False
        self._loop = loop
        self._patience = patience
        self._is_writable = True
        self._owed = b""
        # Futures made when they are needed: an idle connection should cost little.
        self._speakers: list[asyncio.Future[None]] = []
        self._transport: asyncio.Transport | None = None

    def opened(self, transport: asyncio.Transport) -> None:
        """The line is there."""
        self._transport = transport

    def lost(self) -> None:
        """The line is gone; nobody waits for it any longer."""
        self.is_gone = True
        self._let_speak()

    def pause(self) -> None:
        """The peer does not keep up."""
        self._is_writable = False
        self._patience.sending()

    def resume(self) -> None:
        """The peer has taken most of what was sent."""
        self._let_speak()
        self._patience.sent()
        if self._owed:
            owed, self._owed = self._owed, b""
            self.write(owed)

    async def free(self) -> None:
        """Wait until there is a place for more, or nobody to take it."""
        while not (self._is_writable or self.is_gone):
            self._speakers.append(self._loop.create_future())
            await self._speakers[-1]

    def write(self, data: bytes) -> None:
        """Send, if there is still somebody to send to."""
        if self._transport is not None and not (self.is_gone or self._transport.is_closing()):
            self._transport.write(data)

    def answer(self, data: bytes) -> None:
        """Send what stands for every answer before it, later where the peer does not keep up: who only asks
        and never reads must not fill our memory.
        """
        if self._is_writable:
            self.write(data)
        else:
            self._owed = data

    def _let_speak(self) -> None:
        self._is_writable = True
        speakers, self._speakers = self._speakers, []
        for speaker in speakers:
            if not speaker.done():
                speaker.set_result(None)

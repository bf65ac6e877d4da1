"""A wire that can be cut: passes bytes between a client and a server on this machine."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class Wire:
    """Lines are cut, one after another, when so many bytes have gone to the server over them."""

    target: tuple[str, int]
    cut_after: list[int] = field(default_factory=list[int])
    address: str = ""
    lines: int = 0

    async def join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.lines += 1
        left = self.cut_after.pop(0) if self.cut_after else None
        theirs, ours = await asyncio.open_connection(*self.target)
        back = asyncio.create_task(self.pass_on(theirs, writer, None))
        try:
            await self.pass_on(reader, ours, left)
        finally:
            back.cancel()
            for line in (writer, ours):
                line.transport.abort()

    async def pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, left: int | None
    ) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(4096):
                if left is not None:
                    left -= len(data)
                    if left <= 0:
                        return
                writer.write(data)
                await writer.drain()


@contextmanager
def wire(target: str, cut_after: list[int]) -> Iterator[Wire]:
    """A wire to `host:port`, in a thread of its own."""
    host, port = target.rsplit(":", 1)
    made = Wire((host, int(port)), cut_after)
    ready, loop, stop = threading.Event(), asyncio.new_event_loop(), asyncio.Event()

    async def main() -> None:
        async with await asyncio.start_server(made.join, "127.0.0.1", 0) as server:
            made.address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(main()), daemon=True)
    thread.start()
    assert ready.wait(30)
    try:
        yield made
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(30)

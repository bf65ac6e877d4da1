"""The writing side of a connection, with a transport that only takes notes."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from parley.server.socket.outlet import Outlet
from parley.server.socket.patience import Patience


class _Transport:
    def __init__(self) -> None:
        self.written: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def is_closing(self) -> bool:
        return False


class _Patient:
    def sending(self) -> None:
        pass

    def sent(self) -> None:
        pass


def test_of_answers_that_a_peer_does_not_read_only_the_last_one_is_kept():
    async def main() -> None:
        outlet, transport = Outlet(asyncio.get_running_loop(), cast(Patience, _Patient())), _Transport()
        outlet.opened(cast(Any, transport))
        outlet.answer(b"first")
        outlet.pause()
        for number in range(1000):
            outlet.answer(b"%d" % number)
        assert transport.written == [b"first"]
        outlet.resume()
        assert transport.written == [b"first", b"999"]
        outlet.pause()
        outlet.resume()
        outlet.answer(b"more")
        assert transport.written == [b"first", b"999", b"more"]

    asyncio.run(main())

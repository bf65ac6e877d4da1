"""Fetches one file: goes on after a cut, gives up on a line that brings next to nothing, checks the bytes."""

from __future__ import annotations

import asyncio
import os
import re
import ssl
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from parley.errors import ModelDamaged
from parley.supply.hubs import RemoteFile
from parley.supply.line import LineFailed, broken, check_status
from parley.supply.patience import Patience
from parley.supply.writing import is_intact, writing

if TYPE_CHECKING:
    import httpx

Moved = Callable[[int], None]
"""Told how many bytes more (or fewer, when a start was in vain) are here."""

_PIECE = 256 * 1024
_OK, _PARTIAL, _BEYOND = 200, 206, 416


class Fetcher:
    """Fetches files of one hub. `headers` go to the hub's own host only."""

    def __init__(
        self, client: httpx.AsyncClient, patience: Patience, headers: Mapping[str, str], moved: Moved
    ) -> None:
        self._client = client
        self._patience = patience
        self._headers = headers
        self._moved = moved

    async def fetch(self, file: RemoteFile, part: Path, target: Path) -> None:
        """Fill `part`, check it, and give it the name `target`.

        Raises LineFailed, Refused, DiskFull, StorageError, and ModelDamaged when the bytes were wrong twice.
        """
        for attempt in (1, 2):
            await self._fill(file, part)
            if await asyncio.to_thread(is_intact, part, file.checksum):
                await asyncio.to_thread(_settle, part, target)
                return
            self._restart(part)
            if attempt == 2:
                raise ModelDamaged(
                    f"The file {file.path} came with a wrong checksum, twice, and was thrown away. Try again "
                    "later, or take the model from another hub (--hub)."
                )

    async def _fill(self, file: RemoteFile, part: Path) -> None:
        failures = 0
        _opened(part).close()
        # A hub that always starts over must not keep us for ever: only what is new counts as progress.
        furthest = _size(part)
        while (have := _size(part)) != file.size_bytes:
            if have > file.size_bytes:
                self._restart(part)
                continue
            try:
                await self._continue(file, part, have)
            except LineFailed as error:
                reached = _size(part)
                failures = 1 if reached - furthest >= self._patience.slowest_bytes else failures + 1
                furthest = max(furthest, reached)
                if failures >= self._patience.tries:
                    raise
                await asyncio.sleep(self._patience.pause_before(failures, error.wait))

    async def _continue(self, file: RemoteFile, part: Path, have: int) -> None:
        """Fetch what is lacking; comes back early only by raising."""
        import httpx

        headers = dict(self._headers) | ({"Range": f"bytes={have}-"} if have else {})
        request = self._client.build_request("GET", file.url, headers=headers)
        try:
            async with asyncio.timeout(self._patience.answer):
                answer = await self._client.send(request, stream=True)
            try:
                await self._take(answer, file, part, have)
            finally:
                await answer.aclose()
        except TimeoutError:
            raise LineFailed(f"no answer within {self._patience.answer:g} s") from None
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError) as error:
            raise broken(error) from error
        if _size(part) < file.size_bytes:
            raise LineFailed("the line broke off")

    async def _take(self, answer: httpx.Response, file: RemoteFile, part: Path, have: int) -> None:
        if answer.status_code == _BEYOND:
            self._restart(part)
            raise LineFailed("it has fewer bytes than it says")
        check_status(answer)
        if have and not _continues(answer, have):
            self._restart(part)
        with _opened(part) as sink:
            await _pour(answer, sink, file.size_bytes, self._patience, self._moved)

    def _restart(self, part: Path) -> None:
        self._moved(-_size(part))
        with writing():
            os.truncate(part, 0)


async def _pour(answer: httpx.Response, sink: BinaryIO, most: int, patience: Patience, moved: Moved) -> None:
    """Write what comes, as long as enough comes."""
    loop = asyncio.get_running_loop()
    waiting = bytearray()
    have = sink.tell()

    async def drain() -> None:
        nonlocal have
        piece = bytes(waiting)
        waiting.clear()
        await asyncio.to_thread(_write, sink, piece)
        have += len(piece)
        moved(len(piece))

    pieces = answer.aiter_bytes()
    window_ends, in_window = loop.time() + patience.window, 0
    try:
        while True:
            async with asyncio.timeout_at(window_ends):
                piece = await anext(pieces, None)
            if piece is None:
                break
            # What it sends beyond the size it said is not read; the checksum judges the rest.
            waiting += piece[: most - have - len(waiting)]
            in_window += len(piece)
            if have + len(waiting) >= most:
                break
            if len(waiting) >= _PIECE:
                await drain()
            if in_window >= patience.slowest_bytes:
                window_ends, in_window = loop.time() + patience.window, 0
    except TimeoutError:
        raise LineFailed("the line is too slow") from None
    finally:
        await drain()


def _continues(answer: httpx.Response, have: int) -> bool:
    """Whether the answer goes on at `have`. ModelScope says 200 to a range that it does honour."""
    said = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", answer.headers.get("Content-Range", "").strip())
    return answer.status_code in (_OK, _PARTIAL) and said is not None and int(said[1]) == have


def _size(part: Path) -> int:
    return part.stat().st_size


def _opened(part: Path) -> BinaryIO:
    with writing():
        return part.open("ab", buffering=0)


def _write(sink: BinaryIO, piece: bytes) -> None:
    with writing():
        view = memoryview(piece)
        while view:
            view = view[sink.write(view) or 0 :]


def _settle(part: Path, target: Path) -> None:
    """What was checked survives a failing power supply."""
    with writing():
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.replace(target)

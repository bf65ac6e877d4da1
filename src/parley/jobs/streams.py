"""Uploads whose bytes come in order: tus requests that go on where the last one broke, and whole bodies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable
from contextlib import suppress
from dataclasses import replace

from parley.errors import DiskBudgetSpent, OffsetConflict, ParleyError, SizeMismatch, UploadRefused
from parley.jobs.checks import too_large
from parley.jobs.upload import UploadPlan
from parley.storage.arrival import Arrival, no_session
from parley.storage.store import Store

_WRITE_BYTES = 1024 * 1024
"""Pieces of 64 KiB, as servers hand them out, are written together."""

_RESERVE_BYTES = 64 * 1024 * 1024


class Streams:
    """Takes streams into uploads."""

    def __init__(self, store: Store, max_file_bytes: int, disk_bytes: int) -> None:
        self._store = store
        self._max_file_bytes = max_file_bytes
        self._disk_bytes = disk_bytes

    def reserve(self, plan: UploadPlan) -> UploadPlan:
        """The plan with a size to reserve; more follows while bytes come."""
        return replace(plan, size_bytes=plan.size_bytes or min(_RESERVE_BYTES, self._max_file_bytes))

    async def append(self, arrival: Arrival, offset: int, stream: AsyncIterable[bytes]) -> None:
        """Add to a tus upload; see `Reception.append`."""
        if arrival.record.door != "tus":
            raise UploadRefused("This upload was not announced by tus; send it as announced.")
        if arrival.lock.locked():
            raise OffsetConflict("Another request is using this upload; ask for the offset and try again.")
        async with arrival.lock:
            await arrival.settle()
            if arrival.gone:
                raise no_session()
            if offset != arrival.offset_bytes:
                raise OffsetConflict(f"The upload stands at {arrival.offset_bytes}, not at {offset}.")
            try:
                await self._pour(arrival, stream, arrival.size_bytes, SizeMismatch)
            finally:
                await asyncio.shield(arrival.flush())

    async def receive(self, arrival: Arrival, announced: int | None, stream: AsyncIterable[bytes]) -> None:
        """Take a whole body; see `Reception.receive`."""
        limit = self._max_file_bytes if announced is None else announced
        await self._pour(arrival, stream, limit, None if announced is None else SizeMismatch)
        if not arrival.offset_bytes:
            raise UploadRefused("The request carries no bytes.")
        if announced is not None and arrival.offset_bytes != announced:
            raise SizeMismatch(f"{arrival.offset_bytes} bytes arrived; {announced} were announced.")
        arrival.size_bytes = arrival.offset_bytes

    async def _pour(
        self, arrival: Arrival, stream: AsyncIterable[bytes], limit: int, over: type[SizeMismatch] | None
    ) -> None:
        """Write what comes in pieces of a useful size; what has come is written when the stream breaks."""
        pending = bytearray()
        try:
            async for piece in stream:
                if arrival.offset_bytes + len(pending) + len(piece) > limit:
                    raise _excess(limit, over)
                pending += piece
                if len(pending) >= _WRITE_BYTES:
                    full, pending = pending, bytearray()
                    await self._write(arrival, full)
        except BaseException:
            if pending:
                with suppress(ParleyError):
                    await asyncio.shield(self._write(arrival, pending))
            raise
        if pending:
            await self._write(arrival, pending)

    async def _write(self, arrival: Arrival, data: bytearray) -> None:
        needed = arrival.offset_bytes + len(data)
        if needed > arrival.size_bytes:
            await self._grow(arrival, max(needed, min(self._max_file_bytes, needed + _RESERVE_BYTES)))
        await arrival.extend(data)

    async def _grow(self, arrival: Arrival, size_bytes: int) -> None:
        """Reserve more of the disk; recordings that nobody needs make room."""
        try:
            await self._store.uploads.grow(arrival.record.id, size_bytes, self._disk_bytes)
        except DiskBudgetSpent:
            more = size_bytes - arrival.size_bytes
            if not await self._store.recordings.make_room(more, self._disk_bytes):
                raise
            await self._store.uploads.grow(arrival.record.id, size_bytes, self._disk_bytes)
        arrival.size_bytes = size_bytes


def _excess(limit: int, over: type[SizeMismatch] | None) -> ParleyError:
    if over is None:
        return too_large(limit)
    return over(f"More bytes come than the {limit} that were announced.")

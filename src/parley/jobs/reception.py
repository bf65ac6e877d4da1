"""Turns bytes into an admitted task: the desk in front of the other desk.

An upload belongs to its user, not to a connection, and has the id of the task it will be.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Awaitable, Callable, Coroutine
from dataclasses import replace
from typing import Any, TypeVar, cast
from uuid import uuid4

from parley.errors import (
    FileHashMismatch,
    HashMismatch,
    ParleyError,
    SizeMismatch,
    UploadDataError,
)
from parley.jobs.checks import SettleOrder
from parley.jobs.conclusion import Conclusion, Tasks, agrees
from parley.jobs.opening import Opening, ReceptionOptions
from parley.jobs.principal import Principal
from parley.jobs.streams import Streams
from parley.jobs.upload import (
    Acknowledgement,
    ChunkReceipt,
    Door,
    Opened,
    UploadPlan,
    UploadState,
    UploadStats,
)
from parley.storage.arrival import Arrival, no_session
from parley.storage.arrivals import Arrivals
from parley.storage.store import Store

_T = TypeVar("_T")

Settle = Callable[[], Awaitable[UploadPlan]]
"""Gives the plan of an upload after its bytes have come."""

Head = Callable[[int], bytes]
"""Gives the first bytes of an upload, no more than it has, by how many it has."""

CLOSING_S = 5.0
"""Seconds that uploads which are just being finished get when the server stops."""


class Reception:
    """Uploads. `settle` names the profile and refuses what it cannot do.

    Any method may raise StorageError.
    """

    def __init__(
        self, store: Store, desk: Tasks, settle: SettleOrder, options: ReceptionOptions | None = None
    ) -> None:
        self._store = store
        self._options = options or ReceptionOptions()
        self._arrivals = Arrivals(store.uploads)
        self._opening = Opening(store, desk, self._arrivals, settle, self._options)
        self._conclusion = Conclusion(self._arrivals, store.recordings, desk)
        self._streams = Streams(store, self._options.max_file_bytes, self._options.disk_bytes)
        self._stats = UploadStats()
        self._running: set[asyncio.Task[Any]] = set()

    async def open(self, who: Principal, plan: UploadPlan) -> Opened:
        """Begin an upload, or complete the task at once where the content is known and that was asked for.

        Raises UploadRefused, ChunkedUploadError, InvalidFormat, FileTooLarge, InvalidFileType,
        UnsupportedOption, InvalidOption, ProfileNotInstalled, TooManySessions, DiskBudgetSpent.
        """
        plan = await self._opening.check(who, plan)
        task_id = str(uuid4())
        if (plan.door == "single" or plan.early_hit) and await self._opening.answer(who, task_id, plan):
            self._count(hits=1)
            return Opened(task_id=task_id, hit=True)
        await self._opening.begin(who, task_id, plan)
        self._count(opened=1)
        return Opened(task_id=task_id, chunk_bytes=plan.chunk_bytes, chunks=plan.chunks)

    async def write_whole(self, who: Principal, task_id: str, data: bytes) -> Acknowledgement:
        """The bytes of an upload in single mode. Raises SessionNotFound, UploadDataError; after
        SizeMismatch and HashMismatch they may be sent again.
        """
        arrival = await self._arrivals.find(task_id)
        if arrival is None or arrival.record.user != who.user:
            return await self._conclusion.finished_before(who, task_id)
        return await self._regardless(self._whole(who, arrival, data))

    async def write_chunk(
        self, who: Principal, task_id: str, index: int, data: bytes | memoryview, md5: bytes | None
    ) -> ChunkReceipt:
        """One chunk; several may come at once. A `md5` of None is not checked.

        Raises SessionNotFound, InvalidChunk, ChunkHashMismatch, ChunkUploadError, DiskFull.
        """
        arrival = await self._find(who, task_id)
        put = await arrival.put(index, data, md5)
        if put.is_duplicate:
            self._count(duplicates=1)
        else:
            self._count(chunks=1, received_bytes=len(data))
        return ChunkReceipt(
            task_id=task_id,
            index=index,
            received=arrival.bitmap.received,
            chunks=arrival.bitmap.count,
            is_duplicate=put.is_duplicate,
            whole=put.whole,
        )

    async def append(
        self, who: Principal, task_id: str, offset: int, stream: AsyncIterable[bytes]
    ) -> UploadState:
        """More bytes of a tus upload; what has arrived is kept when the stream breaks.

        Raises SessionNotFound, OffsetConflict, SizeMismatch, DiskFull and whatever the stream raises.
        """
        arrival = await self._find(who, task_id)
        before = arrival.offset_bytes
        try:
            await self._streams.append(arrival, offset, stream)
        finally:
            self._count(received_bytes=max(0, arrival.offset_bytes - before))
        return await self._state(arrival)

    async def finish(self, who: Principal, task_id: str) -> Acknowledgement:
        """Check all bytes and admit the task; the same answer, Answered, for one that has been admitted.

        Raises SessionNotFound, FinalizeError while bytes are missing, and FileHashMismatch, after
        which they have to be sent again.
        """
        arrival = await self._arrivals.find(task_id)
        if arrival is None or arrival.record.user != who.user:
            return await self._conclusion.finished_before(who, task_id)
        return await self._regardless(self._finish(who, arrival))

    async def receive(
        self,
        who: Principal,
        plan: UploadPlan,
        stream: AsyncIterable[bytes],
        settle: Settle | None = None,
        *,
        head: Head | None = None,
    ) -> Acknowledgement:
        """A whole upload in one stream; when that breaks nothing is left of it.

        `settle` is asked when the stream has ended for the plan as it stands then: fields of a form may
        come behind its file. `head` gives the first bytes as they are in the end.

        Raises what `open` and `finish` raise, FileTooLarge and SizeMismatch as soon as they are certain.
        """
        plan = await self._opening.check(who, plan)
        arrival = await self._opening.begin(who, str(uuid4()), self._streams.reserve(plan))
        self._count(opened=1)
        try:
            await self._streams.receive(arrival, plan.size_bytes, stream)
            self._count(received_bytes=arrival.offset_bytes)
            if head is not None:
                await arrival.amend_head(head(arrival.offset_bytes))
            if settle is not None:
                await self._opening.amend(who, arrival, await settle())
        except BaseException:
            await asyncio.shield(self._arrivals.drop(arrival))
            raise
        try:
            return await self._regardless(self._finish(who, arrival))
        except ParleyError:
            await asyncio.shield(self._arrivals.drop(arrival))
            raise

    async def state(self, who: Principal, task_id: str) -> UploadState:
        """What has arrived; raises SessionNotFound."""
        arrival = await self._arrivals.find(task_id)
        if arrival is None or arrival.gone or not who.may_see(arrival.record.user):
            raise no_session()
        arrival.touch()
        return await self._state(arrival)

    async def abandon(self, who: Principal, task_id: str) -> bool:
        """Drop an upload that is no task yet; False when there is none."""
        arrival = await self._arrivals.find(task_id)
        if arrival is None or not who.may_see(arrival.record.user):
            return False
        return await self._regardless(self._abandon(arrival))

    async def sweep(self) -> None:
        """Remove uploads that are silent for too long, what a crash left, and recordings that nobody
        needs or that are too much. To be called once a minute.
        """
        expired = await self._arrivals.expire(self._options.expire_s)
        left = await self._arrivals.sweep()
        self._stats = replace(self._stats, expired=self._stats.expired + expired, open=left)
        await self._store.recordings.sweep(
            keep_media=self._options.keep_media, disk_bytes=self._options.disk_bytes
        )

    def stats(self) -> UploadStats:
        """Counts since the start; `open` is as the last sweep found it, or more."""
        return replace(self._stats, open=max(self._stats.open, len(self._arrivals)))

    async def close(self) -> None:
        """Let what is being finished end, and bring every row up to date."""
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=CLOSING_S)
            for task in late:
                # What it has not done is done when the client asks again.
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self._arrivals.close()

    async def _whole(self, who: Principal, arrival: Arrival, data: bytes) -> Acknowledgement:
        task_id = arrival.record.id
        if arrival.record.door != "single":
            raise UploadDataError("This upload was not announced as one message; send its chunks.")
        async with arrival.lock:
            if arrival.gone:
                return await self._conclusion.finished_before(who, task_id)
            if arrival.sha256 is None:
                await self._take_whole(arrival, data)
            return await self._conclude(who, arrival)

    async def _take_whole(self, arrival: Arrival, data: bytes) -> None:
        if len(data) != arrival.size_bytes:
            self._count(mismatched=1)
            raise SizeMismatch(
                f"The file has {len(data)} bytes; {arrival.size_bytes} were announced. Send it again."
            )
        md5, sha256 = await self._store.uploads.digest(data)
        if not agrees(arrival.record.declared_hash, md5, sha256):
            self._count(mismatched=1)
            raise HashMismatch("The file does not have the hash that was announced; send it again.")
        arrival.offset_bytes = 0
        await arrival.extend(data)
        self._count(received_bytes=len(data))
        await self._arrivals.mark_whole(arrival, md5, sha256)

    async def _finish(self, who: Principal, arrival: Arrival) -> Acknowledgement:
        async with arrival.lock:
            if arrival.gone:
                return await self._conclusion.finished_before(who, arrival.record.id)
            return await self._conclude(who, arrival)

    async def _conclude(self, who: Principal, arrival: Arrival) -> Acknowledgement:
        try:
            acknowledgement = await self._conclusion.conclude(who, arrival)
        except FileHashMismatch:
            self._count(mismatched=1)
            raise
        if arrival.gone:
            self._count(finished=1)
        return acknowledgement

    async def _abandon(self, arrival: Arrival) -> bool:
        async with arrival.lock:
            if arrival.gone:
                return False
            await self._arrivals.drop(arrival)
            self._count(abandoned=1)
            return True

    async def _state(self, arrival: Arrival) -> UploadState:
        record = arrival.record
        return UploadState(
            task_id=record.id,
            door=cast("Door", record.door),
            size_bytes=arrival.size_bytes,
            chunk_bytes=record.chunk_bytes,
            chunks=record.chunks,
            received=arrival.bitmap.received,
            # A million chunks take some milliseconds.
            missing=await asyncio.to_thread(arrival.bitmap.missing),
            offset_bytes=arrival.offset_bytes,
            is_whole=arrival.is_whole,
            expires_at=arrival.touched_at + self._options.expire_s,
        )

    async def _find(self, who: Principal, task_id: str) -> Arrival:
        arrival = await self._arrivals.find(task_id)
        if arrival is None or arrival.gone or arrival.record.user != who.user:
            raise no_session()
        return arrival

    async def _regardless(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Bring something to its end also when the one who asked goes away."""
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    def _count(self, **more: int) -> None:
        self._stats = replace(
            self._stats, **{name: getattr(self._stats, name) + number for name, number in more.items()}
        )

"""All uploads that are open, and the one task that brings their rows up to date."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from dataclasses import replace

from parley.errors import StorageError
from parley.storage import upload_files
from parley.storage.arrival import Arrival
from parley.storage.space import UploadLimits
from parley.storage.uploads import UploadRecord, Uploads

SAVE_EVERY_S = 0.25
"""What a crash may cost of what was acknowledged: a client that resumes asks what is missing."""

_LONGEST_PAUSE_S = 10.0

_log = logging.getLogger(__name__)


class Arrivals:
    """Uploads by id; one is brought into memory when it is first asked for after a restart."""

    def __init__(self, uploads: Uploads) -> None:
        self._uploads = uploads
        self._open: dict[str, Arrival] = {}
        self._opening: set[str] = set()
        self._loading = asyncio.Lock()
        self._changed: dict[str, Arrival] = {}
        self._saving: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()

    async def add(self, record: UploadRecord, limits: UploadLimits) -> Arrival:
        """Open an upload. Raises TooManySessions, DiskBudgetSpent, StorageError."""
        self._opening.add(record.id)
        try:
            await self._uploads.add(record, limits)
            arrival = self._open[record.id] = Arrival(record, self._uploads, self._note)
        finally:
            self._opening.discard(record.id)
        return arrival

    async def find(self, upload_id: str) -> Arrival | None:
        """The upload, maybe one that is just ending (`gone`); None if there is none. Raises StorageError."""
        if upload_id in self._open:
            return self._open[upload_id]
        async with self._loading:
            return self._open.get(upload_id) or await self._load(upload_id)

    async def amend(self, arrival: Arrival, record: UploadRecord) -> None:
        """Replace what is asked of an upload: its name, announced hash and order. Raises StorageError."""
        values = {name: getattr(record, name) for name in ("file_name", "declared_hash", "order")}
        await self._uploads.save({record.id: values})
        arrival.record = record

    async def mark_whole(self, arrival: Arrival, md5: str, sha256: str) -> None:
        """Note the digests of an upload whose bytes are all there and agree."""
        values = {**arrival.changes(), "size_bytes": arrival.size_bytes, "md5": md5, "sha256": sha256}
        await self._uploads.save({arrival.record.id: values})
        arrival.md5, arrival.sha256 = md5, sha256

    async def drop(self, arrival: Arrival) -> None:
        """End an upload and forget its row and its bytes. Raises StorageError."""
        await arrival.end()
        try:
            await self._uploads.remove(arrival.record.id)
        finally:
            # Last, so that nobody brings it back from its row meanwhile.
            self._changed.pop(arrival.record.id, None)
            self._open.pop(arrival.record.id, None)

    async def expire(self, silence_s: float) -> int:
        """Drop what was silent for so long; how many that were. Raises StorageError."""
        limit = time.time() - silence_s
        dropped = 0
        for upload_id in await self._uploads.silent_since(limit):
            arrival = await self.find(upload_id)
            if arrival is None or arrival.is_busy or arrival.touched_at >= limit:
                continue
            async with arrival.lock:
                if not arrival.gone:
                    await self.drop(arrival)
                    dropped += 1
        return dropped

    async def sweep(self) -> int:
        """Remove what a crash left; the number of uploads. Raises StorageError."""
        return await self._uploads.sweep(lambda: self._opening | self._open.keys())

    def __len__(self) -> int:
        """Uploads in memory."""
        return len(self._open)

    async def close(self) -> None:
        """Let writes end and bring the rows up to date."""
        for arrival in list(self._open.values()):
            await arrival.settle()
        self._closing.set()
        if self._saving is not None:
            await asyncio.wait({self._saving})
        await self._save()
        for arrival in list(self._open.values()):
            await arrival.end()

    async def _load(self, upload_id: str) -> Arrival | None:
        record = await self._uploads.get(upload_id)
        if record is None:
            return None
        path = self._uploads.path(upload_id)
        size = await self._uploads.in_thread(lambda: upload_files.size_of(path))
        if size is None and record.sha256 is None:
            return None
        if not record.chunks and record.sha256 is None:
            # A power cut may have taken the end of what came in order.
            record = replace(record, offset_bytes=min(record.offset_bytes, size or 0))
        arrival = self._open[upload_id] = Arrival(record, self._uploads, self._note)
        return arrival

    def _note(self, arrival: Arrival) -> None:
        self._changed[arrival.record.id] = arrival
        if self._saving is None or self._saving.done():
            self._saving = asyncio.create_task(self._save_for_a_while(), name="save uploads")

    async def _save_for_a_while(self) -> None:
        """Save until nothing changes any more; a disk that is full or busy is tried again."""
        pause = SAVE_EVERY_S
        while self._changed and not self._closing.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._closing.wait()
            began = time.monotonic()
            await self._save()
            # A tenth of the time at most, however many chunks there are and however slow the disk is.
            pause = min(_LONGEST_PAUSE_S, max(SAVE_EVERY_S, 9 * (time.monotonic() - began)))

    async def _save(self) -> None:
        changed, self._changed = self._changed, {}
        living = {upload_id: arrival for upload_id, arrival in changed.items() if not arrival.gone}
        if not living:
            return
        try:
            await self._uploads.save({key: arrival.changes() for key, arrival in living.items()})
        except StorageError as error:
            _log.warning("what has arrived could not be noted: %s (%s)", error.code, error.detail)
            self._changed = {**living, **self._changed}

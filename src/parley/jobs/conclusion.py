"""Turns an upload whose bytes are all there into a task.

    bytes agree  ->  row names the content  ->  file moves to its place  ->  task admitted  ->  row goes

Each step finds what an earlier try has done, so the process may die between any two of them.
"""

from __future__ import annotations

import logging
from typing import Protocol

import msgspec

from parley.errors import FileHashMismatch, StorageError, TaskNotFound
from parley.jobs.known import Hit
from parley.jobs.principal import Principal
from parley.jobs.task import Order, Task
from parley.jobs.upload import Acknowledgement, Answered, Full
from parley.storage.arrival import Arrival, no_session
from parley.storage.arrivals import Arrivals
from parley.storage.following import FileTooShort
from parley.storage.recordings import SHA256_PREFIX, BytesLost, Recordings, StoredRecording

_log = logging.getLogger(__name__)
_order = msgspec.json.Decoder(Order)


class Tasks(Protocol):
    """What the reception asks of the desk."""

    async def admit(
        self, who: Principal, task_id: str, order: Order, recording: StoredRecording
    ) -> Acknowledgement:
        """Make a task, unless the queue is full."""
        ...

    async def answer(
        self, who: Principal, task_id: str, order: Order, recording: StoredRecording, hit: Hit
    ) -> None:
        """Make a task that is completed already."""
        ...

    async def known(self, who: Principal, order: Order, recording: StoredRecording) -> Hit | None:
        """A remembered transcript that fits."""
        ...

    async def get(self, who: Principal, task_id: str) -> Task:
        """The task; raises TaskNotFound."""
        ...


class Conclusion:
    """Finishes uploads; whoever calls holds the upload's lock, except for `finished_before`."""

    def __init__(self, arrivals: Arrivals, recordings: Recordings, desk: Tasks) -> None:
        self._arrivals = arrivals
        self._recordings = recordings
        self._desk = desk

    async def conclude(self, who: Principal, arrival: Arrival) -> Acknowledgement:
        """Check the bytes and admit the task. Raises FinalizeError, FileHashMismatch, StorageError."""
        if arrival.sha256 is None:
            arrival.require_all()
            await self._agree(arrival)
        elif await self._has_task(who, arrival.record.id):
            await self._let_go(arrival)
            return Answered(task_id=arrival.record.id)
        return await self._admit(who, arrival)

    async def finished_before(self, who: Principal, task_id: str) -> Answered:
        """The answer for an upload that is gone: it is a task, or raises SessionNotFound."""
        if await self._has_task(who, task_id):
            return Answered(task_id=task_id)
        raise no_session()

    async def _agree(self, arrival: Arrival) -> None:
        """Compare with what was announced; a mismatch makes the upload start again."""
        try:
            md5, sha256 = await arrival.digests()
        except FileTooShort as error:
            await arrival.reset()
            raise FileHashMismatch(error.message) from error
        if not agrees(arrival.record.declared_hash, md5, sha256):
            await arrival.reset()
            raise FileHashMismatch(
                "The bytes that arrived do not have the hash that was announced; send them again."
            )
        await self._arrivals.mark_whole(arrival, md5, sha256)

    async def _admit(self, who: Principal, arrival: Arrival) -> Acknowledgement:
        recording = await self._take(arrival)
        order = _order.decode(arrival.record.order)
        acknowledgement = await self._desk.admit(who, arrival.record.id, order, recording)
        if isinstance(acknowledgement, Full):
            arrival.touch()
        else:
            await self._let_go(arrival)
        return acknowledgement

    async def _take(self, arrival: Arrival) -> StoredRecording:
        assert arrival.sha256 is not None and arrival.md5 is not None  # noqa: S101 - for the type checker
        recording = StoredRecording(
            sha256=arrival.sha256,
            md5=arrival.md5,
            size_bytes=arrival.size_bytes,
            path=self._recordings.path(arrival.sha256),
        )
        try:
            return await self._recordings.take(arrival.path, recording, arrival.record.user)
        except BytesLost as error:
            await arrival.reset()
            raise FileHashMismatch(error.message) from error

    async def _let_go(self, arrival: Arrival) -> None:
        try:
            await self._arrivals.drop(arrival)
        except StorageError as error:
            # The task is there; its upload's row goes with the next sweep.
            _log.warning("an upload could not be forgotten: %s (%s)", error.code, error.detail)

    async def _has_task(self, who: Principal, task_id: str) -> bool:
        try:
            await self._desk.get(who, task_id)
        except TaskNotFound:
            return False
        return True


def agrees(declared_hash: str, md5: str, sha256: str) -> bool:
    """Whether the digests are what was announced, if anything was."""
    if not declared_hash:
        return True
    if declared_hash.startswith(SHA256_PREFIX):
        return declared_hash.removeprefix(SHA256_PREFIX) == sha256
    return declared_hash == md5

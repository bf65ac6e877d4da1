"""Keeps the audio of live sessions: each becomes an upload, and in the end a recording's task."""

from __future__ import annotations

import asyncio
import logging
import struct
import time
from collections.abc import AsyncIterator, Callable
from functools import partial

from parley.batch.wish import Wish
from parley.errors import FleetClosed, ParleyError
from parley.jobs.principal import Principal
from parley.jobs.reception import Reception
from parley.jobs.task import Order
from parley.jobs.upload import Acknowledgement, Full, UploadPlan
from parley.live.options import LiveWish
from parley.speech.media import SAMPLE_BYTES
from parley.speech.recognition import RecognitionOptions

PENDING_BYTES = 1024 * 1024
"""Half a minute that may wait for a slow disk, before its session does."""

_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")
_LARGEST = 0xFFFF_FFFF
_LONGEST_WAIT_S = 60.0
_log = logging.getLogger(__name__)

_Receiving = asyncio.Task[Acknowledgement]


class UploadRecorder:
    """Streams recordings to the disk through the reception, within the limits of uploads.

    `profile` is the name of the one that is taken where a session leaves it open. A recording as large as
    `max_file_bytes` ends there, whatever its session says after that.
    """

    def __init__(self, reception: Reception, profile: str, max_file_bytes: int) -> None:
        self._reception = reception
        self._profile = profile
        self._most_bytes = max_file_bytes - _HEADER.size
        self._tasks: set[_Receiving] = set()

    async def open(self, user: str, wish: LiveWish, sample_rate_hz: int = 16000) -> UploadRecording:
        """A recording that has its place on the disk. Raises what `Reception.open` raises."""
        who = Principal(user=user)
        recording = UploadRecording(self._most_bytes, lambda full: self._insist(who, full))
        head = partial(wav_head, rate_hz=sample_rate_hz)
        plan = UploadPlan(order=self._order(wish), door="http", size_bytes=None)
        receiving = self._reception.receive(who, plan, recording.stream(head(_HEADER.size)), head=head)
        await recording.begin(self._keep(asyncio.create_task(receiving, name="record live speech")))
        return recording

    async def close(self) -> None:
        """Abandon what is not finished."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _order(self, wish: LiveWish) -> Order:
        options = RecognitionOptions(
            language=wish.language, prompt=wish.prompt, hotwords=wish.hotwords, words=wish.words
        )
        name = time.strftime("live-%Y%m%d-%H%M%S.wav", time.gmtime())
        return Order(file_name=name, profile=wish.profile or self._profile, wish=Wish(recognition=options))

    def _insist(self, who: Principal, full: Full) -> None:
        """The queue is full: the recording stays where uploads are, and asks again."""
        self._keep(asyncio.create_task(self._ask_again(who, full), name="ask for a recording's task again"))

    async def _ask_again(self, who: Principal, full: Full) -> Acknowledgement:
        answer: Acknowledgement = full
        while isinstance(answer, Full):
            await asyncio.sleep(min(_LONGEST_WAIT_S, answer.retry_after_s))
            answer = await self._reception.finish(who, answer.task_id)
        return answer

    def _keep(self, task: _Receiving) -> _Receiving:
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: _Receiving) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, ParleyError):
            _log.warning("a live recording was not kept: %s (%s)", error.code, error.detail)
        elif error is not None:
            _log.error("a live recording was not kept, for an unforeseen reason", exc_info=error)


class UploadRecording:
    """One session's audio on its way to the disk; `insist` hears that the queue was full in the end."""

    def __init__(self, most_bytes: int, insist: Callable[[Full], None]) -> None:
        self._left_bytes = most_bytes
        self._insist = insist
        self._pending = bytearray()
        self._is_empty = True
        self._is_over = False
        self._begun = asyncio.Event()
        self._more = asyncio.Event()
        self._room = asyncio.Event()
        self._receiving: _Receiving | None = None

    async def stream(self, head: bytes) -> AsyncIterator[bytes]:
        """What is written, until the end."""
        self._begun.set()
        yield head
        while self._pending or not self._is_over:
            if not self._pending:
                self._more.clear()
                await self._more.wait()
                continue
            piece, self._pending = bytes(self._pending), bytearray()
            self._room.set()
            yield piece

    async def begin(self, receiving: _Receiving) -> None:
        """Wait until the reception has a place for it; raises why it has none."""
        self._receiving = receiving
        receiving.add_done_callback(lambda _: (self._begun.set(), self._room.set()))
        try:
            await self._begun.wait()
        except asyncio.CancelledError:
            receiving.cancel()
            raise
        if receiving.done():
            await receiving

    async def write(self, pcm: bytes) -> None:
        """More mono s16le; waits while the disk is slow."""
        taken = memoryview(pcm)[: self._left_bytes]
        if self._is_over or self._has_ended or not taken:
            return
        self._is_empty = False
        self._left_bytes -= len(taken)
        self._pending += taken
        self._more.set()
        while len(self._pending) >= PENDING_BYTES and not self._has_ended:
            self._room.clear()
            await self._room.wait()

    async def finish(self) -> str | None:
        """Make a task of it; its id, None where nothing was said into it. Raises ParleyError."""
        if self._is_empty or self._receiving is None:
            await self.abandon()
            return None
        self._is_over = True
        self._more.set()
        await asyncio.wait({self._receiving})
        if self._receiving.cancelled():
            raise FleetClosed("The server stopped before the recording was kept.")
        answer = self._receiving.result()
        if isinstance(answer, Full):
            self._insist(answer)
        return answer.task_id

    async def abandon(self) -> None:
        """Leave nothing behind; harmless after the end."""
        if self._is_over or self._receiving is None:
            return
        self._is_over = True
        self._receiving.cancel()
        await asyncio.wait({self._receiving})

    @property
    def _has_ended(self) -> bool:
        return self._receiving is not None and self._receiving.done()


def wav_head(size_bytes: int, rate_hz: int) -> bytes:
    """The head of a WAV file of mono s16le that has so many bytes with it.

    Of a file too large for the format's numbers it says the largest, as pipes do.
    """
    data_bytes = min(_LARGEST, size_bytes - _HEADER.size)
    return _HEADER.pack(
        b"RIFF",
        min(_LARGEST, size_bytes - 8),
        b"WAVE",
        b"fmt ",
        16,
        1,
        1,
        rate_hz,
        rate_hz * SAMPLE_BYTES,
        SAMPLE_BYTES,
        8 * SAMPLE_BYTES,
        b"data",
        data_bytes,
    )

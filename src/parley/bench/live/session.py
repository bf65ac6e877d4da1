"""One session that speaks in real time and writes down what it is told."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

from parley.bench.live.journal import Journal
from parley.bench.live.line import LINE_LOST, Dial, Line, LineClosed, Refused, words
from parley.bench.live.pacing import pace
from parley.wire.speech.asr_client import Start, Stop

READY_S = 60.0
"""For the answer to `start`: the first session waits for workers that load their models."""

DONE_S = 60.0
"""From `stop` to `done`: a session that was far behind has that to catch up."""


class Session:
    """Says `chunks` once it was let in; `journal` is what it heard so far."""

    def __init__(self, dial: Dial, start: Start, chunks: Iterator[bytes]) -> None:
        self._dial = dial
        self._start = start
        self._chunks = chunks
        self._is_over = asyncio.Event()
        self.journal = Journal()

    async def open(self) -> None:
        """Be let in; raises Refused, LineClosed."""
        self._line = await self._dial()
        try:
            await self._line.send(words(self._start))
            async with asyncio.timeout(READY_S):
                await self._await_ready()
        except TimeoutError:
            await self._line.close()
            raise LineClosed("The server did not answer in time.") from None
        except BaseException:
            await self._line.close()
            raise

    async def speak(self) -> None:
        """Send everything, or until `leave`, then wait for what is still to come; ends with the line closed.

        A session that the server ended has the reason in its journal.
        """
        reader = asyncio.create_task(self._listen())
        try:
            self.journal.began = asyncio.get_running_loop().time()
            await self._send()
            await asyncio.wait([reader], timeout=DONE_S)
        finally:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)
            await self._line.close()
        if not self.journal.is_done and not self.journal.problem:
            self.journal.problem = LINE_LOST

    def leave(self) -> None:
        """Say no more; what was said is waited for."""
        self._is_over.set()

    async def _send(self) -> None:
        late = self.journal.late_s.append
        # The reader learns why the line closed.
        with contextlib.suppress(LineClosed):
            self.journal.sent_s = await pace(
                self._chunks, self.journal.began, self._line.send, late, self._is_over
            )
            await self._line.send(words(Stop()))

    async def _await_ready(self) -> None:
        while True:
            message = await self._line.receive()
            data = message.get("data") or {}
            if message["type"] == "ready":
                self.journal.streaming = bool(data.get("streaming"))
                return
            if message["type"] in ("error", "auth_required"):
                code = str(data.get("error") or "auth_required")
                raise Refused(code, str(data.get("message") or "The server wants a token; give one: --token"))

    async def _listen(self) -> None:
        line: Line = self._line
        clock = asyncio.get_running_loop().time
        with contextlib.suppress(LineClosed):
            while not self.journal.is_done:
                self.journal.hear(await line.receive(), clock())

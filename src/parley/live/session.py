"""A live session from its begin to its one last event.

Audio is written to its inlet, and its task runs the actor until the input has ended and everything is told;
the package's map shows what that goes through. The input ends by `stop`, by a client that sends nothing or
does not come back (`tick`), or with the server. However the task ends, `_settle` frees everything, makes
what was shown final, and tells `Done` or `Failed`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from parley.errors import FleetClosed, LiveError, ParleyError, SessionIdle
from parley.live.berth import Berth
from parley.live.contract import Recording, SessionFacts
from parley.live.ear import level_dbfs
from parley.live.options import LiveLimits, LiveWish
from parley.live.plans import Plan
from parley.live.warming import warm
from parley.live.works import put_together
from parley.speech.live import Done, End, Failed, Level, Received

_log = logging.getLogger(__name__)

RECEIVED_EVERY_S = 0.7
LEVEL_EVERY_S = 0.1


class Session:
    """Everything of one client; `over` is called when its last event is told and all it held is free."""

    def __init__(
        self,
        *,
        user: str,
        facts: SessionFacts,
        wish: LiveWish,
        plan: Plan,
        limits: LiveLimits,
        berth: Berth,
        recording: Recording | None,
        clock: Callable[[], float],
        over: Callable[[Session], None],
    ) -> None:
        self.user = user
        self.facts = facts
        self.berth = berth
        self.left_at: float | None = None
        self.line = 0
        self.ended_at: float | None = None
        self._limits = limits
        self._clock = clock
        self._over = over
        self.works = put_together(wish, plan, limits, berth, recording, clock, self._break_off)
        self.inlet, self.outbox = self.works.inlet, self.works.outbox
        self._levels = wish.levels
        self._level_at = self._received_at = clock()
        self._failure: ParleyError | None = None
        warm(plan, berth)
        self._task = asyncio.create_task(self._live())
        self._task.add_done_callback(self._settle)

    @property
    def is_over(self) -> bool:
        """Whether its last event was told."""
        return self.ended_at is not None

    async def write(self, data: memoryview, line: int) -> None:
        """Take audio from one of its lines; what comes from an older one is dropped."""
        await self.inlet.write(data, lambda: line == self.line, self._measure)

    def end_input(self, why: ParleyError | None = None) -> None:
        """The input has ended; Done follows the last final, or Failed where there is a reason."""
        if not self.inlet.is_ended:
            self._failure = why
        self.inlet.end()

    def leave(self) -> None:
        """The line is lost."""
        self.left_at = self._clock()

    def come_back(self) -> int:
        """Another line takes the place of the one before; its number."""
        self.left_at = None
        self.line += 1
        # Who listened on the line before hears no more: it would be lost.
        self.outbox.listen()
        self.inlet.change_lines()
        return self.line

    def tick(self) -> None:
        """Look at the time."""
        now = self._clock()
        if self.is_over:
            return
        if now - self._received_at >= RECEIVED_EVERY_S:
            self._received_at = now
            self.outbox.put(self._received())
        if self.left_at is not None:
            if now - self.left_at >= self._limits.resume_s:
                self.end_input()
        elif self.inlet.is_full and not self.outbox.is_full:
            return
        elif now - self.inlet.last_at >= self._limits.session_idle_s and not self._is_kept_waiting:
            idle = f"No audio came for {self._limits.session_idle_s:g} seconds; open a new session."
            self.end_input(SessionIdle(idle))

    async def close(self, why: ParleyError | None = None) -> None:
        """End now; returns when everything is free."""
        self._break_off(why or LiveError("The session was closed before its end."))
        await asyncio.wait({self._task})
        # Again, because a task that is ended before its first step never comes to its last.
        await self.works.taping.abandon()
        await self.works.hearing.wait_closed()

    async def wait(self, timeout_s: float) -> None:
        """Wait for its end, for so long at most."""
        await asyncio.wait({self._task}, timeout=timeout_s)

    @property
    def _is_kept_waiting(self) -> bool:
        """Whether the client would send more, and it is not for its not listening that it cannot."""
        return self.inlet.writers > 0 and not self.outbox.is_full

    def _received(self) -> Received:
        return Received(
            received_samples=self.inlet.received_frames,
            lag_ms=round(1000 * self.inlet.age_s()),
            skipped_partials=self.works.skipped_partials,
        )

    def _measure(self, pcm: bytes) -> None:
        now = self._clock()
        if self._levels and pcm and now - self._level_at >= LEVEL_EVERY_S:
            self._level_at = now
            self.outbox.put(Level(dbfs=level_dbfs(pcm)))

    def _break_off(self, error: BaseException) -> None:
        """Something ends the session at once."""
        if not self._task.done():
            self._failure = _told(error)
            self._task.cancel()

    async def _live(self) -> End:
        try:
            await self.works.actor.run()
            task_id = await self.works.taping.finish()
            if self._failure is not None:
                return Failed(error=self._failure)
            return Done(utterances=self.works.telling.told, audio_seconds=self.works.audio_s, task_id=task_id)
        finally:
            await self.works.taping.abandon()

    def _settle(self, task: asyncio.Task[End]) -> None:
        """Free everything and tell the last event, whatever became of the task."""
        self.inlet.end()
        self.works.hearing.surrender()
        self.works.listening.close()
        self.berth.leave()
        self.outbox.put(self._received())
        self.outbox.put(self._end_of(task))
        self.ended_at = self._clock()
        self._over(self)

    def _end_of(self, task: asyncio.Task[End]) -> End:
        if task.cancelled():
            return Failed(error=self._failure or FleetClosed("The server is being stopped."))
        error = task.exception()
        return task.result() if error is None else Failed(error=_told(error))


def _told(error: BaseException) -> ParleyError:
    """What the client is told of an error."""
    if isinstance(error, ParleyError):
        return error
    _log.error("a live session broke", exc_info=error)
    return LiveError("Something unforeseen ended the session; open a new one.")

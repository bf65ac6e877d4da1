"""A live session from its begin to its one last event."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from parley.errors import FleetClosed, LiveError, ParleyError, SessionIdle
from parley.live.actor import Actor
from parley.live.berth import Berth
from parley.live.contract import Recording, SessionFacts
from parley.live.ear import level_dbfs
from parley.live.events import Done, End, Failed, Level, Received
from parley.live.hearing import Hearing, Means
from parley.live.inlet import Inlet
from parley.live.listening import WARM_UP_S, Listening
from parley.live.options import LiveLimits, LiveWish
from parley.live.outbox import Outbox
from parley.live.plans import Plan
from parley.live.redecoding import RedecodingHearing
from parley.live.rescue import Rescue
from parley.live.ring import AudioRing
from parley.live.streaming import StreamingHearing
from parley.live.taping import Taping
from parley.live.telling import Telling
from parley.live.warming import warm
from parley.live.worker_stream import WorkerStream
from parley.speech.media import SAMPLE_RATE_HZ

_log = logging.getLogger(__name__)

RECEIVED_EVERY_S = 0.7
LEVEL_EVERY_S = 0.1
RING_SLACK_S = 10.0
"""Beyond the backlog and an utterance: what waits in pauses, warms a detector up, and comes in one piece."""


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
        self.outbox = Outbox()
        self.left_at: float | None = None
        self.line = 0
        self.ended_at: float | None = None
        self._limits = limits
        self._clock = clock
        self._over = over
        ring = AudioRing(limits.backlog_s + plan.longest_s + WARM_UP_S + RING_SLACK_S)
        self.inlet = Inlet(wish, ring, limits.backlog_s, clock)
        self._levels = wish.levels
        self._level_at = self._received_at = clock()
        self._telling = Telling(self.outbox)
        self._taping = Taping(recording, self.outbox)
        self._failure: ParleyError | None = None
        rescue = self._new_rescue
        self._listening = Listening(WorkerStream(berth, plan.vad, plan.told(plan.vad)), rescue(), ring.read)
        self._hearing = self._made_hearing(plan, ring)
        self._actor = Actor(
            plan, berth, self.inlet, self.outbox, self._listening, self._hearing, self._taping.keep
        )
        warm(plan, berth)
        self._task = asyncio.create_task(self._live())
        self._task.add_done_callback(self._settle)

    def _new_rescue(self) -> Rescue:
        return Rescue(self._clock, self._limits.backlog_s)

    def _made_hearing(self, plan: Plan, ring: AudioRing) -> Hearing:
        means = Means(
            plan=plan,
            berth=self.berth,
            outbox=self.outbox,
            telling=self._telling,
            read=ring.read,
            new_rescue=self._new_rescue,
            changed=self._look,
            defect=self._break_off,
            may_tell=lambda: self.inlet.is_ended or not self.outbox.is_full,
        )
        if plan.streaming is not None:
            return StreamingHearing(means, plan.streaming)
        if plan.asr is None:
            raise RuntimeError("a plan without a recogniser")
        return RedecodingHearing(means, plan.asr, self._limits.partial_interval_s)

    @property
    def is_over(self) -> bool:
        """Whether its last event was told."""
        return self.ended_at is not None

    @property
    def finals(self) -> int:
        """Finals told."""
        return self._telling.finals

    @property
    def skipped_partials(self) -> int:
        """Partial texts left out to keep up."""
        return self._hearing.skipped_partials

    @property
    def moved(self) -> int:
        """How often it went on in another worker, or in the same one started anew."""
        return self._listening.moved

    @property
    def audio_s(self) -> float:
        """Seconds of audio taken."""
        return self.inlet.last / SAMPLE_RATE_HZ

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
        await self._taping.abandon()
        await self._hearing.wait_closed()

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
            skipped_partials=self.skipped_partials,
        )

    def _measure(self, pcm: bytes) -> None:
        now = self._clock()
        if self._levels and pcm and now - self._level_at >= LEVEL_EVERY_S:
            self._level_at = now
            self.outbox.put(Level(dbfs=level_dbfs(pcm)))

    def _look(self) -> None:
        self._actor.look()

    def _break_off(self, error: BaseException) -> None:
        """Something ends the session at once."""
        if not self._task.done():
            if isinstance(error, ParleyError):
                self._failure = error
            else:
                _log.error("a live session broke", exc_info=error)
                self._failure = LiveError("Something unforeseen ended the session; open a new one.")
            self._task.cancel()

    async def _live(self) -> End:
        try:
            await self._actor.run()
            task_id = await self._taping.finish()
            if self._failure is not None:
                return Failed(error=self._failure)
            return Done(utterances=self._telling.told, audio_seconds=self.audio_s, task_id=task_id)
        finally:
            await self._taping.abandon()

    def _settle(self, task: asyncio.Task[End]) -> None:
        """Free everything and tell the last event, whatever became of the task."""
        self.inlet.end()
        self._hearing.surrender()
        self._listening.close()
        self.berth.leave()
        self.outbox.put(self._received())
        self.outbox.put(self._end_of(task))
        self.ended_at = self._clock()
        self._over(self)

    def _end_of(self, task: asyncio.Task[End]) -> End:
        if task.cancelled():
            return Failed(error=self._failure or FleetClosed("The server is being stopped."))
        error = task.exception()
        if error is None:
            return task.result()
        if isinstance(error, ParleyError):
            return Failed(error=error)
        _log.error("a live session broke", exc_info=error)
        return Failed(error=LiveError("Something unforeseen ended the session; open a new one."))

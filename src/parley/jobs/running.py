"""Does the work of tasks: the recipe under a watchdog, tried again where that may help, and its end."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec

from parley.batch.events import Event, Waiting
from parley.batch.options import Outcome, Recording, stamp_of
from parley.batch.recipe import transcribe
from parley.batch.units import Tools
from parley.errors import FileNotFound, JobError, JobStalled, ParleyError, StorageError
from parley.fleet.fleet import Fleet
from parley.jobs.books import Books
from parley.jobs.failing import failure_of, unforeseen
from parley.jobs.progress import DONE, RETRYING
from parley.jobs.rows import suffix_of, task_of
from parley.jobs.task import Failure, TaskState
from parley.jobs.telling import Teller
from parley.jobs.workflow import Ending
from parley.jobs.works import Phase, Work
from parley.telemetry.trace import tracing

_T = TypeVar("_T")

LONGEST_RETRY_S = 60.0
_STOP_S = 10.0
_LOOK_S = 0.2
_log = logging.getLogger(__name__)


class End(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a work ended; without a state there was nothing to do."""

    state: str = ""
    transcript: str | None = None
    duration: float | None = None
    processing_s: float = 0.0
    failure: Failure | None = None


class Abandoned(Exception):
    """Nobody waits for the work any more."""


class Running:
    """The runner of the workflows."""

    def __init__(self, books: Books, fleet: Fleet, teller: Teller) -> None:
        self._books = books
        self._fleet = fleet
        self._teller = teller

    async def recognise(self, task_id: str) -> Ending:
        """Do the work that an entry of the queue stands for, unless somebody does it or did it."""
        await self._books.ready.wait()
        self._leave_if_draining()
        work = self._books.works.of_entry(task_id)
        if work is None:
            return _ending(End())
        if not await self._begin(work):
            return work.ending or _ending(End())
        with tracing(task_id):
            work.ending = _ending(await self._run(work))
        return work.ending

    async def conclude(self, task_id: str, ending: Ending) -> None:
        """Write down how it ended for everybody who waits for it."""
        await self._books.ready.wait()
        end = msgspec.convert(ending, End)
        work = self._books.works.of_entry(task_id)
        if work is None or not end.state:
            return
        with tracing(task_id):
            async with work.lock:
                if work.phase is not Phase.CLOSED:
                    await self._write_or_tell(work, end)

    async def _write_or_tell(self, work: Work, end: End) -> None:
        """Whoever watches must not wait for ever, whatever is wrong with us."""
        try:
            await self._insist(lambda: self._write(work, end))
        except Exception:
            work.stopped = JobError(
                "The end of the task could not be written down; the server's log says why."
            )
            work.stir()
            raise

    async def _begin(self, work: Work) -> bool:
        async with work.lock:
            if work.phase is not Phase.WAITING:
                return False
            now = time.time()
            ids = tuple(work.members)
            tasks = self._books.store.tasks
            await self._insist(lambda: tasks.move(ids, TaskState.PROCESSING, started_at=now))
            self._books.works.begin(work)
            work.began = work.last_event = time.monotonic()
            work.progress.begin(work.began)
            self._books.turns.serve(work.turn[0])
            await self._teller.tell([work])
            return True

    async def _run(self, work: Work) -> End:
        try:
            return await self._run_or_fail(work)
        except Abandoned:
            return End()
        except Exception:  # noqa: BLE001 - one task's defect ends that task only
            trace = work.id[-8:]
            _log.exception("a task failed for an unforeseen reason, trace %s", trace)
            return End(state=TaskState.FAILED, failure=unforeseen(trace))

    async def _run_or_fail(self, work: Work) -> End:
        """Try as often as it may help; raises Abandoned."""
        for attempt in range(1, self._books.options.attempts + 1):
            try:
                return await self._try(work)
            except ParleyError as error:
                self._leave_if_draining()
                if work.phase is Phase.CLOSED:
                    raise Abandoned from error
                if error.permanent or attempt == self._books.options.attempts:
                    return _failed(error)
                _log.warning("try %d of a task failed: %s (%s)", attempt, error.code, error.detail)
            await self._pause(work, self._books.options.retry_s * 2 ** (attempt - 1))
        raise AssertionError("the last attempt returns")

    async def _pause(self, work: Work, seconds: float) -> None:
        """Let what is wrong pass; raises Abandoned when the work is closed meanwhile."""
        work.progress.message = RETRYING
        end = time.monotonic() + min(LONGEST_RETRY_S, seconds)
        while work.phase is not Phase.CLOSED and (left := end - time.monotonic()) > 0:
            await asyncio.sleep(min(_LOOK_S, left))
            self._leave_if_draining()
        if work.phase is Phase.CLOSED:
            raise Abandoned

    async def _try(self, work: Work) -> End:
        began = time.monotonic()
        outcome = await self._attend(work)
        took_s = time.monotonic() - began
        if not outcome.cached:
            self._books.pace.learn(suffix_of(work.order.file_name), work.size_bytes, took_s)
            for listener in self._books.outcome_listeners:
                listener(outcome)
        key = await self._books.store.transcripts.keep(outcome.transcript)
        duration = outcome.transcript.duration
        return End(state=TaskState.COMPLETED, transcript=key, duration=duration, processing_s=took_s)

    async def _attend(self, work: Work) -> Outcome:
        """Run the recipe and watch that it goes on; raises JobStalled, Abandoned, or what it raises."""
        work.last_event = time.monotonic()
        recipe = asyncio.create_task(self._recipe(work), name=f"recipe {work.id}")
        work.recipe = recipe
        try:
            while not recipe.done():
                await asyncio.wait({recipe}, timeout=self._patience_s(work))
                if not recipe.done() and self._is_silent(work):
                    raise JobStalled("The task made no progress for too long and was ended.")
            if recipe.cancelled():
                self._leave_if_draining()
                raise Abandoned
            return recipe.result()
        finally:
            work.recipe = None
            if not recipe.done():
                recipe.cancel()
                await asyncio.wait({recipe}, timeout=_STOP_S)

    async def _recipe(self, work: Work) -> Outcome:
        planner = self._books.planner
        profile, options = planner.profile(work.order), planner.options(work.order)
        path = self._books.store.recordings.path(work.sha256)
        stamp = await asyncio.to_thread(stamp_of, path)
        if stamp is None:
            raise FileNotFound("The recording of this task is no longer there; send it again.")

        def happened(event: Event) -> None:
            work.is_waiting_elsewhere = isinstance(event, Waiting)
            work.happened(event, time.monotonic())

        tools = Tools(
            store=self._books.store,
            fleet=self._fleet,
            publish=happened,
            in_flight=self._books.options.in_flight,
            reuse=options.use_cache,
            run=work.id,
        )
        recording = Recording(path=path, sha256=work.sha256, stamp=stamp)
        return await transcribe(tools, recording, options, profile)

    def _is_silent(self, work: Work) -> bool:
        # Whoever waits for another process's lease is as alive as that process.
        silent_s = time.monotonic() - work.last_event
        return silent_s >= self._books.options.silence_s and not work.is_waiting_elsewhere

    def _patience_s(self, work: Work) -> float:
        left = work.last_event + self._books.options.silence_s - time.monotonic()
        return min(5.0, max(0.02, left))

    def _leave_if_draining(self) -> None:
        """End a workflow as if the server had been killed: it goes on after the next start."""
        if self._books.is_draining:
            raise asyncio.CancelledError

    async def _write(self, work: Work, end: End) -> None:
        await self._teller.tell([work])
        ids = tuple(work.members)
        values: dict[str, Any] = {"finished_at": time.time(), "processing_s": end.processing_s}
        if end.state == TaskState.COMPLETED:
            values |= {"progress": 100.0, "transcript": end.transcript, "duration": end.duration}
        if end.failure is not None:
            values |= {
                "error_code": end.failure.code,
                "error_message": end.failure.message,
                "error_type": end.failure.kind.value,
            }
        store = self._books.store
        await store.tasks.move(ids, end.state, **values)
        rows = await store.tasks.many(ids)
        if end.state == TaskState.COMPLETED:
            work.show(100.0, DONE, work.shown)
        concluded = [task_of(row) for row in rows.values()]
        for task in concluded:
            self._books.works.leave(work, task)
        self._books.works.close(work)
        self._books.conclude(concluded)

    async def _insist(self, write: Callable[[], Awaitable[_T]]) -> _T:
        """Write what must be written; a disk that is full or busy is waited for, as long as we live."""
        patience_s = 0.5
        while True:
            try:
                return await write()
            except StorageError as error:
                _log.error("a task cannot be written down: %s (%s)", error.code, error.detail)
            self._leave_if_draining()
            await asyncio.sleep(patience_s)
            patience_s = min(LONGEST_RETRY_S / 2, 2 * patience_s)


def _failed(error: ParleyError) -> End:
    state = TaskState.TIMED_OUT if isinstance(error, JobStalled) else TaskState.FAILED
    return End(state=state, failure=failure_of(error))


def _ending(end: End) -> Ending:
    return msgspec.to_builtins(end)

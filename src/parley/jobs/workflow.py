"""What decides which task runs: DBOS, an embedded workflow library, in a file of its own.

The only file that knows DBOS. A workflow has the id of its task and two steps: recognise, whose
result is a small description of how it ended, and conclude, which writes that down. The rules
behind the settings here were measured; see docs/adr/010-server.md.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ParamSpec, Protocol, TypeVar

from parley.errors import StorageError
from parley.jobs.queue_file import prepare

DATABASE = "dbos.db"
QUEUE = "recordings"
WORKFLOW = "recording"

APPLICATION_VERSION = "1"
"""Raised only when the order of the steps changes; workflows of another version are begun anew."""

EXECUTOR = "parley"
"""One server per data directory: what a killed one began, the next one takes over."""

# Ten times a second would take 4 % of a core with nothing to do.
_POLL_S = 0.2
_THREADS = 32
_AT_ONCE = 500
_SETTLE_S = 5.0
_LIVE = ("ENQUEUED", "PENDING", "DELAYED")

_P = ParamSpec("_P")
_T = TypeVar("_T")

_log = logging.getLogger(__name__)

Ending = dict[str, Any]
"""How a recognition ended, as JSON."""


class Runner(Protocol):
    """What a workflow does; both are called on the loop that opened the workflows."""

    async def recognise(self, task_id: str) -> Ending:
        """Do the work; a task that was begun before goes on where it was, and one that was done here
        has the same answer again.
        """
        ...

    async def conclude(self, task_id: str, ending: Ending) -> None:
        """Write down how it ended; doing it again changes nothing."""
        ...


class Workflows:
    """The queue of tasks; `open_workflows` makes it."""

    async def enqueue(self, task_id: str, turn: int) -> None:
        """Put a task in the queue: the lowest turn first, of equal turns the oldest; raises StorageError."""
        await _asked(_enqueue, task_id, turn)

    async def live(self) -> set[str]:
        """Ids of the workflows that wait or were begun, and will run by themselves; raises StorageError."""
        return await _asked(_live)

    async def over(self) -> set[str]:
        """Ids of the workflows that will never run again: they are over, or of another version.
        Raises StorageError.
        """
        return await _asked(_over)

    async def forget(self, ids: Collection[str]) -> None:
        """Delete workflows that are over; raises StorageError."""
        if ids:
            await _asked(_forget, list(ids))


async def _asked(what: Callable[_P, _T], *arguments: _P.args, **named: _P.kwargs) -> _T:
    """Have DBOS do something that blocks; it lets the errors of its database library through, and we
    know neither.
    """
    try:
        return await asyncio.to_thread(what, *arguments, **named)
    except Exception as error:
        raise StorageError(
            "The queue could not be read or written; the log says why. Try again.", detail=repr(error)
        ) from error


_runner: Runner | None = None
_home: asyncio.AbstractEventLoop | None = None
_registered = False


@asynccontextmanager
async def open_workflows(data_dir: Path, runner: Runner, *, running: int) -> AsyncGenerator[Workflows]:
    """Launch DBOS on the running loop, with at most `running` workflows at once; end it with the context.

    Raises StoreBroken for a damaged database, StorageError.
    """
    global _runner, _home
    if _runner is not None:
        raise RuntimeError("the workflows of this process are open already")
    loop = asyncio.get_running_loop()
    _runner, _home = runner, loop
    dbos = None
    try:
        await asyncio.to_thread(_prepare, data_dir)
        dbos = _launch(data_dir)
        await asyncio.to_thread(_register_queue, running)
        yield Workflows()
    finally:
        await _destroy(loop, dbos)
        _runner = _home = None


def _prepare(data_dir: Path) -> None:
    prepare(data_dir / DATABASE)
    _import()


def _import() -> Any:
    import dbos

    _quieten()
    _register(dbos)
    return dbos


def _quieten() -> None:
    """DBOS logs through ours, from warnings on; without a handler of its own it adds one for the console."""
    log = logging.getLogger("dbos")
    if not log.handlers:
        log.addHandler(logging.NullHandler())
    log.propagate = True
    log.addFilter(_is_news)


def _is_news(record: logging.LogRecord) -> bool:
    """What runs when the server stops is cancelled on purpose."""
    return not str(record.msg).startswith("Asyncio task cancelled")


def _register(dbos: Any) -> None:
    global _registered
    if _registered:
        return

    # Bodies are strictly sequential, and nothing in them may be retried by DBOS: retries are ours.
    @dbos.DBOS.step(name="recognise")
    async def recognise(task_id: str) -> Ending:
        return await _on_home().recognise(task_id)

    @dbos.DBOS.step(name="conclude")
    async def conclude(task_id: str, ending: Ending) -> None:
        await _on_home().conclude(task_id, ending)

    # Recovered as often as need be: a machine that is restarted a hundred times a day loses nothing.
    @dbos.DBOS.workflow(name=WORKFLOW, max_recovery_attempts=None)
    async def recording(task_id: str) -> None:
        ending = await _noted(recognise, _on_home().recognise, task_id)
        await _noted(conclude, _on_home().conclude, task_id, ending)

    _registered = True


async def _noted(
    step: Callable[_P, Awaitable[_T]],
    work: Callable[_P, Awaitable[_T]],
    *arguments: _P.args,
    **named: _P.kwargs,
) -> _T:
    """Run a step. Where DBOS cannot note it (the disk is full) its work is asked for without it: somebody
    waits for the task, and what is done twice changes nothing.
    """
    try:
        return await step(*arguments, **named)
    except Exception as error:  # noqa: BLE001 - of a database library that we do not know
        _log.error("a step could not be noted: %r", error)
        return await work(*arguments, **named)


def _on_home() -> Runner:
    """The runner; the fleet's pipes belong to its loop, so nothing may run on another."""
    if _runner is None or asyncio.get_running_loop() is not _home:
        raise RuntimeError("a workflow runs on another loop than the one that opened the workflows")
    return _runner


def _launch(data_dir: Path) -> Any:
    dbos = _import()
    from dbos import DBOSConfig

    config: DBOSConfig = {
        "name": "parley",
        "system_database_url": f"sqlite:///{_quoted(data_dir / DATABASE)}",
        "application_version": APPLICATION_VERSION,
        "executor_id": EXECUTOR,
        "serializer": _serializer(),
        "log_level": "WARNING",
        "enable_otlp": False,
        "max_executor_threads": _THREADS,
        "scheduler_polling_interval_sec": 3600.0,
        # We send no notifications; what looks for them is waited for at the end.
        "notification_listener_polling_interval_sec": 0.2,
    }
    instance = dbos.DBOS(config=config)
    # Only in a running loop does DBOS take it for its workflows.
    dbos.DBOS.launch()
    return instance


def _quoted(path: Path) -> str:
    """A path inside a database URL, where these two characters have a meaning."""
    return str(path).replace("%", "%25").replace("?", "%3F")


def _serializer() -> Any:
    from dbos import Serializer

    class Json(Serializer):
        """Small references only; the default would be pickle."""

        def serialize(self, data: Any) -> str:
            return json.dumps(data, default=repr, separators=(",", ":"))

        def deserialize(self, serialized_data: str) -> Any:
            return json.loads(serialized_data)

        def name(self) -> str:
            return "parley_json"

    return Json()


def _register_queue(running: int) -> None:
    from dbos import DBOS

    DBOS.register_queue(
        QUEUE,
        worker_concurrency=running,
        polling_interval_sec=_POLL_S,
        on_conflict="always_update",
    )


def _enqueue(task_id: str, turn: int) -> None:
    from dbos import DBOS, EnqueueOptions

    options: EnqueueOptions = {
        "workflow_name": WORKFLOW,
        "queue_name": QUEUE,
        "workflow_id": task_id,
        "app_version": APPLICATION_VERSION,
        # DBOS counts priorities from 1.
        "priority": turn + 1,
    }
    DBOS.enqueue_workflow_with_options(options, task_id)


def _live() -> set[str]:
    return _ids(live=True)


def _over() -> set[str]:
    return _ids(live=False)


def _ids(*, live: bool) -> set[str]:
    from dbos import DBOS

    found = DBOS.list_workflows(load_input=False, load_output=False)
    return {
        workflow.workflow_id
        for workflow in found
        if live == (workflow.status in _LIVE and workflow.app_version == APPLICATION_VERSION)
    }


def _forget(ids: list[str]) -> None:
    from dbos import DBOS

    for first in range(0, len(ids), _AT_ONCE):
        DBOS.delete_workflows(ids[first : first + _AT_ONCE])


async def _destroy(loop: asyncio.AbstractEventLoop, dbos: Any) -> None:
    """End DBOS in a thread of its own (it takes a second), whatever happens to us meanwhile."""
    if dbos is not None:
        await _settle(dbos)
    # DBOS has made its own threads those of `asyncio.to_thread`, and takes them with it.
    loop.set_default_executor(ThreadPoolExecutor(thread_name_prefix="parley"))
    with ThreadPoolExecutor(1, thread_name_prefix="parley-dbos") as thread:
        ending = loop.run_in_executor(thread, _import().DBOS.destroy)
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.shield(ending)


async def _settle(dbos: Any) -> None:
    """Let no workflow begin any more, and those that were begun write down that they are over."""
    for event in dbos.background_thread_stop_events:
        event.set()
    await asyncio.sleep(2 * _POLL_S)
    # DBOS waits for workflows by the second only; the name of its tasks is not documented.
    tasks: set[asyncio.Task[Any]] = set(getattr(dbos, "_workflow_tasks", ()))
    if tasks:
        await asyncio.wait(tasks, timeout=_SETTLE_S)

"""Puts together what `/v1/system` shows of every room."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import psutil

from parley import __version__
from parley.app.hardware import Hardware, device_facts, notices_of, read_hardware
from parley.fleet.health import FleetHealth
from parley.jobs.books import DeskStats
from parley.jobs.task import Task
from parley.telemetry.troubles import Trouble, Troubles

_MIB = 1024 * 1024


@dataclass(slots=True, kw_only=True)
class SystemView:
    """Reads the rooms when somebody asks.

    `sessions` counts what is open now, by the names of `/v1/system`.
    """

    health: Callable[[], FleetHealth]
    queue: Callable[[], DeskStats]
    most_waiting: int
    unready: Callable[[], Sequence[str]]
    profiles: Callable[[], Sequence[Mapping[str, object]]]
    figures: Callable[[], Mapping[str, float]]
    sessions: Mapping[str, Callable[[], int]]
    troubles: Troubles
    _began: float = field(default_factory=time.monotonic)
    _hardware: Hardware | None = None

    async def facts(self) -> Mapping[str, object]:
        """The server at this moment."""
        health, queue, reasons = self.health(), self.queue(), list(self.unready())
        pids = {worker.pid for pool in health.pools for worker in pool.workers if worker.pid}
        hardware, memory = await asyncio.to_thread(self._look, pids)
        return {
            "version": __version__,
            "ready": not reasons,
            "reasons": reasons,
            "uptime_s": time.monotonic() - self._began,
            "profiles": list(self.profiles()),
            "devices": device_facts(hardware, health),
            "notices": notices_of(health),
            "workers": worker_facts(health, memory),
            "queue": {
                "waiting": queue.waiting,
                "running": queue.running,
                "most_waiting": self.most_waiting,
                "oldest_waiting_s": queue.oldest_waiting_s,
                "ended": dict(queue.ended),
            },
            "sessions": {name: count() for name, count in self.sessions.items()},
            "figures": dict(self.figures()),
            "recent_errors": [_told(trouble) for trouble in self.troubles.recent()],
        }

    def _look(self, pids: Collection[int]) -> tuple[Hardware, Mapping[int, int]]:
        """The machine, which is asked once, and what processes hold now, in MiB."""
        self._hardware = self._hardware or read_hardware()
        return self._hardware, {pid: _rss_mib(pid) for pid in pids}


def worker_facts(health: FleetHealth, memory_mib: Mapping[int, int]) -> Sequence[Mapping[str, object]]:
    """Every worker, in the words of `/v1/system`."""
    return [
        {
            "pool": pool.name,
            "pid": worker.pid or None,
            "state": worker.state,
            "engines": sorted(worker.engines),
            "devices": sorted(set(worker.engines.values())),
            "rss_mib": memory_mib.get(worker.pid, 0),
        }
        for pool in health.pools
        for worker in pool.workers
    ]


def note_failure(troubles: Troubles, task: Task) -> None:
    """Remember why a task has no transcript; what its user stopped is no trouble."""
    if task.failure is not None and task.failure.code != "job_cancelled":
        troubles.note("recordings", task.failure.code, task.failure.message)


def _told(trouble: Trouble) -> Mapping[str, object]:
    return {
        "at": datetime.fromtimestamp(trouble.at, UTC).isoformat(),
        "code": trouble.code,
        "message": trouble.message,
        "where": trouble.where,
        "times": trouble.times,
    }


def _rss_mib(pid: int) -> int:
    try:
        return psutil.Process(pid).memory_info().rss // _MIB
    except psutil.Error:
        return 0  # it ended while we looked

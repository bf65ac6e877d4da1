"""Connects the numbers of every room to `/metrics` and the page."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path

import psutil

from parley import __version__
from parley.batch.options import Outcome
from parley.fleet.fleet import Fleet
from parley.fleet.health import PoolHealth
from parley.jobs.desk import Desk
from parley.jobs.reception import Reception
from parley.jobs.task import Task
from parley.telemetry import names
from parley.telemetry.metrics import Metrics

_LAG_EVERY_S = 0.1
_LAGS_KEPT = 600  # a minute


class Gauges:
    """Reads the rooms when somebody asks."""

    def __init__(
        self,
        metrics: Metrics,
        desk: Desk,
        reception: Reception,
        fleet: Fleet,
        connections: Callable[[], int],
        is_ready: Callable[[], bool],
        data_dir: Path,
    ) -> None:
        self._metrics = metrics
        self._desk = desk
        self._reception = reception
        self._fleet = fleet
        self._connections = connections
        self._is_ready = is_ready
        self._data_dir = data_dir
        self._began = time.monotonic()
        self._process = psutil.Process()
        self._lags: deque[float] = deque([0.0], maxlen=_LAGS_KEPT)
        self._connect()

    def figures(self) -> Mapping[str, float]:
        """What the page shows."""
        stats = self._desk.stats()
        pools = self._fleet.health().pools
        return {
            "waiting": stats.waiting,
            "running": stats.running,
            "workers": sum(pool.alive for pool in pools),
            "connections": self._connections(),
            "uptime_s": time.monotonic() - self._began,
            **stats.ended,
        }

    async def watch_loop(self) -> None:
        """Measure how late the event loop wakes up, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + _LAG_EVERY_S
            await asyncio.sleep(_LAG_EVERY_S)
            lag = max(0.0, loop.time() - due)
            self._lags.append(lag)
            self._metrics.observe(names.LOOP_LAG, lag)

    def _connect(self) -> None:
        desk, uploads = self._desk.stats, self._reception.stats
        readings = {
            names.INFO: lambda: {(__version__,): 1.0},
            names.READY: lambda: float(self._is_ready()),
            names.UPTIME: lambda: time.monotonic() - self._began,
            names.QUEUE_WAITING: lambda: desk().waiting,
            names.QUEUE_OLDEST: lambda: desk().oldest_waiting_s,
            names.TASKS_RUNNING: lambda: desk().running,
            names.TASKS: lambda: {(state,): float(count) for state, count in desk().ended.items()},
            names.CACHE_HITS: lambda: desk().cache_hits,
            names.CACHE_MISSES: lambda: desk().cache_misses,
            names.UPLOADS_OPEN: lambda: uploads().open,
            names.DISK_FREE: lambda: shutil.disk_usage(self._data_dir).free,
            names.UPLOAD_BYTES: lambda: uploads().received_bytes,
            names.WORKERS: self._workers,
            names.WORKER_CALLS_WAITING: lambda: self._by_pool(lambda pool: pool.waiting),
            names.WORKER_RESTARTS: lambda: self._by_pool(lambda pool: pool.restarts),
            names.WORKER_RECYCLED: lambda: self._by_pool(lambda pool: pool.recycled),
            names.ENGINE_WORKERS: self._engines,
            names.ENGINE_BROKEN: self._broken,
            names.MEMORY: self._memory,
            names.CONNECTIONS: lambda: {("native",): float(self._connections())},
            names.LOOP_LAG_MAX: lambda: max(self._lags),
        }
        for metric, read in readings.items():
            self._metrics.watch(metric, read)
        self._desk.on_conclusion(self._concluded)
        self._desk.on_outcome(self._made)

    def _concluded(self, task: Task) -> None:
        if task.finished_at is not None:
            self._metrics.observe(names.TASK_SECONDS, max(0.0, task.finished_at - task.created_at))

    def _made(self, outcome: Outcome) -> None:
        for stage, cost in outcome.stages.items():
            self._metrics.observe(names.STAGE_SECONDS, cost.wall_s, stage)

    def _by_pool(self, read: Callable[[PoolHealth], float]) -> dict[tuple[str, ...], float]:
        return {(pool.name,): float(read(pool)) for pool in self._fleet.health().pools}

    def _workers(self) -> dict[tuple[str, ...], float]:
        pools = self._fleet.health().pools
        return {
            (pool.name, state): float(count)
            for pool in pools
            for state, count in (("alive", pool.alive), ("starting", pool.starting), ("dead", pool.dead))
        }

    def _broken(self) -> dict[tuple[str, ...], float]:
        health = self._fleet.health()
        return {(name,): 1.0 for name in (*health.broken, *health.broken_in_live)}

    def _engines(self) -> dict[tuple[str, ...], float]:
        found: dict[tuple[str, ...], float] = {}
        for engine in (engine for pool in self._fleet.health().pools for engine in pool.loaded):
            key = (engine.name, engine.device)
            found[key] = found.get(key, 0.0) + engine.workers
        return found

    def _memory(self) -> dict[tuple[str, ...], float]:
        workers = 0
        for child in self._process.children():
            try:
                workers += child.memory_info().rss
            except psutil.Error:
                continue  # it ended while we looked
        return {("server",): float(self._process.memory_info().rss), ("workers",): float(workers)}

"""Connects the numbers of live speech to `/metrics` and the page."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from parley.live.contract import LiveRoom
from parley.telemetry import names
from parley.telemetry.metrics import Metrics
from parley.telemetry.percentile import percentile

_LOOK_EVERY_S = 1.0
_MOST = 0.95


class LiveGauges:
    """Reads the room when somebody asks, and its lags once a second."""

    def __init__(self, metrics: Metrics, room: LiveRoom) -> None:
        self._metrics = metrics
        self._room = room
        stats = room.stats
        readings = {
            names.LIVE_SESSIONS: self._sessions,
            names.LIVE_LAG_MAX: lambda: max(stats().lags_ms, default=0) / 1000,
            names.LIVE_LAG_P95: lambda: percentile(stats().lags_ms, _MOST) / 1000,
            names.LIVE_OPENED: lambda: stats().opened,
            names.LIVE_REFUSED: lambda: stats().refused,
            names.LIVE_MOVED: lambda: stats().moved,
            names.LIVE_FINALS: lambda: stats().finals,
            names.LIVE_SKIPPED: lambda: stats().skipped_partials,
            names.LIVE_AUDIO: lambda: stats().audio_seconds,
        }
        for metric, read in readings.items():
            metrics.watch(metric, read)

    def figures(self) -> Mapping[str, float]:
        """What the page shows."""
        stats = self._room.stats()
        return {
            "live_sessions": stats.sessions,
            "live_lag_ms": percentile(stats.lags_ms, _MOST),
            "live_refused": stats.refused,
        }

    async def watch_loop(self) -> None:
        """Note the lag of every session once a second, until cancelled."""
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            for lag_ms in self._room.stats().lags_ms:
                self._metrics.observe(names.LIVE_LAG, lag_ms / 1000)

    def _sessions(self) -> dict[tuple[str, ...], float]:
        stats = self._room.stats()
        waiting = stats.waiting_for_client
        return {("open",): float(stats.sessions - waiting), ("waiting",): float(waiting)}

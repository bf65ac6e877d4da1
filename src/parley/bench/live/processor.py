"""Processor time of this process and of a server with its workers."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, field

import psutil


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Shares of one core over a stretch of time; None for a server on another machine."""

    own: float
    server: float | None


@dataclass(slots=True)
class Meter:
    """Reads the clocks of processes; `pid` is the server's, None where it is somebody else's."""

    pid: int | None
    _at: float = 0.0
    _own_s: float = 0.0
    _server_s: dict[int, float] = field(default_factory=dict[int, float])

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Count from now on."""
        self._at, self._own_s, self._server_s = time.monotonic(), time.process_time(), self._read()

    def load(self) -> Load:
        """Since `start`; a worker that ended in between is not counted."""
        wall_s = max(time.monotonic() - self._at, 1e-9)
        now = self._read()
        server_s = sum(seconds - self._server_s.get(pid, 0.0) for pid, seconds in now.items())
        return Load(
            own=(time.process_time() - self._own_s) / wall_s,
            server=server_s / wall_s if self.pid is not None else None,
        )

    def _read(self) -> dict[int, float]:
        if self.pid is None:
            return {}
        found: dict[int, float] = {}
        with contextlib.suppress(psutil.Error):
            server = psutil.Process(self.pid)
            for process in (server, *server.children(recursive=True)):
                with contextlib.suppress(psutil.Error):
                    times = process.cpu_times()
                    found[process.pid] = times.user + times.system
        return found

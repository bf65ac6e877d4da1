"""Tells whether the process that left a mark is still there."""

from __future__ import annotations

import os
import platform
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psutil

# Start times come in ticks of 10 ms, boot times in whole seconds that may be read one apart.
_START_TOLERANCE_S = 2.0


@dataclass(frozen=True, slots=True)
class ProcessMark:
    """A process: `host` names the machine, its boot and the process namespace that `pid` counts in.

    `started` is seconds since boot on Linux, since the epoch elsewhere: in both cases what does
    not change when the clock is set.
    """

    host: str
    pid: int
    started: float

    def is_gone(self) -> bool:
        """Whether the process has certainly ended; of another host's nothing is certain."""
        if self.host != host_name():
            return False
        try:
            started = _started(self.pid)
        except psutil.AccessDenied:
            return False
        return started is None or abs(started - self.started) > _START_TOLERANCE_S


def this_process() -> ProcessMark:
    """The mark of the process that asks."""
    return _mark_of(os.getpid())


@cache
def _mark_of(pid: int) -> ProcessMark:
    return ProcessMark(host_name(), pid, _started(pid) or 0.0)


@cache
def host_name() -> str:
    """What two processes share when one can see the other by its pid.

    Containers with equal host names differ in the namespace; a rebooted machine in the boot id.
    """
    return "/".join((platform.node(), _boot_id(), _pid_namespace()))


def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _pid_namespace() -> str:
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return ""


def _started(pid: int) -> float | None:
    """When a process began, None if there is none (one that only waits to be reaped does not count)."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        # On Linux psutil adds the boot time, which moves when the clock is set; take it off again.
        return process.create_time() - (psutil.boot_time() if sys.platform == "linux" else 0.0)
    except psutil.NoSuchProcess:
        return None

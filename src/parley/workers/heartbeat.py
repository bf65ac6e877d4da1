"""Tells the parent, once a second, that the interpreter runs and how much memory it holds."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

from parley.wire.frames import Heartbeat
from parley.workers.pipe import Pipe

HEARTBEAT_S = 1.0


def start_heartbeat(pipe: Pipe) -> None:
    """Beat until the process ends; a missing beat means that something holds the GIL."""
    threading.Thread(target=_beat, args=(pipe,), name="heartbeat", daemon=True).start()


def _beat(pipe: Pipe) -> None:
    while True:
        try:
            pipe.send(Heartbeat(rss_bytes=resident_bytes()))
        except OSError:
            # Nobody reads any more; the thread that listens ends the process.
            return
        time.sleep(HEARTBEAT_S)


def resident_bytes() -> int:
    """Resident memory of this process; its peak outside Linux, 0 where unknown."""
    if sys.platform == "linux":
        pages = Path("/proc/self/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")
    if sys.platform == "win32":
        return 0
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024

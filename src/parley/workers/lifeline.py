"""A worker never outlives its parent, and shows its stacks when asked."""

from __future__ import annotations

import ctypes
import faulthandler
import os
import signal
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1


def tie_to_parent() -> None:
    """Let Linux kill this process when its parent ends, even inside native code that holds the GIL.

    Elsewhere, and until this call, the end of the pipe does that (`loop.listen`).
    """
    if sys.platform != "linux":
        return
    parent = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        # The parent ended between the two calls, so no signal will come.
        os._exit(0)


def hold_environment() -> None:
    """Keep the engine environment that this process runs from: installations delete what nobody holds.

    The lock ends with the process, however that ends. An interpreter that is no such environment has
    no file to lock, and Windows does not delete files in use.
    """
    if sys.platform == "win32":
        return
    import fcntl

    try:
        file = os.open(Path(sys.prefix) / "in-use", os.O_RDONLY | os.O_CLOEXEC)
        fcntl.flock(file, fcntl.LOCK_SH)
    except OSError:
        return


def leave_interrupts_to_parent() -> None:
    """Ctrl-C reaches every process of a terminal; whether work stops is the parent's decision."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def show_stacks_on_request() -> None:
    """Write all Python stacks to stderr on SIGUSR1 and on a fatal signal, without needing the GIL."""
    faulthandler.enable()
    if sys.platform != "win32":
        faulthandler.register(signal.SIGUSR1, all_threads=True)

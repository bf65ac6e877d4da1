"""Ends this process with the one that started it, however that ended."""

from __future__ import annotations

import os
import signal
import threading

_STDIN, _STDERR = 0, 2


def end_with_stdin() -> None:
    """Stop as on SIGTERM when standard input ends: whoever holds the other end of that pipe is gone, and
    the system closed it for them even where they were killed.
    """
    threading.Thread(target=_watch, name="tether", daemon=True).start()


def _watch() -> None:
    # Not through `sys.stdin`: its lock would be held while the interpreter ends.
    while _read():
        pass
    _silence()
    signal.raise_signal(signal.SIGTERM)


def _read() -> bytes:
    try:
        return os.read(_STDIN, 4096)
    except OSError:
        return b""


def _silence() -> None:
    """What is said on the way out is said to nobody, and must not fail for that."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, _STDERR)
    os.close(nowhere)

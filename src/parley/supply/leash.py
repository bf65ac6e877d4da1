"""Runs a Python module and ends it, with all it started, as soon as standard input ends.

The parent holds the other end: however it goes, even by SIGKILL, no pip stays behind that writes
into a folder which the next installation sweeps. Run as `python -I leash.py MODULE ARGUMENTS...`
by the interpreter of an environment, so it needs nothing but the standard library.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading


def main() -> None:
    """Watch standard input beside the module that the arguments name."""
    threading.Thread(target=_watch, daemon=True).start()
    module, *arguments = sys.argv[1:]
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _watch() -> None:
    # Not sys.stdin: what the module does to that must not matter.
    while os.read(0, 1024):
        pass
    if sys.platform != "win32":
        # The parent made this process the head of a group of its own.
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


if __name__ == "__main__":
    main()

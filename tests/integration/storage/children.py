"""Other processes: what they do with the store is one function of `actor.py` each."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import psutil

ACTOR = Path(__file__).parent / "actor.py"


class Child:
    """A process that runs one act and prints lines."""

    def __init__(self, act: str, *arguments: object) -> None:
        command = [sys.executable, str(ACTOR), act, *(str(argument) for argument in arguments)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        self.pid = self.process.pid

    def line(self, timeout: float = 20.0) -> str:
        """The next line it prints."""
        assert self.process.stdout is not None
        ready, _, _ = select.select([self.process.stdout], [], [], timeout)
        assert ready, "the child says nothing"
        return self.process.stdout.readline().decode().strip()

    def tell(self, line: str) -> None:
        """Write a line to its standard input."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n".encode())

    def send(self, number: signal.Signals) -> None:
        """Send a signal; returns when a stop or a kill has taken effect."""
        os.kill(self.pid, number)
        if number == signal.SIGSTOP:
            while psutil.Process(self.pid).status() != psutil.STATUS_STOPPED:
                pass

    def finish(self, timeout: float = 30.0) -> str:
        """Wait for a clean end; what it printed since the last `line`."""
        out, _ = self.process.communicate(timeout=timeout)
        assert self.process.returncode == 0, out
        return out.decode()

    def end(self) -> None:
        """Kill it, whatever it does."""
        self.process.kill()
        self.process.communicate()

"""Starts `parley serve` as a user would, on a port of its own."""

from __future__ import annotations

import os
import queue
import re
import signal
import subprocess
import threading
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.e2e.command import Parley, wait_until

_LISTENS = re.compile(r"listens on (https?://\S+)")


@dataclass
class Served:
    """A running server; `lines` is what it has said on standard error."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list[str])
    url: str = ""

    @property
    def address(self) -> str:
        """host:port"""
        return self.url.split("://", 1)[1]

    @property
    def socket_url(self) -> str:
        return self.url.replace("http", "ws", 1)

    def get(self, path: str, **options: object) -> httpx.Response:
        return httpx.get(self.url + path, timeout=30, **options)  # type: ignore[arg-type]

    def wait_ready(self, timeout: float = 60) -> None:
        wait_until(lambda: self.get("/ready").status_code == 200, timeout)

    def kill(self) -> None:
        """As the out-of-memory killer does: nothing is said, nothing is tidied."""
        self.process.kill()
        self.process.wait(30)

    def stop(self, timeout: float = 60) -> int:
        """As an operator does."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout)


def serve(parley: Parley, *arguments: str | Path, timeout: float = 60) -> Served:
    """Start a server and wait until it listens; AssertionError with its words if it does not."""
    process = parley.start("serve", "--port", "0", *arguments)
    served = Served(process)
    said: queue.Queue[str | None] = queue.Queue()

    def read() -> None:
        assert process.stderr is not None
        for line in process.stderr:
            served.lines.append(line.rstrip("\n"))
            said.put(line)
        said.put(None)

    threading.Thread(target=read, daemon=True).start()
    while True:
        try:
            line = said.get(timeout=timeout)
        except queue.Empty:
            os.killpg(process.pid, signal.SIGKILL)
            raise AssertionError("the server did not begin to listen:\n" + "\n".join(served.lines)) from None
        if line is None:
            raise AssertionError("the server ended:\n" + "\n".join(served.lines))
        if found := _LISTENS.search(line):
            served.url = found[1]
            return served

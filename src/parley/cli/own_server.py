"""A server that a command starts for itself, and ends when it is no longer wanted."""

from __future__ import annotations

import queue
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence

from parley.errors import ServerUnreachable

_LISTENS = re.compile(r"listens on (https?://\S+)")
_START_S = 120.0
_END_S = 15.0
_CHECK_S = 3.0
_HOST = "127.0.0.1"


def running(port: int, *, secure: bool) -> str | None:
    """The address of a Parley on this machine's usual port; None where there is none."""
    url = f"{'https' if secure else 'http'}://{_HOST}:{port}"
    return url if is_parley(url) else None


def is_parley(url: str) -> bool:
    """Whether a Parley answers there."""
    import httpx

    try:
        # Nothing secret is sent or learned, and a certificate of one's own is nothing to trip over.
        answer = httpx.get(f"{url}/health", timeout=_CHECK_S, verify=False, trust_env=False)  # noqa: S501
        return answer.json().get("status") == "alive"
    except (httpx.HTTPError, ValueError, AttributeError):
        return False


class OwnServer:
    """`parley serve` on loopback; what it says is passed on."""

    def __init__(self, arguments: Sequence[str], port: int, say: Callable[[str], None]) -> None:
        self._say = say
        self._found: queue.Queue[str | None] = queue.Queue()
        chosen = port if _is_free(port) else 0
        command = [sys.executable, "-m", "parley", "serve", "--host", _HOST, "--port", str(chosen)]
        # Its own session: Ctrl-C is for us, and we end it. The pipe that nobody writes to ends with us.
        self._process = subprocess.Popen(
            [*command, "--until-stdin-ends", *arguments],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
        threading.Thread(target=self._pass_on, daemon=True).start()

    def url(self) -> str:
        """Where it listens, once it does; raises ServerUnreachable when it does not come that far."""
        try:
            found = self._found.get(timeout=_START_S)
        except queue.Empty:
            found = None
        if found is None:
            self.stop()
            raise ServerUnreachable("The server did not start; what it said stands above.")
        return found

    def has_ended(self) -> bool:
        """Whether it ended by itself."""
        return self._process.poll() is not None

    def stop(self) -> None:
        """End it, gently first."""
        self._process.terminate()
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _pass_on(self) -> None:
        for line in self._process.stderr or ():
            self._say(line.rstrip("\n"))
            if found := _LISTENS.search(line):
                self._found.put(found[1])
        self._found.put(None)


def wait_for(conditions: Sequence[Callable[[], bool]]) -> None:
    """Until one of them holds."""
    while not any(condition() for condition in conditions):
        time.sleep(0.2)


def _is_free(port: int) -> bool:
    """The usual port keeps what the browser remembers of the page; any other is better than none."""
    with socket.socket() as trial:
        # As the server itself does: a port whose connections have just been closed is free.
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((_HOST, port))
        except OSError:
            return False
    return True

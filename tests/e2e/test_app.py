"""`parley app`: the page in a window, with a server of its own or one that runs."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

import httpx
import psutil
import pytest

from tests.e2e.command import Done, Parley, wait_until
from tests.e2e.serving import serve

# It writes down what it was called with, and stays open until somebody closes it.
BROWSER = """#!/bin/sh
printf '%s\\n' "$@" > '{told}.new' && mv '{told}.new' '{told}'
while [ ! -e '{closed}' ]; do sleep 0.1; done
"""


class Window:
    """A program that takes the place of a browser."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "browser"
        self.told, self.closed = folder / "told", folder / "closed"
        self.path.write_text(BROWSER.format(told=self.told, closed=self.closed))
        self.path.chmod(0o755)

    def url(self) -> str:
        words = wait_until(lambda: self.told.exists() and self.told.read_text().splitlines(), 120)
        return next(word for word in words if word.startswith("--app=")).removeprefix("--app=")

    def close(self) -> None:
        self.closed.touch()


@pytest.fixture
def window(tmp_path: Path) -> Window:
    return Window(tmp_path)


@pytest.fixture
def port(parley: Parley) -> int:
    """A port that nobody has, which the settings call the server's."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        found: int = trial.getsockname()[1]
    parley.settings["PARLEY_SERVER__PORT"] = str(found)
    return found


def ended(process: subprocess.Popen[str]) -> Done:
    out, err = process.communicate(timeout=120)
    return Done(process.returncode, out, err)


def is_silent(url: str) -> bool:
    try:
        httpx.get(f"{url}/health", timeout=5, trust_env=False)
    except httpx.TransportError:
        return True
    return False


def test_the_window_brings_a_server_and_takes_it_along(parley: Parley, window: Window, port: int) -> None:
    process = parley.start("app", "--browser", window.path)
    url = window.url()
    assert url == f"http://127.0.0.1:{port}"
    assert "Parley" in httpx.get(url, timeout=30, trust_env=False).text
    time.sleep(4)  # a browser that ends within three seconds would have failed
    assert process.poll() is None
    window.close()
    done = ended(process)
    assert done.code == 0, done.err
    assert is_silent(url)


def test_ctrl_c_ends_the_server_and_the_window(parley: Parley, window: Window, port: int) -> None:
    process = parley.start("app", "--browser", window.path)
    url = window.url()
    family = psutil.Process(process.pid).children(recursive=True)
    assert len(family) >= 2
    os.kill(process.pid, signal.SIGINT)
    done = ended(process)
    assert done.code == 130, done.err
    assert is_silent(url)
    _, alive = psutil.wait_procs(family, timeout=30)
    assert not [each for each in alive if each.status() != psutil.STATUS_ZOMBIE]


@pytest.mark.parametrize("early", [pytest.param(True, marks=pytest.mark.slow), False])
def test_who_kills_it_leaves_no_server(parley: Parley, window: Window, port: int, early: bool) -> None:
    process = parley.start("app", "--browser", window.path)
    if not early:
        window.url()
    family = wait_until(lambda: servers(process.pid))
    process.kill()
    process.wait(30)
    _, alive = psutil.wait_procs(family, timeout=60)
    assert not [each for each in alive if each.status() != psutil.STATUS_ZOMBIE]


def servers(pid: int) -> list[psutil.Process]:
    """The server that it started, and those that the server did."""
    found = [each for each in psutil.Process(pid).children() if "serve" in each.cmdline()]
    return [each for server in found for each in (server, *server.children(recursive=True))]


def test_a_server_that_runs_is_used_and_left_running(parley: Parley, window: Window, port: int) -> None:
    served = serve(parley, "--port", str(port))
    window.close()
    done = parley("app", "--browser", window.path)
    assert done.code == 0, done.err
    assert "running" in done.err
    assert window.url() == served.url
    assert served.get("/health").status_code == 200
    named = parley("app", "--browser", window.path, "--server", served.address)
    assert named.code == 0, named.err


@pytest.mark.slow
def test_a_port_that_somebody_else_has_is_no_hindrance(parley: Parley, window: Window, port: int) -> None:
    with socket.create_server(("127.0.0.1", port)):
        process = parley.start("app", "--browser", window.path)
        url = window.url()
        assert url != f"http://127.0.0.1:{port}"
        assert httpx.get(f"{url}/health", timeout=30, trust_env=False).json()["status"] == "alive"
        window.close()
        assert ended(process).code == 0


def test_without_any_browser_it_says_where_to_go(parley: Parley, tmp_path: Path, port: int) -> None:
    parley.settings |= {"PATH": str(tmp_path), "BROWSER": "/bin/false"}
    process = parley.start("app")
    assert process.stderr is not None
    lines: list[str] = []
    for line in process.stderr:
        lines.append(line)
        if "No browser" in line:
            break
    else:
        raise AssertionError("".join(lines))
    found = re.search(r"open (http://127\.0\.0\.1:\d+) in one", lines[-1])
    assert found and "Ctrl-C" in lines[-1]
    assert httpx.get(f"{found[1]}/health", timeout=30, trust_env=False).status_code == 200
    os.kill(process.pid, signal.SIGINT)
    assert ended(process).code == 130


def test_what_is_wrong_is_said_in_a_sentence(parley: Parley, tmp_path: Path, port: int) -> None:
    nobody = parley("app", "--server", f"127.0.0.1:{port}")
    assert nobody.code == 6
    assert "parley serve" in nobody.err
    strange = parley("app", "--browser", tmp_path / "nothing")
    assert strange.code == 2
    assert "opened no window" in strange.err

"""`parley app`: the page in a window of its own, with a server if none is running."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from parley.cli import tell

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from parley.cli.own_server import OwnServer


def command(
    server: Annotated[
        str | None, typer.Option("--server", metavar="URL", help="The page of this server; starts none.")
    ] = None,
    browser: Annotated[
        str | None, typer.Option(help="Program that opens the window: Chromium, Chrome, Edge, Brave.")
    ] = None,
    profile: Annotated[str | None, typer.Option(help="Profile of the server that is started.")] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Folder for everything that is remembered.")] = None,
    config: Annotated[Path | None, typer.Option(help="Configuration file; ./parley.toml by default.")] = None,
) -> None:
    """Talk and transcribe on a page in its own window; closing it ends the server that was started for it."""
    from parley.cli.start import start

    settings = start(profile=profile, data_dir=data_dir, config=config)
    with ExitStack() as stack:
        own: OwnServer | None = None
        url = _given(server) if server else _running(settings.server.port, settings.server.tls != "off")
        if url is None:
            own = _start(settings.server.port, _passed_on(profile, data_dir, config))
            stack.callback(own.stop)
            url = own.url()
        _show(url, browser, settings.data_dir, own)


def _given(server: str) -> str:
    from parley.cli.own_server import is_parley
    from parley.client.address import parse_address
    from parley.errors import ServerUnreachable

    address = parse_address(server)
    host = f"[{address.host}]" if ":" in address.host else address.host
    url = f"{'https' if address.is_secure else 'http'}://{host}:{address.port}{address.path}"
    if not is_parley(url):
        raise ServerUnreachable(f"No Parley answers at {url}; start one there with: parley serve")
    return url


def _running(port: int, secure: bool) -> str | None:
    from parley.cli.own_server import running

    if url := running(port, secure=secure):
        tell.line(f"A server is running at {url}; the page is its.")
        return url
    return None


def _start(port: int, arguments: list[str]) -> OwnServer:
    from parley.cli.own_server import OwnServer

    return OwnServer(arguments, port, tell.line)


def _passed_on(profile: str | None, data_dir: Path | None, config: Path | None) -> list[str]:
    given = {"--profile": profile, "--data-dir": data_dir, "--config": config}
    return [word for name, value in given.items() if value is not None for word in (name, str(value))]


def _show(url: str, browser: str | None, data_dir: Path, own: OwnServer | None) -> None:
    """Open the page; with a server of our own stay until the window is closed, or Ctrl-C."""
    from parley.cli.own_server import wait_for
    from parley.errors import ServerUnreachable

    with ExitStack() as windows:
        window = _window(url, browser, data_dir, windows)
        if window is None:
            _open_elsewhere(url, is_ours=own is not None)
        if own is None:
            windows.pop_all()
            return
        ends: list[Callable[[], bool]] = [own.has_ended]
        if window is not None:
            ends.append(lambda: window.poll() is not None)
        wait_for(ends)
        if own.has_ended():
            raise ServerUnreachable("The server has ended; what it said stands above.")


def _window(
    url: str, browser: str | None, data_dir: Path, windows: ExitStack
) -> subprocess.Popen[bytes] | None:
    """The first window that can be opened, to be closed by `windows`; raises InvalidOption."""
    from parley.cli.window import browsers, close_window, open_window, stays_open
    from parley.errors import InvalidOption

    for each in [browser] if browser else browsers():
        window = open_window(each, url, data_dir)
        if window is not None:
            windows.callback(close_window, window)
            if stays_open(window):
                return window
    if browser:
        raise InvalidOption(f"'{browser}' opened no window; name a Chromium, Chrome or Edge.")
    return None


def _open_elsewhere(url: str, *, is_ours: bool) -> None:
    import webbrowser

    end = " Ctrl-C ends the server." if is_ours else ""
    if webbrowser.open(url):
        tell.line(f"The page is open in your browser: {url}.{end}")
    else:
        tell.line(f"No browser could be opened here; open {url} in one.{end}")

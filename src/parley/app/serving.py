"""Runs the server in this process: its address, its signals, its end."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import ipaddress
import signal
import socket
import ssl
import sys
from collections.abc import Callable, Generator
from typing import Any, cast

import uvicorn

from parley import __version__
from parley.app.house import House, open_house
from parley.app.listening import BACKLOG, Listeners, listening, url_of
from parley.app.options import tls_options, wire_options
from parley.errors import InvalidSettings
from parley.server.http_wire import BoundedHttp
from parley.server.socket.wire_protocol import wire_protocol
from parley.server.tls import tls_context
from parley.settings import Settings

Tell = Callable[[str], None]
"""Hears sentences for the person who started the server."""

_MOST_FILES = 65536

_SWITCH_S = 0.001

_ACCEPTED_AT_ONCE = 2
"""In one round of the event loop; two hundred clients that come together would hold up everybody else
for a third of a second.
"""


def serve(settings: Settings, tell: Tell) -> None:
    """Serve until SIGINT or SIGTERM; raises ParleyError when that cannot begin."""
    require_guarded(settings)
    allow_many_files()
    with listening(settings) as listeners:
        asyncio.run(_serve(settings, listeners, tell))


def require_guarded(settings: Settings) -> None:
    """Refuse an address that others can reach unless callers are asked who they are."""
    server = settings.server
    if settings.auth.enabled or server.insecure or is_loopback(server.host):
        return
    raise InvalidSettings(
        f"Listening on {server.host} without authentication would let anybody in; add --auth, or --insecure "
        "where the network is trusted."
    )


def allow_many_files() -> None:
    """Connections are open files: many systems let a process have a thousand, unless it asks for more."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_FILES if hard == resource.RLIM_INFINITY else min(_MOST_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):  # a sandbox may forbid it
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class _Server(uvicorn.Server):
    """Says when it accepts, and leaves signals to us: uvicorn raises them again at the end, as if
    nobody had obeyed.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.accepts = asyncio.Event()
        self.asked_to_stop = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.accepts.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """The first signal stops gracefully, the second at once."""
        loop = asyncio.get_running_loop()

        def stop(number: int, frame: Any) -> None:
            self.force_exit = self.asked_to_stop.is_set()
            loop.call_soon_threadsafe(self.asked_to_stop.set)

        wanted = [signal.SIGINT, signal.SIGTERM]
        if sys.platform == "win32":
            wanted.append(signal.SIGBREAK)
        before = {number: signal.signal(number, stop) for number in wanted}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


async def _serve(settings: Settings, listeners: Listeners, tell: Tell) -> None:
    context = await asyncio.to_thread(tls_context, settings.data_dir, tls_options(settings))
    async with open_house(settings, notice=tell) as house:
        server = _Server(_configuration(settings, house, context))
        for path, listener in listeners.extra:
            house.dispatch.give_port(listener.getsockname()[1], path)
        async with asyncio.TaskGroup() as doors:
            doors.create_task(server.serve(sockets=listeners.all))
            await server.accepts.wait()
            for listener in listeners.all:
                # To asyncio the backlog is also what it accepts in one round, and it has told the system.
                listener.listen(BACKLOG)
            _spare_the_loop()
            _announce(house, listeners, context is not None, tell)
            await server.asked_to_stop.wait()
            tell("Parley stops; what is unfinished goes on after the next start.")
            await house.drain()
            server.should_exit = True


def _announce(house: House, listeners: Listeners, secure: bool, tell: Tell) -> None:
    for path, listener in listeners.extra:
        tell(f"{path} is also at {url_of(listener, secure, 'ws')}.")
    tell(
        f"Parley {__version__} listens on {url_of(listeners.main, secure)} with profile "
        f"'{house.profile.name}'; Ctrl-C stops it."
    )


def _spare_the_loop() -> None:
    """Keep the interpreter itself from holding up the event loop.

    What was made by now is mostly code and never becomes garbage; a full round of the collector over it
    would stop every thread for a third of a second. Threads that hash or write hand the interpreter
    on after a millisecond.
    """
    gc.collect()
    gc.freeze()
    sys.setswitchinterval(_SWITCH_S)


def _configuration(settings: Settings, house: House, context: ssl.SSLContext | None) -> uvicorn.Config:
    configuration = uvicorn.Config(
        house.application,
        http=BoundedHttp,
        loop="asyncio",
        lifespan="off",
        log_config=None,
        access_log=False,
        # Whom we believe is decided by the gate, with the settings' list.
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=max(1, round(settings.server.shutdown_grace_s)),
        backlog=_ACCEPTED_AT_ONCE,
    )
    configuration.load()
    # uvicorn wants a class where any maker of protocols does, and makes its TLS context from paths only.
    configuration.ws_protocol_class = cast(Any, wire_protocol(wire_options(settings)))
    configuration.ssl = context
    return configuration

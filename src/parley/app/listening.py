"""The sockets of the server: where it accepts, and what that is called."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from parley.errors import InvalidSettings
from parley.settings import Settings

BACKLOG = 2048


@dataclass(frozen=True, slots=True)
class Listeners:
    """The main socket, and those that serve the door of one path on all of theirs."""

    main: socket.socket
    extra: tuple[tuple[str, socket.socket], ...] = ()

    @property
    def all(self) -> list[socket.socket]:
        """Every one."""
        return [self.main, *(listener for _, listener in self.extra)]


@contextmanager
def listening(settings: Settings) -> Generator[Listeners, None, None]:
    """All sockets, closed in the end; raises InvalidSettings when an address cannot be had."""
    host, live = settings.server.host, settings.live
    wanted = [
        ("/asr", live.asr_port, "--asr-port"),
        ("/funasr", live.funasr_port, "--funasr-port"),
        ("/tts", settings.voices.tts_port, "--tts-port"),
    ]
    with contextlib.ExitStack() as stack:
        main = stack.enter_context(contextlib.closing(listen(host, settings.server.port)))
        extra = [
            (path, stack.enter_context(contextlib.closing(listen(host, port, option))))
            for path, port, option in wanted
            if port is not None
        ]
        yield Listeners(main, tuple(extra))


def listen(host: str, port: int, option: str = "--host and --port") -> socket.socket:
    """A socket to accept on; raises InvalidSettings when the address cannot be had."""
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        return socket.create_server(address[:2], family=family, backlog=BACKLOG)
    except OSError as error:
        raise InvalidSettings(
            f"The server cannot listen on {host} port {port}: {_reason(error)}; "
            f"choose another with {option}.",
            detail=str(error),
        ) from error


def _reason(error: OSError) -> str:
    # Of a name that cannot be resolved the number is no errno, but the text is short.
    known = errno.errorcode.get(error.errno or 0)
    return (os.strerror(error.errno or 0) if known else error.strerror or "not an address").lower()


def url_of(listener: socket.socket, secure: bool, scheme: str = "http") -> str:
    """The address as a browser takes it, or a client of WebSockets with the scheme `ws`."""
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    return f"{scheme}{'s' if secure else ''}://{shown}:{port}"

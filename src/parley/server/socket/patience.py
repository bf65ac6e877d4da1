"""When a peer counts as gone: it takes nothing, it says nothing at all, or it stands in others' way."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from typing import Protocol

_SILENT_INTERVALS = 6
"""A client that computes for a minute without reading its pings is alive."""

_STALLED_INTERVALS = 2
_SLOWEST_BYTES_PER_S = 16 * 1024
_FRAME_GRACE_S = 60.0


class Peer(Protocol):
    """The connection, as far as patience is concerned."""

    transport: asyncio.Transport

    def ping(self) -> None:
        """Ask for a sign of life."""
        ...

    @property
    def is_listening(self) -> bool:
        """Whether bytes of the peer would be noticed."""
        ...

    @property
    def is_in_the_way(self) -> bool:
        """Whether an unfinished frame holds memory that others wait for."""
        ...

    @property
    def frame_bytes(self) -> int:
        """Length of the frame being read."""
        ...


class Patience:
    """The clocks of one connection."""

    def __init__(
        self, peer: Peer, loop: asyncio.AbstractEventLoop, interval_s: float, send_timeout_s: float
    ) -> None:
        self._peer = peer
        self._loop = loop
        self._interval_s = interval_s
        self._send_timeout_s = send_timeout_s
        self._heard_at = loop.time()
        self._in_the_way_since: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._send_timer: asyncio.TimerHandle | None = None
        self._unsent = 0

    def watch_socket(self, connection: socket.socket | None) -> None:
        """Let the system notice a peer whose machine is gone, where it can."""
        if connection is None or connection.family not in (socket.AF_INET, socket.AF_INET6):
            return
        patience_s = max(1, round(self._interval_s * _SILENT_INTERVALS))
        options = {
            "TCP_KEEPIDLE": max(1, round(self._interval_s)),
            "TCP_KEEPINTVL": max(1, round(self._interval_s)),
            "TCP_KEEPCNT": _SILENT_INTERVALS,
            "TCP_USER_TIMEOUT": 1000 * max(patience_s, round(self._send_timeout_s)),
        }
        with suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for name, value in options.items():
                if hasattr(socket, name):
                    connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)

    def start(self) -> None:
        """The line is open."""
        self._heard_at = self._loop.time()
        self._timer = self._loop.call_later(self._interval_s, self._tick)

    def stop(self) -> None:
        """The line is gone."""
        for timer in (self._timer, self._send_timer):
            if timer is not None:
                timer.cancel()
        self._timer = self._send_timer = None

    def heard(self) -> None:
        """Bytes came."""
        self._heard_at = self._loop.time()

    @property
    def silent_s(self) -> float:
        """Seconds since the last bytes."""
        return self._loop.time() - self._heard_at

    def sending(self) -> None:
        """More is sent than the peer takes."""
        self._unsent = self._peer.transport.get_write_buffer_size()
        self._send_timer = self._loop.call_later(self._send_timeout_s, self._check_sent)

    def sent(self) -> None:
        """The peer has caught up."""
        if self._send_timer is not None:
            self._send_timer.cancel()
            self._send_timer = None

    def _check_sent(self) -> None:
        unsent = self._peer.transport.get_write_buffer_size()
        if unsent >= self._unsent:
            self._peer.transport.abort()
            return
        self._unsent = unsent
        self._send_timer = self._loop.call_later(self._send_timeout_s, self._check_sent)

    def _tick(self) -> None:
        silent_s = self.silent_s
        if self._is_lost(silent_s) or self._is_in_the_way(silent_s):
            self._peer.transport.abort()
            return
        self._peer.ping()
        self._timer = self._loop.call_later(self._interval_s, self._tick)

    def _is_lost(self, silent_s: float) -> bool:
        return self._peer.is_listening and silent_s > _SILENT_INTERVALS * self._interval_s

    def _is_in_the_way(self, silent_s: float) -> bool:
        """A frame may take as long as its sender likes, unless others wait for the memory it holds."""
        if not self._peer.is_in_the_way:
            self._in_the_way_since = None
            return False
        since = self._in_the_way_since = self._in_the_way_since or self._loop.time()
        too_slow_s = _FRAME_GRACE_S + self._peer.frame_bytes / _SLOWEST_BYTES_PER_S
        return silent_s > _STALLED_INTERVALS * self._interval_s or self._loop.time() - since > too_slow_s

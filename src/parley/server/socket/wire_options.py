"""Bounds of WebSocket connections, and where an application finds its own."""

from __future__ import annotations

from dataclasses import dataclass

from parley.wire.native.message import MAX_FRAME_BYTES

LINE = "parley.line"
"""Where an application finds its `Line` in the scope."""

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class WireOptions:
    """Bounds of the connections of one server."""

    frame_budget_bytes: int = 256 * MIB
    max_frame_bytes: int = MAX_FRAME_BYTES
    send_timeout_s: float = 60.0
    ping_interval_s: float = 20.0

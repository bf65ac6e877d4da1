"""What the door of live recognition needs of the house, and how it is bounded."""

from __future__ import annotations

from dataclasses import dataclass

from parley.live.contract import LiveRoom
from parley.server.pace import Pace
from parley.server.rooms import Identities
from parley.server.socket.guests import Guests
from parley.server.socket.lines import Lines

MOST_FRAME_BYTES = 16 * 1024 * 1024
"""Of a frame in: eight minutes of 16 kHz PCM16."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AsrOptions:
    """`session_idle_s` is how long a line may be open before a session begins on it; the session has the
    same patience with silence of its own.
    """

    session_idle_s: float = 60.0
    auth_timeout_s: float = 30.0
    max_frame_bytes: int = MOST_FRAME_BYTES


@dataclass(frozen=True, slots=True)
class Behind:
    """The rooms behind the door, and what all its connections share."""

    room: LiveRoom
    authority: Identities
    options: AsrOptions
    pace: Pace
    guests: Guests
    lines: Lines

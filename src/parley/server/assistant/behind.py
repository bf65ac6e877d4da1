"""What the door of conversations needs of the house, and how it is bounded."""

from __future__ import annotations

from dataclasses import dataclass

from parley.assistant.contract import AssistantRoom
from parley.server.pace import Pace
from parley.server.rooms import Identities
from parley.server.socket.guests import Guests
from parley.server.socket.lines import Lines

MOST_FRAME_BYTES = 1024 * 1024
"""Of a frame in: half a minute of 16 kHz PCM16."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssistantOptions:
    """`begin_s` is how long a line may be open before a conversation begins on it; the conversation has a
    patience of its own. Of an answer, `ahead_s` of audio is sent before it is played.
    """

    begin_s: float = 60.0
    auth_timeout_s: float = 30.0
    ahead_s: float = 1.5
    max_frame_bytes: int = MOST_FRAME_BYTES


@dataclass(frozen=True, slots=True)
class Behind:
    """The room behind the door, and what all its connections share."""

    room: AssistantRoom
    authority: Identities
    options: AssistantOptions
    pace: Pace
    guests: Guests
    lines: Lines

"""What the door of voices needs of the house, and how it is bounded."""

from __future__ import annotations

from dataclasses import dataclass

from parley.server.pace import Pace
from parley.server.rooms import Identities
from parley.server.socket.guests import Guests
from parley.synthesis.contract import SynthesisRoom

_BYTES_OF_AN_ESCAPE = 12
"""JSON may write a character as two escapes of six."""

_BESIDE_THE_TEXT = 16 * 1024
"""Of a message: all other fields, each at its longest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TtsOptions:
    """`max_waiting` is how many texts of one line may wait for the one that is spoken. A line on which
    nothing is spoken and nothing comes for `idle_s` is closed.
    """

    max_text_chars: int = 20_000
    max_waiting: int = 8
    idle_s: float = 60.0
    auth_timeout_s: float = 30.0

    @property
    def max_frame_bytes(self) -> int:
        """Of a frame in: the longest text, written as wastefully as JSON allows."""
        return _BYTES_OF_AN_ESCAPE * self.max_text_chars + _BESIDE_THE_TEXT


@dataclass(frozen=True, slots=True)
class Behind:
    """The rooms behind the door, and what all its connections share."""

    room: SynthesisRoom
    authority: Identities
    options: TtsOptions
    pace: Pace
    guests: Guests

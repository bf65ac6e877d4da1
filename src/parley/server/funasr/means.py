"""What inputs are dealt with by, and whom they tell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from parley.errors import (
    DiskFull,
    InvalidOption,
    MediaTooLarge,
    ParleyError,
    UndecodableMedia,
    UnsupportedMedia,
    UnsupportedOption,
)
from parley.live.contract import LiveRoom
from parley.live.options import LiveWish
from parley.server.funasr.files import Decoder, Spool
from parley.server.funasr.manner import Manner
from parley.server.funasr.riff import WaveFormat
from parley.wire.funasr.server import Answer

WishOf = Callable[[Manner, WaveFormat | None], LiveWish]

REFUSALS = (
    InvalidOption,
    UnsupportedOption,
    UnsupportedMedia,
    UndecodableMedia,
    MediaTooLarge,
    DiskFull,
)
"""What is wrong with one input; the next may be better."""


@dataclass(frozen=True, slots=True)
class Means:
    """What inputs are dealt with by. Without a `decoder` there are samples only."""

    room: LiveRoom
    user: str
    wish_of: WishOf
    decoder: Decoder | None
    spool: Spool


class Listener(Protocol):
    """The client; both may raise LineGone."""

    async def say(self, answer: Answer) -> None:
        """Answer."""
        ...

    async def part(self, error: ParleyError) -> None:
        """Close the line, for this reason."""
        ...

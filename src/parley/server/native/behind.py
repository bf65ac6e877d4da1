"""What the native door needs of the house, and how it is bounded."""

from __future__ import annotations

from dataclasses import dataclass

from parley.server.pace import Pace
from parley.server.rooms import Identities, Tasks, Uploads
from parley.server.socket.guests import Guests


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeOptions:
    """`default_profile` is that of requests without `engine`. A connection follows at most
    `max_followed` tasks and has at most `chunks_in_hand` chunks on their way to the disk.
    `allow_private_urls` lets tasks name callbacks inside the network.
    """

    default_profile: str = "embedded"
    max_connections: int = 2000
    max_connections_per_client: int = 2000
    auth_timeout_s: float = 30.0
    max_followed: int = 500
    chunks_in_hand: int = 4
    allow_private_urls: bool = False


@dataclass(frozen=True, slots=True)
class Behind:
    """The rooms behind the door, and the counts that all its connections share."""

    desk: Tasks
    reception: Uploads
    authority: Identities
    options: NativeOptions
    pace: Pace
    guests: Guests

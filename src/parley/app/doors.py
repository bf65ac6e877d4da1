"""The doors of a running server, in front of its rooms."""

from __future__ import annotations

from dataclasses import dataclass

from parley.app import options
from parley.server.application import Rooms, build
from parley.server.dispatch import Dispatch, Door
from parley.server.native.door import native_door
from parley.server.pace import Pace
from parley.server.socket.guests import Guests
from parley.settings import Settings


def count_guests(settings: Settings) -> Guests:
    """The connections of all doors together."""
    server = settings.server
    return Guests(server.max_connections, server.max_connections_per_client)


@dataclass(frozen=True, slots=True)
class Behind:
    """What all doors share."""

    rooms: Rooms
    pace: Pace
    guests: Guests


def hang_doors(behind: Behind, settings: Settings) -> Dispatch:
    """Every door where clients look for it; the native one answers everywhere else."""
    rooms = behind.rooms
    native = native_door(
        rooms.desk,
        rooms.reception,
        rooms.authority,
        options.native_options(settings),
        behind.pace,
        behind.guests,
    )
    return Dispatch(build(rooms), _live_doors(behind, settings), native)


def _live_doors(behind: Behind, settings: Settings) -> dict[str, Door]:
    """Those of live speech, by their paths."""
    return {}

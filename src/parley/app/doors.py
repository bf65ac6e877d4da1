"""The doors of a running server, in front of its rooms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from parley.app import options
from parley.engines.profiles import Profile
from parley.server.application import Rooms, build
from parley.server.asr.door import asr_door
from parley.server.assistant.door import assistant_door
from parley.server.dispatch import Dispatch, Door
from parley.server.funasr import behind as funasr_behind
from parley.server.funasr.door import FunasrDoor
from parley.server.funasr.files import Decoder
from parley.server.native.door import native_door
from parley.server.pace import Pace
from parley.server.socket.guests import Guests
from parley.server.tts.door import tts_door
from parley.settings import MIB, Settings


def count_guests(settings: Settings) -> Guests:
    """The connections of all doors together."""
    server = settings.server
    return Guests(server.max_connections, server.max_connections_per_client)


@dataclass(frozen=True, slots=True)
class Behind:
    """What all doors share. Of the `profiles` that are known some are `installed`; who names none gets
    `default`.
    """

    rooms: Rooms
    pace: Pace
    guests: Guests
    profiles: Mapping[str, Profile]
    installed: frozenset[str]
    default: str
    decoder: Decoder | None = None


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
    doors = {
        **_live_doors(behind, settings),
        **_voice_doors(behind, settings),
        **_assistant_doors(behind, settings),
    }
    return Dispatch(build(rooms), doors, native)


def _live_doors(behind: Behind, settings: Settings) -> dict[str, Door]:
    """Those of live speech, by their paths."""
    room, authority = behind.rooms.live, behind.rooms.authority
    if room is None:
        return {}
    asr = asr_door(room, authority, options.asr_options(settings), behind.pace, behind.guests)
    funasr = FunasrDoor(
        funasr_behind.Behind(
            room=room,
            authority=authority,
            guests=behind.guests,
            profiles={name: behind.profiles[name] for name in behind.installed},
            known=behind.profiles,
            default=behind.default,
            decoder=behind.decoder,
            max_spooled_bytes=settings.max_file_mib * MIB,
        )
    )
    return {"/asr": asr, "/funasr": funasr}


def _voice_doors(behind: Behind, settings: Settings) -> dict[str, Door]:
    """That of voices, by its path."""
    room, authority = behind.rooms.synthesis, behind.rooms.authority
    if room is None:
        return {}
    return {"/tts": tts_door(room, authority, options.tts_options(settings), behind.pace, behind.guests)}


def _assistant_doors(behind: Behind, settings: Settings) -> dict[str, Door]:
    """That of conversations, by its path."""
    room, authority = behind.rooms.assistant, behind.rooms.authority
    if room is None:
        return {}
    door = assistant_door(room, authority, options.assistant_options(settings), behind.pace, behind.guests)
    return {"/assistant": door}

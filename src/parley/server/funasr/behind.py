"""What the FunASR door needs of the house."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from parley.engines.profiles import Profile, choose
from parley.errors import ProfileNotInstalled
from parley.live.contract import LiveRoom
from parley.server.rooms import Identities
from parley.server.socket.guests import Guests


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """`profiles` are those that are installed, `known` all; who names none in the query gets `default`."""

    room: LiveRoom
    authority: Identities
    guests: Guests
    profiles: Mapping[str, Profile]
    known: Mapping[str, Profile]
    default: str

    def profile(self, name: str | None) -> Profile:
        """The profile of a connection; raises ProfileUnknown and ProfileNotInstalled."""
        name = name or self.default
        if name in self.profiles:
            return self.profiles[name]
        choose(self.known, name)
        raise ProfileNotInstalled(f"Profile '{name}' is not installed; run: parley pull {name}")

"""What the FunASR door needs of the house."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from parley.engines.profiles import Profile
from parley.engines.selecting import select
from parley.errors import ProfileNotInstalled
from parley.live.contract import LiveRoom
from parley.server.funasr.files import Decoder, Spool
from parley.server.rooms import Identities
from parley.server.socket.guests import Guests


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """`profiles` are those that are installed, `known` all; who names none in the query gets `default`.

    Files that are not PCM need a `decoder`; so many bytes of them may lie on the disk at a time.
    """

    room: LiveRoom
    authority: Identities
    guests: Guests
    profiles: Mapping[str, Profile]
    known: Mapping[str, Profile]
    default: str
    decoder: Decoder | None = None
    max_spooled_bytes: int = 5000 * 1024 * 1024
    spool: Spool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "spool", Spool(self.max_spooled_bytes))

    def profile(self, name: str | None, language: str | None) -> Profile:
        """The profile of a connection; raises ProfileUnknown and ProfileNotInstalled."""
        known, installed = self.known, self.profiles
        found = select(known, name or self.default, language, lambda each: each.name in installed).profile
        if found.name not in installed:
            raise ProfileNotInstalled(
                f"Profile '{found.name}' is not installed for live speech; run: parley pull {found.name}"
            )
        return installed[found.name]

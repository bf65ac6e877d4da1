"""Whether a line may stay open: a key that opened it may be revoked meanwhile."""

from __future__ import annotations

import asyncio

from parley.errors import AuthFailed, ParleyError
from parley.server.authority import is_revocable
from parley.server.rooms import Identities

REVOKED = "The key was revoked or has expired."

_CONFIRM_AFTER_S = 2.0


class Validity:
    """Of the token that one line was opened with."""

    def __init__(self, authority: Identities, token: str | None) -> None:
        self._authority = authority
        self._token = token
        self._confirmed_at = asyncio.get_running_loop().time()

    async def holds(self) -> bool:
        """Whether the token is still good, as found out a moment ago."""
        now = asyncio.get_running_loop().time()
        if not is_revocable(self._token) or now - self._confirmed_at < _CONFIRM_AFTER_S:
            return True
        self._confirmed_at = now
        try:
            await self._authority.identify(self._token)
        except AuthFailed:
            return False
        except ParleyError:
            pass  # the database is locked for a moment; asked again in a few seconds
        return True

"""Which line each session is on, so that a client that comes back frees it from the line it has lost.

A server may learn late that a line is dead. Until the old line has let go, it may still write audio to the
session, and nobody could say from which sample on the client has to send.
"""

from __future__ import annotations

from typing import Protocol


class Holder(Protocol):
    """A line that a session is on."""

    @property
    def user(self) -> str:
        """Whose it is."""
        ...

    async def give_up(self) -> None:
        """Let go of the session; returns when nothing more is written to it."""
        ...


class Lines:
    """The lines of one door by the resume tokens of their sessions; as many as there are sessions."""

    def __init__(self) -> None:
        self._holders: dict[str, Holder] = {}

    def __len__(self) -> int:
        return len(self._holders)

    def hold(self, token: str, holder: Holder) -> None:
        """The session is on this line now."""
        self._holders[token] = holder

    def let_go(self, token: str, holder: Holder) -> None:
        """It is not any more, unless it is on another one already."""
        if self._holders.get(token) is holder:
            del self._holders[token]

    async def free(self, token: str, user: str) -> None:
        """Take the session from the line it is on, if it is this user's."""
        while (holder := self._holders.get(token)) is not None and holder.user == user:
            await holder.give_up()

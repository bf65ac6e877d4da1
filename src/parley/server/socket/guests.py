"""Who is connected, counted: in all, and for each user or, before we know them, address."""

from __future__ import annotations

from collections import Counter

from parley.errors import TooManySessions


class Guests:
    """Counts of open connections."""

    def __init__(self, most: int, most_per_client: int) -> None:
        self._most = most
        self._most_per_client = most_per_client
        self._by_client: Counter[str] = Counter()

    @property
    def total(self) -> int:
        """Connections open now."""
        return self._by_client.total()

    def enter(self, client: str) -> None:
        """Count a connection; raises TooManySessions, and then it is not counted."""
        if self.total >= self._most:
            raise TooManySessions("The server has no free connection; try again later.")
        self._require_few(client)
        self._by_client[client] += 1

    def rename(self, before: str, after: str) -> None:
        """The client is known better now; raises TooManySessions, and then the old name stays."""
        self._require_few(after)
        self.leave(before)
        self._by_client[after] += 1

    def leave(self, client: str) -> None:
        """The connection is closed."""
        self._by_client[client] -= 1
        if self._by_client[client] <= 0:
            del self._by_client[client]

    def _require_few(self, client: str) -> None:
        if self._by_client[client] >= self._most_per_client:
            raise TooManySessions("Too many connections of this client are open; close some.")

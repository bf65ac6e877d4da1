"""Whose turn it is: users take turns inside a priority, however many tasks each of them sends.

    ann sends 4, then bob 2:     ann 1 2 3 4      bob 1 2
    they are served:             ann bob ann bob ann ann

A task's turn is a number; the lowest goes first, and of equal ones the oldest. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from parley.jobs.task import Priority

BAND = 2**29
"""Turns inside one priority: three bands fit into the 31 bits that the queue orders by."""

_ORDER = (Priority.HIGH, Priority.NORMAL, Priority.LOW)


@dataclass(slots=True)
class _Band:
    served: int = 0
    last: dict[str, int] = field(default_factory=dict[str, int])


class Turns:
    """Hands out turns and is told which were served.

    Someone who comes now takes a turn of the present round, so nobody waits for more than the
    turn that every other user may take before.
    """

    def __init__(self) -> None:
        self._bands = [_Band() for _ in _ORDER]

    def restore(self, taken: Iterable[tuple[str, int]]) -> None:
        """Go on from the turns (user, turn) of tasks that are not over, in any order."""
        first: dict[int, int] = {}
        for user, turn in sorted(taken, key=lambda pair: pair[1]):
            first.setdefault(turn // BAND, turn % BAND)
            self._band_of(turn).last[user] = turn % BAND
        for index, turn in first.items():
            self._bands[index].served = turn - 1

    def next(self, user: str, priority: Priority) -> int:
        """The turn that a task of this user would get now."""
        index = _ORDER.index(priority)
        band = self._bands[index]
        turn = max(band.served, band.last.get(user, 0)) + 1
        return index * BAND + min(turn, BAND - 1)

    def take(self, user: str, turn: int) -> None:
        """The user's task has taken that turn."""
        self._band_of(turn).last[user] = turn % BAND

    def serve(self, turn: int) -> None:
        """The task with that turn begins; who has had no turn since is as good as new."""
        band = self._band_of(turn)
        band.served = max(band.served, turn % BAND)
        band.last = {user: last for user, last in band.last.items() if last > band.served}

    def _band_of(self, turn: int) -> _Band:
        return self._bands[turn // BAND]

"""How a notifier behaves."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifierOptions:
    """`events` are the kinds that targets are told; a callback is told of its task in any case.

    The wait after a failed try is `first_wait_s`, three times that after the next, at most
    `longest_wait_s`, each made up to half longer or shorter at random. `most_waiting` bounds the
    outbox, `most_callbacks` how many tasks' addresses are called at the same time.
    """

    events: frozenset[str] = frozenset()
    attempts: int = 8
    first_wait_s: float = 5.0
    longest_wait_s: float = 3600.0
    most_waiting: int = 10_000
    most_callbacks: int = 8

    def wait_after(self, attempts: int) -> float:
        """Seconds until the next try."""
        wait = min(self.longest_wait_s, self.first_wait_s * 3 ** (attempts - 1))
        # Many deliveries that failed together should not come back together.
        return wait * random.uniform(0.5, 1.5)  # noqa: S311 - no secret

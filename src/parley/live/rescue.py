"""What a session does about errors of workers: go on at once, wait, give a spot up, or end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from parley.errors import (
    EngineBroken,
    EngineFailed,
    OutOfMemory,
    ParleyError,
    StreamLost,
    UnitPoisoned,
    WorkerDied,
    WorkerHung,
    WorkersBusy,
    WorkersExhausted,
)

MOST_STRIKES = 3
"""So often the same audio may cost a worker or an error; then it is to blame."""

MOST_SPOTS = 20
"""A session that lost more of its audio than that costs the others too much."""

WAITS_S = (0.0, 0.1, 0.2, 0.5, 1.0, 2.0)
"""Before the next try, the last one again and again."""

STRIKE_WAIT_S = 0.5
"""Who cost a worker waits longer, so that the others who sat there are where they were before it does so
again."""

_BLOWS = (WorkerDied, WorkerHung, UnitPoisoned, EngineFailed, OutOfMemory)
_HOUSE = (WorkersExhausted, EngineBroken, WorkersBusy)


class SpotLost(Exception):
    """The same audio failed too often; `error` is how it failed last."""

    def __init__(self, error: ParleyError) -> None:
        super().__init__(error.message)
        self.error = error


class Rescue:
    """Counts what goes wrong at one spot of the audio. Each kind of work of a session has its own."""

    def __init__(self, clock: Callable[[], float], patience_s: float) -> None:
        self._clock = clock
        self._patience_s = patience_s
        self._strikes = 0
        self._failures = 0
        self._since = 0.0
        self._spots = 0

    def went_well(self) -> None:
        """There was progress."""
        self._strikes = self._failures = 0

    async def survive(self, error: ParleyError) -> None:
        """Wait before the next try; raises SpotLost, or the error where the session cannot go on.

        That is so when workers were gone for longer than the patience, or would never be there.
        """
        if not isinstance(error, (StreamLost, *_BLOWS, *_HOUSE)):
            raise error
        if not self._failures:
            self._since = self._clock()
        elif self._clock() - self._since > self._patience_s:
            raise error
        self._failures += 1
        if isinstance(error, _BLOWS):
            self._strike(error)
            await asyncio.sleep(STRIKE_WAIT_S * self._strikes)
        else:
            await asyncio.sleep(WAITS_S[min(self._failures, len(WAITS_S)) - 1])

    def _strike(self, error: ParleyError) -> None:
        self._strikes += 1
        if self._strikes < MOST_STRIKES:
            return
        self._spots += 1
        if self._spots > MOST_SPOTS:
            raise error
        self.went_well()
        raise SpotLost(error)


def is_trouble_of_the_seat(error: ParleyError) -> bool:
    """Whether somebody else may sit better elsewhere for a while."""
    return isinstance(error, (*_HOUSE, WorkerDied, WorkerHung))

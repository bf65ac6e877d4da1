"""Finds the largest number that holds, with few trials."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

GROWTH = 1.6
"""Between two trials while nothing has failed: doubling would spend the last one far beyond the limit."""

FINE = 0.08
"""No more is tried when what holds and what does not are so close, as a share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """`holds` is the largest number that was seen to hold, 0 for none; `fails` the least that did not.

    Without `fails` the search ended at its upper bound or for want of trials: more may hold.
    """

    holds: int
    fails: int | None
    trials: int

    @property
    def is_close(self) -> bool:
        """Whether trials with other numbers would say little more."""
        return self.fails is not None and self.fails - self.holds <= max(1, int(self.holds * FINE))


async def largest(
    holds: Callable[[int], Awaitable[bool]], first: int, most: int = 4096, trials: int = 10
) -> Found:
    """Try numbers from `first` on, none twice and `trials` at most; what fails bounds what is tried next.

    More is taken to be harder than less: where a trial says otherwise by chance, the larger number counts.
    """
    best, worst, done = 0, None, 0
    number = min(max(first, 1), most)
    while done < trials:
        done += 1
        if await holds(number):
            best = number
        else:
            worst = number
        found = Found(holds=best, fails=worst, trials=done)
        if found.is_close or best >= most:
            break
        number = _next(best, worst, most)
    return Found(holds=best, fails=worst, trials=done)


def _next(best: int, worst: int | None, most: int) -> int:
    if worst is None:
        return min(most, max(best + 1, round(best * GROWTH)))
    if best == 0:
        return max(1, round(worst / GROWTH)) if worst > 2 else 1
    return (best + worst) // 2

"""The account of a pool: what was lost, replaced and relieved, and whether it may go on so."""

from __future__ import annotations

from collections import deque

from parley.errors import WorkersExhausted
from parley.fleet.budget import RestartBudget
from parley.fleet.limits import FleetLimits

_KEPT_REASONS = 5


class Ledger:
    """Counts since the pool was opened. Told the time, like the budget inside it."""

    def __init__(self, limits: FleetLimits) -> None:
        self._budget = RestartBudget(limits)
        self._reasons: deque[str] = deque(maxlen=_KEPT_REASONS)
        self.unreplaced = 0
        self.restarts = 0
        self.recycled = 0

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the last few workers were lost, oldest first."""
        return tuple(self._reasons)

    def lost(self, now: float, fate: str, *, at_work: bool = False) -> None:
        """A worker was lost; `at_work` over a call, which answers for it (see `poisoned`)."""
        if not at_work:
            self._budget.lost(now)
        self._reasons.append(fate)
        self.unreplaced += 1

    def poisoned(self, now: float) -> None:
        """A call was given up because of the workers it cost."""
        self._budget.poisoned(now)

    def hired(self) -> None:
        """A worker is started, in the place of a lost one if there is one."""
        if self.unreplaced:
            self.unreplaced -= 1
            self.restarts += 1

    def succeeded(self) -> None:
        """A call was completed."""
        self._budget.succeeded()

    def may_start(self, now: float) -> bool:
        """Whether the restart budget leaves room."""
        return not self._budget.is_spent(now)

    def bankruptcy(self, pool: str) -> WorkersExhausted:
        """What callers are told when the budget is spent."""
        last = self._reasons[-1] if self._reasons else "unknown"
        return WorkersExhausted(
            f"The workers of '{pool}' fail again and again (the last one {last}); see the log.",
            detail="\n".join(self._reasons),
        )

    def delay(self, now: float) -> float:
        """Seconds to wait before the next start."""
        return self._budget.delay(now)

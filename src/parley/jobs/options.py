"""What the desk is told by the settings."""

from __future__ import annotations

from dataclasses import dataclass, field

from parley.batch.wish import HouseLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskOptions:
    """Bounds of the queue and patience with its tasks.

    `running` tasks are worked on at once, each with up to `in_flight` units out. More than
    `max_waiting` (of one user: `max_waiting_per_user`) are not admitted. A task from which nothing
    is heard for `silence_s` has stalled. What failed but may succeed is tried `attempts` times, the
    second time after `retry_s` and each further one after twice as long. Finished tasks are
    remembered for `keep_s`. Watchers hear something every `heartbeat_s` at least.
    """

    max_waiting: int = 500
    max_waiting_per_user: int = 500
    running: int = 2
    in_flight: int = 4
    silence_s: float = 900.0
    attempts: int = 3
    retry_s: float = 2.0
    keep_s: float = 30 * 86400.0
    heartbeat_s: float = 8.0
    limits: HouseLimits = field(default_factory=HouseLimits)

"""Where deliveries wait: what the notifier needs of a store that survives a restart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Delivery(Protocol):
    """An event on its way to one target; `payload` is the event as JSON."""

    @property
    def id(self) -> str:
        """Names the delivery."""
        ...

    @property
    def target(self) -> str:
        """Names the target: `webhook`, `apprise:<digest>` or `callback:<address>`."""
        ...

    @property
    def attempts(self) -> int:
        """Tries that failed."""
        ...

    @property
    def payload(self) -> bytes:
        """The event."""
        ...


class Outbox(Protocol):
    """Deliveries that are not done. Every method may raise StorageError."""

    async def put(self, target: str, event: str, payload: bytes, *, most: int) -> int:
        """Add a delivery that is due now; gives how many of the oldest had to go for there to be `most`."""
        ...

    async def due(self, now: float, *, besides: Sequence[str], limit: int) -> Sequence[Delivery]:
        """Deliveries whose time has come, the oldest first, of targets other than `besides`."""
        ...

    async def next_due(self, *, besides: Sequence[str]) -> float | None:
        """When the next delivery to a target other than `besides` is due, None when there is none."""
        ...

    async def postpone(self, delivery_id: str, *, due_at: float, attempts: int) -> None:
        """Try again later."""
        ...

    async def remove(self, delivery_id: str) -> None:
        """It was delivered, or given up."""
        ...

    async def count(self) -> int:
        """How many there are."""
        ...

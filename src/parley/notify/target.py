"""What a target is, and how a try to reach it may fail."""

from __future__ import annotations

from typing import ClassVar, Protocol

from parley.errors import ParleyError
from parley.notify.events import Event


class DeliveryFailed(ParleyError):
    """A target did not take an event; another try may succeed."""

    code: ClassVar[str] = "delivery_failed"
    permanent: ClassVar[bool] = False


class TargetGone(DeliveryFailed):
    """The target will not take it at any other time either."""

    permanent = True


class Target(Protocol):
    """Somebody who is told."""

    @property
    def kind(self) -> str:
        """`webhook`, `apprise` or `callback`: the label of the metric."""
        ...

    async def send(self, event: Event) -> None:
        """Tell it once; raises DeliveryFailed, never takes much longer than its time-out."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...

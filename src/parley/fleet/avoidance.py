"""Devices that are not to be tried for an engine: workers were lost there. Pure: it is told the time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(slots=True, kw_only=True)
class _Avoided:
    until: float
    losses: int = 1


class Avoidance:
    """A device may be tried again after the next of `backoff_s`; the last one lasts."""

    def __init__(self, backoff_s: Sequence[float]) -> None:
        self._backoff_s = backoff_s
        self._avoided: dict[tuple[str, str], _Avoided] = {}

    def lost(self, engine: str, device: str, now: float) -> None:
        """A worker was lost on the device; several that tried it at the same time are one loss."""
        known = self._avoided.setdefault((engine, device), _Avoided(until=now, losses=0))
        if now >= known.until:
            wait_s = self._backoff_s[min(known.losses, len(self._backoff_s) - 1)]
            known.losses += 1
            known.until = now + wait_s

    def mended(self, engine: str, device: str) -> bool:
        """The engine was loaded there; whether that was not to be expected."""
        return self._avoided.pop((engine, device), None) is not None

    def devices(self, engine: str, now: float) -> tuple[str, ...]:
        """Those not to be tried now."""
        return tuple(
            device for (name, device), known in self._avoided.items() if name == engine and now < known.until
        )

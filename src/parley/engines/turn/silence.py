"""Silence ends a turn: as much of it as the client asked for, within bounds."""

from __future__ import annotations

import math

from parley.engines.contract import EngineSpec, Role, Samples

SPEC = EngineSpec(
    name="silence",
    role=Role.TURN,
    factory="parley.engines.turn.silence:Silence",
    revision="silence/1",
    summary="A turn is over after as much silence as was asked for.",
    licence="Apache-2.0",
)

LEAST_S = 0.1
MOST_S = 10.0


class Silence:
    """Waits as long as it was told, whatever was said."""

    def patience(self, samples: Samples, wanted_s: float, language: str | None) -> float:
        """What was asked for, from `LEAST_S` to `MOST_S`."""
        return min(max(wanted_s, LEAST_S), MOST_S) if math.isfinite(wanted_s) else MOST_S

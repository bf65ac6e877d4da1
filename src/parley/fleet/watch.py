"""Decides whether a worker is stuck. Pure: it is told what happened and what time it is."""

from __future__ import annotations

import math

from parley.fleet.limits import FleetLimits

_LOOK_S = 1.0
_MARGIN_S = 0.01


class Watch:
    """The two clocks of one worker: since it was last heard, and since its task last moved."""

    def __init__(self, limits: FleetLimits, now: float) -> None:
        self._limits = limits
        self._heard = now
        self._since = now
        self._allowed_s = math.inf
        self._doing = ""
        self._audio_s = 0.0
        self._done_s = 0.0
        self._beats = False

    def next_look_s(self, now: float) -> float:
        """Seconds until it is worth looking: when something may be overdue, at the latest in a second."""
        silent_s = self._limits.heartbeat_deadline_s - (now - self._heard) if self._beats else math.inf
        due_s = min(self._allowed_s - (now - self._since), silent_s)
        return min(_LOOK_S, max(0.0, due_s) + _MARGIN_S)

    def heard(self, now: float) -> None:
        """A frame came; from the first one on the worker has a heartbeat."""
        self._heard = now
        self._beats = True

    def begin(self, now: float, doing: str, allowed_s: float) -> None:
        """A task begins that must end within `allowed_s`."""
        self._since, self._doing, self._allowed_s = now, doing, allowed_s
        self._audio_s = self._done_s = 0.0

    def begin_call(self, now: float, audio_s: float) -> None:
        """A call on `audio_s` seconds of audio begins."""
        self.begin(now, "working", self._limits.silence_allowed(audio_s))
        self._audio_s = audio_s

    def advance(self, now: float, done_s: float) -> None:
        """The call reports progress; saying the same again does not count."""
        if done_s > self._done_s:
            self._since, self._done_s = now, done_s
            self._allowed_s = self._limits.silence_allowed(self._audio_s - done_s)

    def rest(self) -> None:
        """The worker has nothing to do."""
        self._allowed_s = math.inf

    def looked(self, before: float, now: float, planned_s: float) -> None:
        """A look begun at `before` lasted until `now`; `planned_s` was its longest.

        If it lasted longer, the parent itself was held up, and nobody's silence in that time means
        anything. Held up for long, it may have held up the worker's task from the beginning.
        """
        late_s = now - before - planned_s
        excused_s = now - before if late_s > planned_s else max(0.0, late_s)
        self._heard += excused_s
        self._since += excused_s

    def overdue(self, now: float) -> str | None:
        """What the worker fails to do, as the end of a sentence; None while all is well."""
        if now - self._since > self._allowed_s:
            return f"made no progress for {self._allowed_s:.1f} s while {self._doing}"
        if self._beats and now - self._heard > self._limits.heartbeat_deadline_s:
            return f"gave no sign of life for {self._limits.heartbeat_deadline_s:.1f} s"
        return None

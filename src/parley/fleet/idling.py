"""Sends workers home that had nothing to do for long."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from parley.fleet.shift import Shift, State


class Idling:
    """A timer for each idle worker of an elastic pool, and one for the pool as a whole."""

    def __init__(self, idle_s: float | None, unload_s: float | None) -> None:
        self._idle_s = idle_s
        self._unload_s = unload_s
        self._loop = asyncio.get_running_loop()
        self._timers: dict[Shift, asyncio.TimerHandle] = {}
        self._unloading: asyncio.TimerHandle | None = None

    def rested(self, shift: Shift, send_home: Callable[[Shift], None]) -> None:
        """From now on it has nothing to do, unless it was given a call already."""
        self.stay(shift)
        if self._idle_s is not None and shift.state is State.IDLE:
            self._timers[shift] = self._loop.call_later(self._idle_s, send_home, shift)

    def stay(self, shift: Shift) -> None:
        """It has something to do, or is gone."""
        if (timer := self._timers.pop(shift, None)) is not None:
            timer.cancel()

    def watch(self, *, has_work: bool, unload: Callable[[], None]) -> None:
        """Whether the pool has anything to do; once it had nothing for so long, `unload` is called."""
        if has_work:
            self._stop_unloading()
        elif self._unload_s is not None and self._unloading is None:
            self._unloading = self._loop.call_later(self._unload_s, unload)

    def close(self) -> None:
        """Send nobody home any more."""
        for shift in tuple(self._timers):
            self.stay(shift)
        self._stop_unloading()

    def _stop_unloading(self) -> None:
        if self._unloading is not None:
            self._unloading.cancel()
            self._unloading = None

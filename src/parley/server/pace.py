"""How fast one client may ask: a bucket of tokens for each, in a table that cannot grow without end."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

_MOST_CLIENTS = 10_000


class Pace:
    """Lets `per_minute` requests of each client through, in bursts of as many; 0 means no limit."""

    def __init__(self, per_minute: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str) -> float:
        """Count a request: 0.0 when it is let through, else the seconds after which another one would be."""
        if self._per_minute == 0:
            return 0.0
        now = self._clock()
        rate = self._per_minute / 60.0
        tokens, since = self._buckets.pop(client, (float(self._per_minute), now))
        tokens = min(float(self._per_minute), tokens + (now - since) * rate)
        wait_s = 0.0 if tokens >= 1.0 else (1.0 - tokens) / rate
        self._buckets[client] = (tokens - 1.0 if wait_s == 0.0 else tokens, now)
        while len(self._buckets) > _MOST_CLIENTS:
            # Whoever was not heard for longest has the fullest bucket, and loses least.
            self._buckets.popitem(last=False)
        return wait_s

"""What went wrong lately, for whoever looks at the page: sentences that everybody may read."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from parley.telemetry.redaction import redact

_MOST = 50
_MOST_CHARACTERS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One thing that went wrong, `times` in a row, the last time `at` (seconds since the epoch).

    `code` is one of the error tree, or "notice"; `where` the part of the server.
    """

    at: float
    code: str
    message: str
    where: str
    times: int = 1


class Troubles:
    """The last ones, in memory only. The same again in a row counts and takes no further place."""

    def __init__(self, most: int = _MOST, clock: Callable[[], float] = time.time) -> None:
        self._kept: deque[Trouble] = deque(maxlen=most)
        self._clock = clock

    def note(self, where: str, code: str, message: str) -> None:
        """Remember a sentence; it holds no path, name of a file, or spoken word."""
        new = Trouble(at=self._clock(), code=code, message=redact(message)[:_MOST_CHARACTERS], where=where)
        last = self._kept[-1] if self._kept else None
        if last is not None and (last.where, last.code, last.message) == (where, code, new.message):
            self._kept[-1] = replace(new, times=last.times + 1)
        else:
            self._kept.append(new)

    def recent(self) -> Sequence[Trouble]:
        """The newest first."""
        return tuple(reversed(self._kept))

"""Which engines of a pool cannot be loaded, and when each is tried again. Pure: it is told the time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from parley.errors import EngineBroken, ParleyError, WorkerError, rebuild


@dataclass(slots=True, kw_only=True)
class _Fault:
    error: ParleyError
    until: float
    failures: int


class Faults:
    """Between two tries an engine is refused at once; the waits grow as `backoff_s` says, the last one lasts.

    The loss of a worker counts when it is the last of `attempts` in a row: one alone may be chance.
    """

    def __init__(self, backoff_s: Sequence[float], attempts: int = 2) -> None:
        self._backoff_s = backoff_s
        self._attempts = attempts
        self._faults: dict[str, _Fault] = {}
        self._strikes: dict[str, int] = {}

    def failed(self, engine: str, error: ParleyError, now: float) -> ParleyError:
        """It could not be loaded; what to answer to who wanted it.

        Several workers that tried at the same time have failed once.
        """
        before = self._faults.get(engine)
        told = _told(engine, error)
        self._strikes.pop(engine, None)
        if before is None or now >= before.until:
            failures = before.failures + 1 if before else 1
            wait_s = self._backoff_s[min(failures, len(self._backoff_s)) - 1]
            self._faults[engine] = _Fault(error=told, until=now + wait_s, failures=failures)
        return _copy(told)

    def struck(self, engine: str, error: ParleyError, now: float) -> None:
        """A worker was lost while it loaded the engine."""
        strikes = self._strikes[engine] = self._strikes.get(engine, 0) + 1
        if strikes >= self._attempts or engine in self._faults:
            self.failed(engine, error, now)

    def mended(self, engine: str) -> None:
        """It was loaded."""
        self._faults.pop(engine, None)
        self._strikes.pop(engine, None)

    def refusal(self, engine: str, now: float) -> ParleyError | None:
        """What to answer to who wants the engine; None when it may be tried."""
        fault = self._faults.get(engine)
        if fault is None or now >= fault.until:
            return None
        return _copy(fault.error)

    @property
    def reasons(self) -> Mapping[str, str]:
        """Why engines are broken, until they have been loaded again."""
        return {engine: fault.error.message for engine, fault in self._faults.items()}


def _copy(error: ParleyError) -> ParleyError:
    """One object for each: an exception gathers the traceback of whoever raises it."""
    return rebuild(error.code, error.message, error.detail)


def _told(engine: str, error: ParleyError) -> ParleyError:
    """A failure of a worker here is no failure of a unit of work, which others might survive."""
    if not isinstance(error, WorkerError) or isinstance(error, EngineBroken):
        return error
    return EngineBroken(
        f"The engine '{engine}' could not be loaded, which is tried again later: {error.message}",
        detail=error.detail,
    )

"""Which task or session the running code works for, so that log lines can say it."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar

_trace: ContextVar[str] = ContextVar("parley_trace", default="")


def current_trace() -> str:
    """The id of the task or session, "" where there is none."""
    return _trace.get()


@contextmanager
def tracing(trace_id: str) -> Generator[None, None, None]:
    """Log lines from inside, and from tasks and threads begun there, carry the id."""
    token = _trace.set(trace_id)
    try:
        yield
    finally:
        _trace.reset(token)

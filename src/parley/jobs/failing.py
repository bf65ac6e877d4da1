"""What goes wrong with a task, in the words of the protocol."""

from __future__ import annotations

from parley.errors import (
    EngineFailed,
    InputError,
    JobCancelled,
    JobStalled,
    OutOfMemory,
    ParleyError,
    ProfileError,
    UnitPoisoned,
    WorkerError,
    WorkerHung,
)
from parley.jobs.task import ErrorType, Failure

_KINDS: tuple[tuple[tuple[type[ParleyError], ...], ErrorType], ...] = (
    ((JobCancelled,), ErrorType.CANCELLED),
    ((WorkerHung, JobStalled), ErrorType.TIMEOUT),
    ((EngineFailed, OutOfMemory, UnitPoisoned, ProfileError), ErrorType.MODEL),
    ((WorkerError,), ErrorType.WORKER),
    ((InputError,), ErrorType.AUDIO),
)


def failure_of(error: ParleyError) -> Failure:
    """Code, kind and sentence of an error, by its class."""
    kind = next((kind for classes, kind in _KINDS if isinstance(error, classes)), ErrorType.INTERNAL)
    return Failure(code=error.code, kind=kind, message=error.message)


def unforeseen(trace: str) -> Failure:
    """What is told of an exception that nobody expected; the log has the rest."""
    return Failure(
        code="internal_error",
        kind=ErrorType.INTERNAL,
        message=f"An unforeseen error ended this task; the server's log has more under {trace}.",
    )


CANCELLED = Failure(code=JobCancelled.code, kind=ErrorType.CANCELLED, message="The task was cancelled.")

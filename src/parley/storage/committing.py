"""Several writes in one transaction: the disk is flushed once for all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Engine

from parley.storage.failures import storage_errors

_T = TypeVar("_T")

MOST_TOGETHER = 64
"""A transaction should not keep other processes waiting for long."""


@dataclass(slots=True, eq=False)
class Write(Generic[_T]):
    """Something to write, and where its result is awaited; nobody may wait any more."""

    work: Callable[[Connection], _T]
    engine: Engine
    answer: Future[_T] = field(default_factory=Future[_T])


def commit(writes: Sequence[Write[Any]]) -> None:
    """Commit writes of one engine together, and each alone where that fails. Raises nothing."""
    asked = [write for write in writes if write.answer.set_running_or_notify_cancel()]
    if len(asked) > 1 and _commit_together(asked):
        return
    for write in asked:
        _commit_alone(write)


def _commit_together(writes: Sequence[Write[Any]]) -> bool:
    """Whether it worked; what raised is told, the others have their results."""
    try:
        with writes[0].engine.begin() as connection:
            outcomes = [_try(write, connection) for write in writes]
    except Exception:  # noqa: BLE001 - whatever it is, each one is told its own misfortune
        return False
    for write, (result, error) in zip(writes, outcomes, strict=True):
        _settle(write, result, error)
    return True


def _try(write: Write[Any], connection: Connection) -> tuple[Any, BaseException | None]:
    """Run one write inside the transaction; what it wrote before it raised is taken back.

    Where even that cannot be done (SQLite has ended the transaction: disk full), this raises.
    """
    saved = connection.begin_nested()
    try:
        with storage_errors():
            result = write.work(connection)
    except Exception as error:  # noqa: BLE001 - handed to whoever asked for the write
        saved.rollback()
        return None, error
    saved.commit()
    return result, None


def _commit_alone(write: Write[Any]) -> None:
    try:
        with storage_errors(), write.engine.begin() as connection:
            result = write.work(connection)
    except Exception as error:  # noqa: BLE001 - handed to whoever asked for the write
        _settle(write, None, error)
    else:
        _settle(write, result, None)


def _settle(write: Write[Any], result: Any, error: BaseException | None) -> None:
    if error is None:
        write.answer.set_result(result)
    else:
        write.answer.set_exception(error)

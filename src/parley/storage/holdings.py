"""The rows behind leases: who holds what, and the atomic statements that change it."""

from __future__ import annotations

import time
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Delete, Update, delete, select, true, update
from sqlalchemy.dialects.sqlite import insert

from parley.storage.processes import ProcessMark, this_process
from parley.storage.tables import LeaseRow

ABANDONED_S = 3600.0
"""A process that exists but has not renewed for so long (asleep, or its release failed) protects
nothing any more. Much longer than a lease lasts, because what it protected is deleted then."""

_LEASES = select(
    LeaseRow.name,
    LeaseRow.owner,
    LeaseRow.host,
    LeaseRow.pid,
    LeaseRow.process_started,
    LeaseRow.renewed_at,
    LeaseRow.expires_at,
)


@dataclass(frozen=True, slots=True)
class Holding:
    """A lease as another process sees it."""

    owner: str
    process: ProcessMark
    renewed_at: float
    expires_at: float

    def is_takeable(self) -> bool:
        """Whether its owner is gone or has not renewed it in time."""
        return self.expires_at < time.time() or self.process.is_gone()

    def is_abandoned(self) -> bool:
        """Whether what it protects may be deleted."""
        return self.expires_at + ABANDONED_S < time.time() or self.process.is_gone()


def look(connection: Connection, name: str) -> Holding | None:
    """Who holds `name`."""
    return _holdings(connection, LeaseRow.name == name).get(name)


def claim(connection: Connection, name: str, owner: str, ttl_s: float, seen: Holding | None) -> bool:
    """Take `name` if nothing has changed since it was `seen`; whether that worked."""
    process = this_process()
    marks = {"host": process.host, "pid": process.pid, "process_started": process.started}
    values = {"owner": owner, **marks, **_times(ttl_s)}
    if seen is None:
        fresh = insert(LeaseRow).values(name=name, **values).on_conflict_do_nothing()
        return connection.execute(fresh).rowcount == 1
    unchanged = _owned(name, seen.owner) & (LeaseRow.renewed_at == seen.renewed_at)
    return _changes(connection, update(LeaseRow).where(unchanged).values(**values))


def renew(connection: Connection, name: str, owner: str, ttl_s: float) -> bool:
    """Extend a lease; False if it is no longer the owner's."""
    return _changes(connection, update(LeaseRow).where(_owned(name, owner)).values(**_times(ttl_s)))


def release(connection: Connection, name: str, owner: str) -> bool:
    """Give a lease back; False if it was no longer the owner's."""
    return _changes(connection, delete(LeaseRow).where(_owned(name, owner)))


def protected(connection: Connection, prefix: str) -> set[str]:
    """What the living hold under names that begin with `prefix`, without it."""
    held = _holdings(connection, LeaseRow.name.startswith(prefix, autoescape=True))
    return {name.removeprefix(prefix) for name, seen in held.items() if not seen.is_abandoned()}


def forget_abandoned(connection: Connection) -> None:
    """Delete the rows of processes that have gone."""
    for name, seen in _holdings(connection, true()).items():
        if seen.is_abandoned():
            release(connection, name, seen.owner)


def _holdings(connection: Connection, chosen: ColumnElement[bool]) -> dict[str, Holding]:
    rows = connection.execute(_LEASES.where(chosen)).all()
    return {
        name: Holding(owner, ProcessMark(host, pid, started), renewed_at, expires_at)
        for name, owner, host, pid, started, renewed_at, expires_at in rows
    }


def _owned(name: str, owner: str) -> ColumnElement[bool]:
    return (LeaseRow.name == name) & (LeaseRow.owner == owner)


def _times(ttl_s: float) -> dict[str, float]:
    now = time.time()
    return {"renewed_at": now, "expires_at": now + ttl_s}


def _changes(connection: Connection, statement: Update | Delete) -> bool:
    return connection.execute(statement).rowcount == 1

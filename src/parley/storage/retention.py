"""What is forgotten, and when.

Transcripts and the units of each (work, stage) are entries of one list ordered by last use. An
entry nobody has used for `max_age_s` goes; then the least recently used go until the rest fits
into `max_bytes`. Results of tasks that are remembered stay with them. Units are not tied to
transcripts: several transcripts are made from the same units, a lost entry only costs doing its
part again, and whatever is in use has just been used.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

from sqlalchemy import Connection, delete, select

from parley.storage.database import Database
from parley.storage.tables import TranscriptRow, UnitRow, WorkRow
from parley.storage.tasks import is_referenced

# Small transactions (16 MB are deleted in 0.2 s on a virtual disk): other processes wait for each
# of them with results in their hands.
_BYTES_AT_ONCE = 16_000_000
_PAGES_AT_ONCE = 4000  # of 4 KiB


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that can be forgotten: a transcript (no stage) or the units of a work and stage."""

    key: str
    stage: str | None
    size_bytes: int
    accessed_at: float


async def forget_least_recent(database: Database, *, max_bytes: int, max_age_s: float) -> int:
    """Forget what is old, then what is too much; payload bytes given up. Raises StorageError."""
    entries = await database.read(_entries)
    victims = choose_victims(entries, max_bytes=max_bytes, oldest=time.time() - max_age_s)
    freed = 0
    for some in _portions(victims, _BYTES_AT_ONCE):
        # A power cut may bring some of them back: they are forgotten another time.
        freed += await database.write(
            lambda connection, some=some: _forget(connection, some), survives_power_cut=False
        )
    if freed:
        while await database.write(_give_back_pages, survives_power_cut=False, alone=True):
            pass
    return freed


def choose_victims(entries: Iterable[Entry], *, max_bytes: int, oldest: float) -> list[Entry]:
    """What was last used before `oldest`, then what is too much; least recently used first."""
    by_use = sorted(entries, key=lambda entry: entry.accessed_at)
    excess = sum(entry.size_bytes for entry in by_use) - max_bytes
    victims: list[Entry] = []
    for entry in by_use:
        if entry.accessed_at >= oldest and excess <= 0:
            break
        victims.append(entry)
        excess -= entry.size_bytes
    return victims


def _entries(connection: Connection) -> list[Entry]:
    works = select(WorkRow.work, WorkRow.stage, WorkRow.size_bytes, WorkRow.accessed_at)
    transcripts = select(TranscriptRow.key, TranscriptRow.size_bytes, TranscriptRow.accessed_at)
    transcripts = transcripts.where(~is_referenced())
    found = [Entry(*row) for row in connection.execute(works).all()]
    found += [Entry(key, None, size, used) for key, size, used in connection.execute(transcripts).all()]
    return found


def _forget(connection: Connection, entries: Sequence[Entry]) -> int:
    return sum(entry.size_bytes for entry in entries if _forget_one(connection, entry))


def _forget_one(connection: Connection, entry: Entry) -> bool:
    """Forget an entry unless it was used since the list was made."""
    if entry.stage is None:
        unused = (
            TranscriptRow.key == entry.key,
            TranscriptRow.accessed_at == entry.accessed_at,
            ~is_referenced(),
        )
        return connection.execute(delete(TranscriptRow).where(*unused)).rowcount == 1
    unused = (
        WorkRow.work == entry.key,
        WorkRow.stage == entry.stage,
        WorkRow.accessed_at == entry.accessed_at,
    )
    if connection.execute(delete(WorkRow).where(*unused)).rowcount == 0:
        return False
    connection.execute(delete(UnitRow).where(UnitRow.work == entry.key, UnitRow.stage == entry.stage))
    return True


def _give_back_pages(connection: Connection) -> bool:
    """Return some free pages to the file system; whether that helped and there are more."""
    before = _free_pages(connection)
    with closing(connection.connection.cursor()) as cursor:
        # SQLite frees a page per step. Of Python's calls only this one takes every step of a statement
        # without columns; it ends the transaction first, and the statement is one of its own.
        cursor.executescript(f"PRAGMA incremental_vacuum({_PAGES_AT_ONCE})")
    return 0 < _free_pages(connection) < before


def _free_pages(connection: Connection) -> int:
    return connection.exec_driver_sql("PRAGMA freelist_count").scalar() or 0


def _portions(entries: Iterable[Entry], size_bytes: int) -> Iterator[list[Entry]]:
    """Runs of entries that take `size_bytes` together, or little more."""
    some: list[Entry] = []
    size = 0
    for entry in entries:
        some.append(entry)
        size += entry.size_bytes
        if size >= size_bytes:
            yield some
            some, size = [], 0
    if some:
        yield some

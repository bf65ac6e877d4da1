"""What uploads and recordings may take: places, and bytes by their declared sizes."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from parley.errors import DiskBudgetSpent, TooManySessions
from parley.storage.tables import RecordingRow, UploadRow

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadLimits:
    """How many uploads may be open, and what they and the recordings may take on the disk."""

    max_open: int
    max_open_per_user: int
    disk_bytes: int


def bytes_reserved(connection: Connection) -> int:
    """Bytes of the recordings and copies that are here and of the uploads that may still become any."""
    # The bytes of an upload with a digest are a recording's already.
    coming = select(func.coalesce(func.sum(UploadRow.size_bytes), 0)).where(UploadRow.sha256.is_(None))
    here = select(func.coalesce(func.sum(RecordingRow.size_bytes), 0)).where(RecordingRow.present)
    copies = select(func.coalesce(func.sum(RecordingRow.compact_bytes), 0))
    return sum(connection.execute(rows).scalar_one() for rows in (coming, here, copies))


def require_place(connection: Connection, user: str, limits: UploadLimits) -> None:
    """Raise TooManySessions when the user, or everybody, has as many uploads open as may be."""
    everybody = connection.execute(select(func.count()).select_from(UploadRow)).scalar_one()
    own = connection.execute(
        select(func.count()).select_from(UploadRow).where(UploadRow.user == user)
    ).scalar_one()
    if own >= limits.max_open_per_user:
        raise TooManySessions(f"You have {own} uploads open; finish or cancel one of them first.")
    if everybody >= limits.max_open:
        raise TooManySessions("The server has as many uploads open as it can take; try again in a minute.")


def require_space(connection: Connection, size_bytes: int, disk_bytes: int) -> None:
    """Raise DiskBudgetSpent when so many more bytes do not fit."""
    free = max(0, disk_bytes - bytes_reserved(connection))
    if size_bytes > free:
        raise DiskBudgetSpent(
            f"The recording takes {_mib(size_bytes)} MiB and the server has {_mib(free)} MiB left for "
            "uploads; try again when other tasks are done."
        )


def _mib(size_bytes: int) -> str:
    return f"{size_bytes / _MIB:.1f}"

"""What uploads and recordings take of the disk, by their declared sizes."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from parley.storage.tables import RecordingRow, UploadRow


def bytes_reserved(connection: Connection) -> int:
    """Bytes of the recordings that are here and of the uploads that may still become any."""
    # The bytes of an upload with a digest are a recording's already.
    coming = select(func.coalesce(func.sum(UploadRow.size_bytes), 0)).where(UploadRow.sha256.is_(None))
    here = select(func.coalesce(func.sum(RecordingRow.size_bytes), 0)).where(RecordingRow.present)
    return connection.execute(coming).scalar_one() + connection.execute(here).scalar_one()

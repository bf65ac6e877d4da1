"""Reads the cache of a first-generation server, `transcription_cache.db`, without touching it."""

from __future__ import annotations

import re
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from parley.errors import FileNotFound, InputError
from parley.storage.first_generation_results import NotReadable, read_result
from parley.storage.imports import Imported

_MD5 = re.compile(r"[0-9a-f]{32}")
_COLUMNS = "file_hash, file_name, result, raw_result, duration, processing_time, engine, created_at"


def read_cache(path: Path) -> Iterator[Imported | None]:
    """Each row as a transcript, None for one that makes no sense. Blocks; one thread at a time.

    Raises FileNotFound, InputError for a file that is no such cache.
    """
    if not path.is_file():
        raise FileNotFound(f"There is no file '{path.name}'.")
    try:
        with _opened(path) as connection:
            for row in connection.execute(f"SELECT {_COLUMNS} FROM transcription_cache"):  # noqa: S608
                yield _read(dict(row))
    except sqlite3.DatabaseError as error:
        raise InputError(
            f"'{path.name}' is no transcription cache of a first-generation server, or it is damaged.",
            detail=str(error),
        ) from error


@contextmanager
def _opened(path: Path) -> Generator[sqlite3.Connection, None, None]:
    """The file as it is now. What its log holds is read from a copy: SQLite would write beside it."""
    log = path.with_name(f"{path.name}-wal")
    with tempfile.TemporaryDirectory(prefix="parley-") as folder:
        source = path.resolve()
        if log.is_file() and log.stat().st_size:
            source = Path(folder) / "cache.db"
            shutil.copyfile(path, source)
            shutil.copyfile(log, Path(folder) / "cache.db-wal")
            uri = source.as_uri()
        else:
            uri = f"{source.as_uri()}?immutable=1"
        with closing(sqlite3.connect(uri, uri=True, check_same_thread=False)) as connection:
            connection.row_factory = sqlite3.Row
            # A row may hold bytes that are no UTF-8; that row alone is the worse for it.
            connection.text_factory = _text
            yield connection


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _read(row: dict[str, Any]) -> Imported | None:
    md5 = str(row["file_hash"] or "").strip().lower()
    if not _MD5.fullmatch(md5):
        return None
    try:
        transcript, is_whole = read_result(row["result"], row["raw_result"], _seconds(row["duration"]))
    except NotReadable:
        return None
    return Imported(
        md5=md5,
        profile=str(row["engine"] or ""),
        file_name=str(row["file_name"] or ""),
        processing_s=_seconds(row["processing_time"]) or 0.0,
        created_at=_moment(row["created_at"]),
        transcript=transcript,
        is_whole=is_whole,
    )


def _seconds(value: Any) -> float | None:
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        return None
    return seconds if 0 <= seconds < 1e8 else None


def _moment(value: Any) -> float:
    """Seconds since the epoch; the old server wrote ISO 8601, with or without a zone, or a number."""
    if isinstance(value, int | float) and 0 <= value < 1e11:
        return float(value)
    try:
        moment = datetime.fromisoformat(str(value))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return time.time()

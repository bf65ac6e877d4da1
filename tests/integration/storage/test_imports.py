"""The cache of a first-generation server, taken over."""

from __future__ import annotations

import asyncio
import hashlib
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from parley.cli.commands import app
from parley.errors import FileNotFound, InputError
from parley.storage.first_generation import read_cache
from parley.storage.imports import Imported
from parley.storage.store import Store

TABLE = """CREATE TABLE transcription_cache (file_hash TEXT, file_name TEXT, result TEXT, raw_result TEXT,
 duration REAL, processing_time REAL, engine TEXT, created_at TEXT, accessed_at TEXT)"""
SRT = "1\n00:00:00,000 --> 00:00:01,000\nSpeaker1:hello\n"


def md5(name: str) -> str:
    return hashlib.md5(name.encode()).hexdigest()


def result(text: str) -> str:
    return json.dumps(
        {"segments": [{"start_time": 0.0, "end_time": 1.0, "text": text, "speaker": "Speaker1"}]}
    )


def row(name: str, stored: Any, engine: str | None = "paraformer", **other: Any) -> tuple[Any, ...]:
    fields = {
        "hash": md5(name).upper(),
        "raw": None,
        "duration": 5.0,
        "created": "2024-05-01 12:00:00",
    } | other
    return (
        fields["hash"], f"{name}.m4a", stored, fields["raw"], fields["duration"], 2.5, engine,
        fields["created"], None,
    )  # fmt: skip


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "old" / "transcription_cache.db"
    path.parent.mkdir()
    with sqlite3.connect(path) as connection:
        connection.execute(TABLE)
        connection.executemany(
            "INSERT INTO transcription_cache VALUES (?,?,?,?,?,?,?,?,?)",
            [
                row("one", result("one")),
                row("two", SRT, engine=None),
                row("both", SRT),
                row("both", result("better")),
                row("both", SRT),
                row("broken", "{"),
                row("unnamed", result("x"), hash="../../etc/passwd"),
                row("odd", result("odd"), duration="long", created="yesterday"),
                row("bytes", b"\xff\xfe"),
            ],
        )
    connection.close()
    yield path


def snapshot(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def parley(*arguments: str) -> str:
    outcome = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert outcome.exit_code == 0, outcome.output
    return outcome.output


def find(data_dir: Path, name: str, profile: str | None = None) -> Imported | None:
    async def main() -> Imported | None:
        store = await Store.open(data_dir)
        try:
            return await store.imports.find(md5(name), profile)
        finally:
            await store.close()

    return asyncio.run(main())


def test_a_cache_is_taken_over_once_and_never_touched(cache: Path, data_dir: Path) -> None:
    before = snapshot(cache.parent)
    told = parley("cache", "import", str(cache), "--data-dir", str(data_dir))
    assert "4 transcripts were taken over; 2 were known, 3 rows could not be read." in told
    again = parley("cache", "import", str(cache), "--data-dir", str(data_dir))
    assert "0 transcripts were taken over; 6 were known, 3 rows could not be read." in again
    assert snapshot(cache.parent) == before
    assert "imported     4" in parley("cache", "show", "--data-dir", str(data_dir))


def test_what_was_taken_over_is_found_by_md5_and_engine(cache: Path, data_dir: Path) -> None:
    parley("cache", "import", str(cache), "--data-dir", str(data_dir))
    found = find(data_dir, "one", "paraformer")
    assert found is not None
    assert found.transcript.text == "one"
    assert (found.file_name, found.processing_s, found.created_at) == ("one.m4a", 2.5, 1714564800.0)
    assert find(data_dir, "one") == found
    assert find(data_dir, "one", "other") is None
    assert find(data_dir, "nobody") is None
    two = find(data_dir, "two")
    assert two is not None
    assert (two.profile, two.transcript.text) == ("", "hello")


def test_subtitles_never_replace_data(cache: Path, data_dir: Path) -> None:
    parley("cache", "import", str(cache), "--data-dir", str(data_dir))
    found = find(data_dir, "both")
    assert found is not None
    assert found.transcript.text == "better"


def test_what_stands_in_the_write_ahead_log_is_read_too(cache: Path) -> None:
    writer = sqlite3.connect(cache)
    writer.execute("PRAGMA journal_mode=WAL")
    writer.execute("INSERT INTO transcription_cache VALUES (?,?,?,?,?,?,?,?,?)", row("late", result("late")))
    writer.commit()
    before = snapshot(cache.parent)
    found = [each for each in read_cache(cache) if each is not None]
    assert "late" in {each.transcript.text for each in found}
    assert snapshot(cache.parent) == before
    writer.close()


@pytest.mark.parametrize("content", [b"", b"no database at all, but long enough to look at" * 100])
def test_another_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.db"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"'other\.db' is no transcription cache"):
        list(read_cache(path))
    assert path.read_bytes() == content
    with pytest.raises(FileNotFound):
        list(read_cache(tmp_path / "nowhere.db"))


def test_what_is_remembered_can_be_forgotten(data_dir: Path) -> None:
    async def fill() -> None:
        store = await Store.open(data_dir)
        await store.units.put("w", "recognise", 0, b"x" * 1000)
        await store.close()

    asyncio.run(fill())
    parley("cache", "clear", "--yes", "--data-dir", str(data_dir))
    assert "units        0.0 MiB" in parley("cache", "show", "--data-dir", str(data_dir))

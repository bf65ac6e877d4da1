"""Making, upgrading and refusing data directories."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from parley.errors import StorageError, StoreBroken
from parley.storage.store import DATABASE, Store
from parley.storage.tables import HEAD_REVISION, Row
from parley.storage.upgrade import MIGRATIONS
from tests.integration.storage.conftest import Start


def open_once(data_dir: Path) -> None:
    async def main() -> None:
        store = await Store.open(data_dir)
        await store.close()

    asyncio.run(main())


def change(data_dir: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(data_dir / "parley.db")) as connection, connection:
        connection.execute(statement, values)


def refusal(data_dir: Path, kind: type[StorageError]) -> str:
    """The sentence a user sees; it names no path."""
    with pytest.raises(kind) as caught:
        open_once(data_dir)
    assert type(caught.value) is kind
    assert str(data_dir) not in caught.value.message + caught.value.detail
    return caught.value.message


def test_a_fresh_directory_is_private(data_dir: Path) -> None:
    open_once(data_dir / "with % and spaces" / "deeper")
    folder = data_dir / "with % and spaces" / "deeper"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "parley.db").stat().st_mode) == 0o600


def test_the_file_is_laid_out_for_many_processes_and_for_giving_space_back(data_dir: Path) -> None:
    open_once(data_dir)
    with closing(sqlite3.connect(data_dir / "parley.db")) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA auto_vacuum").fetchone() == (2,)  # incremental


def test_models_and_migrations_agree(data_dir: Path) -> None:
    open_once(data_dir)
    with create_engine(f"sqlite:///{data_dir / 'parley.db'}").connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Row.metadata) == []


def test_revisions_are_numbered_in_order() -> None:
    configuration = Config()
    configuration.set_main_option("script_location", str(MIGRATIONS))
    scripts = ScriptDirectory.from_config(configuration)
    revisions = [script.revision for script in scripts.walk_revisions()][::-1]
    assert revisions == [f"{number:04}" for number in range(1, len(revisions) + 1)]
    assert revisions[-1] == HEAD_REVISION


def test_opening_again_is_fast_and_needs_no_alembic(data_dir: Path, start: Start) -> None:
    open_once(data_dir)
    child = start("reopen", data_dir)
    median_ms, imported = float(child.line()), child.line()
    print(f"opening takes {median_ms:.1f} ms")
    assert median_ms < 30
    assert imported == "False"


def test_five_processes_open_a_fresh_directory_at_once(data_dir: Path, start: Start) -> None:
    together = time.time() + 2.5
    children = [start("open_and_put", data_dir, unit, together) for unit in range(5)]
    for child in children:
        child.finish()

    async def main() -> set[int]:
        store = await Store.open(data_dir)
        try:
            return set(await store.units.get("work", "stage"))
        finally:
            await store.close()

    assert asyncio.run(main()) == set(range(5))


def test_a_database_of_a_newer_parley_is_refused(data_dir: Path) -> None:
    open_once(data_dir)
    change(data_dir, "UPDATE alembic_version SET version_num = ?", f"{int(HEAD_REVISION) + 1:04}")
    assert "newer Parley" in refusal(data_dir, StoreBroken)


def test_a_database_of_another_program_is_refused(data_dir: Path) -> None:
    open_once(data_dir)
    change(data_dir, "UPDATE alembic_version SET version_num = 'd1fe3ab5'")
    assert "not made by Parley" in refusal(data_dir, StoreBroken)


def test_what_is_no_database_is_refused_with_advice(data_dir: Path) -> None:
    data_dir.mkdir()
    (data_dir / "parley.db").write_bytes(b"these are not the bytes you are looking for " * 100)
    assert "move parley.db" in refusal(data_dir, StoreBroken)


def test_a_damaged_page_is_reported_when_it_is_read(data_dir: Path) -> None:
    async def main() -> None:
        store = await Store.open(data_dir)
        try:
            await store.units.get("work", "stage")
        finally:
            await store.close()

    open_once(data_dir)
    path = data_dir / "parley.db"
    pages = bytearray(path.read_bytes())
    pages[3 * 4096 :] = os.urandom(len(pages) - 3 * 4096)
    path.write_bytes(pages)
    with pytest.raises(StoreBroken, match="damaged"):
        asyncio.run(main())


def test_a_failed_upgrade_leaves_the_database_as_it_was(data_dir: Path) -> None:
    data_dir.mkdir()
    # The last table that the migration makes.
    change(data_dir, "CREATE TABLE leases (mine)")
    refusal(data_dir, StorageError)
    with closing(sqlite3.connect(data_dir / "parley.db")) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    assert tables == [("leases",)]


def test_a_file_in_the_place_of_the_directory(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    assert "cannot be written" in refusal(tmp_path / "data", StorageError)


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of folders mean something else there")
def test_a_read_only_directory(mount: Callable[[str], Path], data_dir: Path) -> None:
    if os.geteuid():
        data_dir.mkdir(mode=0o500)
        assert "cannot be written" in refusal(data_dir, StorageError)
    else:  # root writes wherever the file system lets it
        assert "cannot be written" in refusal(mount("ro") / "data", StorageError)


def test_a_folder_with_other_things_in_it_is_refused_and_left_alone(data_dir: Path) -> None:
    strange = data_dir / "incoming" / "interview.flac"
    strange.parent.mkdir(parents=True)
    strange.write_bytes(b"mine")
    assert "holds other files" in refusal(data_dir, StorageError)
    assert sorted(path.name for path in data_dir.rglob("*")) == ["incoming", "interview.flac"]


def test_models_may_come_before_the_first_recording(data_dir: Path) -> None:
    (data_dir / "models" / "tiny").mkdir(parents=True)
    (data_dir / "environments").mkdir()
    open_once(data_dir)


def test_a_damaged_database_can_be_moved_away_as_its_owner_is_told(data_dir: Path) -> None:
    open_once(data_dir)
    (data_dir / "recordings").mkdir()
    (data_dir / DATABASE).write_bytes(b"nonsense" * 1000)
    for suffix in ("-wal", "-shm"):
        (data_dir / f"{DATABASE}{suffix}").unlink(missing_ok=True)
    assert "move parley.db" in refusal(data_dir, StoreBroken)
    for file in data_dir.glob(f"{DATABASE}*"):
        file.rename(data_dir.parent / file.name)
    open_once(data_dir)


def test_tidying_leaves_strangers_alone(data_dir: Path) -> None:
    open_once(data_dir)
    recording, session = data_dir / "incoming" / "interview.flac", data_dir / "pcm" / "session1" / "a.flac"
    for path in (recording, session):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"mine")

    async def tidy() -> None:
        store = await Store.open(data_dir)
        await store.tidy(pcm_bytes=0, cache_bytes=0, cache_age_s=0)
        await store.close()

    asyncio.run(tidy())
    assert recording.exists()
    assert session.exists()

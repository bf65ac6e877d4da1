"""Voices to speak with that users have added: rows, and a folder of files for each.

data_dir/voices/<id>/reference.wav  what the voice was learnt from, at its engine's rate
data_dir/voices/<id>/preview.wav    a sentence in it, made when somebody first asks
data_dir/previews/<key>.wav         the same of voices that come with engines
"""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects.sqlite import insert

from parley.errors import InvalidOption, ParleyError
from parley.storage import upload_files
from parley.storage.database import Database
from parley.storage.failures import storage_errors
from parley.storage.tables import LibraryVoiceRow
from parley.storage.tokens import is_token, new_token

REFERENCE, PREVIEW = "reference.wav", "preview.wav"

MOST_PREVIEWS = 500
"""Previews of voices that come with engines, the latest: 100 KB each."""

_DRAFT = ".draft-"

_ABANDONED_S = 3600.0
"""A folder that no row knows may belong to somebody who is about to write the row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptVoice:
    """A voice of the library. `kind` is "cloned" or "designed", `design` its description where it has no
    recording; `language` is a code or "". `revision` is that of the engine it was added for. Times are
    seconds since the epoch; `consent_at` is when somebody declared that the speaker agrees."""

    voice_id: str
    user: str
    name: str
    kind: str
    engine: str
    model: str
    revision: str
    language: str
    transcript: str = ""
    design: str = ""
    instruct: str = ""
    consent_at: float | None = None
    created_at: float = 0.0


_COLUMNS = tuple(
    column for column in LibraryVoiceRow.__table__.columns if column.name not in ("prompt", "prompt_revision")
)


class VoiceShelf:
    """A voice is its user's only: for everybody else it does not exist. Every method may raise StorageError
    or DiskFull.
    """

    def __init__(self, folder: Path, previews: Path, database: Database) -> None:
        self._folder = folder
        self._previews = previews
        self._database = database

    async def list(self, user: str) -> list[KeptVoice]:
        """Those of a user, the oldest first."""
        rows = select(*_COLUMNS).where(LibraryVoiceRow.user == user)
        rows = rows.order_by(LibraryVoiceRow.created_at, LibraryVoiceRow.id)
        found = await self._database.read(lambda connection: connection.execute(rows).mappings().all())
        return [_kept(dict(row)) for row in found]

    async def require_place(self, user: str, name: str, most: int) -> None:
        """Raises InvalidOption where the user has `most` voices already, or one of that name."""
        await self._database.read(lambda connection: _require_place(connection, user, name, most))

    async def add(
        self, voice: KeptVoice, most: int, reference: bytes = b"", prompt: bytes = b"", revision: str = ""
    ) -> KeptVoice:
        """Keep a voice under a new id, with the WAV file it was learnt from and what its engine made of that.

        Whole or not at all: what a crash leaves is a folder that nobody knows, which is swept. Raises
        InvalidOption as `require_place` does.
        """
        token = new_token()
        await asyncio.to_thread(self._write_folder, token, reference)
        values = _row(voice) | {"id": token, "created_at": voice.created_at or time.time()}
        row = insert(LibraryVoiceRow).values(**values, prompt=prompt, prompt_revision=revision)

        def write(connection: Connection) -> None:
            _require_place(connection, voice.user, voice.name, most)
            connection.execute(row)

        try:
            await self._database.write(write)
        except ParleyError:
            # Not where the caller gives up: the row may come to be all the same, and the sweep knows.
            await asyncio.to_thread(shutil.rmtree, self._folder / token, ignore_errors=True)
            raise
        return _kept(values)

    async def remove(self, user: str, voice_id: str) -> bool:
        """Forget a voice and its files; False where the user has none of that id."""
        rows = delete(LibraryVoiceRow).where(LibraryVoiceRow.user == user, LibraryVoiceRow.id == voice_id)
        if not await self._database.write(lambda connection: connection.execute(rows).rowcount):
            return False
        # What stays because of a crash, or because somebody reads it, is swept.
        await asyncio.to_thread(shutil.rmtree, self._folder / voice_id, ignore_errors=True)
        return True

    async def prompt(self, voice_id: str) -> tuple[bytes, str]:
        """What the engine made of the recording, and the engine's revision; empty where there is none."""
        rows = select(LibraryVoiceRow.prompt, LibraryVoiceRow.prompt_revision)
        rows = rows.where(LibraryVoiceRow.id == voice_id)
        found = await self._database.read(lambda connection: connection.execute(rows).first())
        return (found.prompt, found.prompt_revision) if found else (b"", "")

    async def keep_prompt(self, voice_id: str, prompt: bytes, revision: str) -> None:
        """Remember what the engine made, in the place of what an earlier revision made."""
        row = update(LibraryVoiceRow).where(LibraryVoiceRow.id == voice_id)
        row = row.values(prompt=prompt, prompt_revision=revision)
        await self._database.write(lambda connection: connection.execute(row))

    async def reference(self, voice_id: str) -> bytes | None:
        """The WAV file a voice was learnt from, None where it is gone."""
        return await asyncio.to_thread(_read, self._folder / voice_id / REFERENCE)

    def preview_path(self, key: str, voice_id: str | None) -> Path:
        """Where the preview of a voice lies, of one from the library in its folder."""
        return self._previews / f"{key}.wav" if voice_id is None else self._folder / voice_id / f"{key}.wav"

    async def find_preview(self, path: Path) -> bool:
        """Whether a preview is there; it counts as used now."""
        return await asyncio.to_thread(_is_there, path)

    async def keep_preview(self, path: Path, wav: bytes) -> None:
        """Write a preview, durably; the oldest of those that come with engines go. A voice that was removed
        meanwhile gets none."""
        await asyncio.to_thread(self._write_preview, path, wav)

    @asynccontextmanager
    async def workspace(self) -> AsyncGenerator[Path]:
        """A folder for files that are gone afterwards; one that a crash leaves is swept."""
        folder = self._folder / f"{_DRAFT}{new_token()}"
        await asyncio.to_thread(_make_folder, folder)
        try:
            yield folder
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def sweep(self) -> None:
        """Remove folders that no voice has."""
        there = await asyncio.to_thread(self._abandoned)
        if not there:
            return
        rows = select(LibraryVoiceRow.id)
        known = await self._database.read(lambda connection: set(connection.execute(rows).scalars()))
        for path in there:
            if path.name not in known:
                await asyncio.to_thread(shutil.rmtree, path, ignore_errors=True)

    def _abandoned(self) -> list[Path]:
        """Folders of ours that were not written to lately."""
        with suppress(OSError):
            return [
                path for path in self._folder.iterdir() if _is_ours(path.name) and _age_s(path) > _ABANDONED_S
            ]
        return []

    def _write_folder(self, token: str, reference: bytes) -> None:
        draft = self._folder / f"{_DRAFT}{token}"
        with storage_errors():
            draft.mkdir(mode=0o700, parents=True)
            try:
                if reference:
                    _write(draft / REFERENCE, reference)
                upload_files.flush_folder(draft)
                draft.rename(self._folder / token)
                upload_files.flush_folder(self._folder)
            except BaseException:
                shutil.rmtree(draft, ignore_errors=True)
                raise

    def _write_preview(self, path: Path, wav: bytes) -> None:
        draft = path.with_name(f"{_DRAFT}{new_token()}")
        with storage_errors():
            if path.parent == self._previews:
                self._previews.mkdir(mode=0o700, exist_ok=True)
                self._forget_previews()
            try:
                _write(draft, wav)
                draft.replace(path)
                upload_files.flush_folder(path.parent)
            finally:
                draft.unlink(missing_ok=True)

    def _forget_previews(self) -> None:
        previews = sorted(self._previews.iterdir(), key=_age_s)
        for path in previews[MOST_PREVIEWS - 1 :]:
            path.unlink(missing_ok=True)


def _require_place(connection: Connection, user: str, name: str, most: int) -> None:
    mine = select(LibraryVoiceRow.name).where(LibraryVoiceRow.user == user)
    names = {found.casefold() for found in connection.execute(mine).scalars()}
    if name.casefold() in names:
        raise InvalidOption(
            f"There is a voice called '{name}' already; choose another name or remove it first."
        )
    if len(names) >= most:
        raise InvalidOption(f"There are {most} voices in the library already; remove one first.")


def _row(voice: KeptVoice) -> dict[str, Any]:
    names = (column.name for column in _COLUMNS if column.name != "id")
    return {name: getattr(voice, name) for name in names}


def _kept(row: dict[str, Any]) -> KeptVoice:
    return KeptVoice(voice_id=row["id"], **{name: value for name, value in row.items() if name != "id"})


def _make_folder(folder: Path) -> None:
    with storage_errors():
        folder.mkdir(mode=0o700, parents=True)


def _write(path: Path, data: bytes) -> None:
    upload_files.create(path)
    upload_files.write_at(path, 0, data)
    upload_files.flush(path)


def _read(path: Path) -> bytes | None:
    try:
        with storage_errors():
            return path.read_bytes() if path.exists() else None
    except FileNotFoundError:
        return None


def _is_there(path: Path) -> bool:
    try:
        os.utime(path)
    except OSError:
        return False
    return True


def _is_ours(name: str) -> bool:
    return is_token(name.removeprefix(_DRAFT))


def _age_s(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return 0.0

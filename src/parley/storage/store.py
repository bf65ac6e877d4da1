"""Everything that is remembered, in one data directory.

data_dir/parley.db   units, transcripts, conversations, leases (SQLite)
data_dir/pcm/        decoded audio
data_dir/incoming/   recordings that arrive as a stream
data_dir/uploads/    what is being sent to the server, a file per upload
data_dir/recordings/ what was sent to it, a file per content
data_dir/voices/     voices to speak with, a folder per voice
data_dir/previews/   how voices sound that come with engines
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import BinaryIO

from parley.errors import StorageError
from parley.storage.conversations import Conversations
from parley.storage.database import Database
from parley.storage.failures import storage_errors
from parley.storage.hashing import HashProgress, hash_file
from parley.storage.heard import Heard
from parley.storage.held import Held, weigh
from parley.storage.imports import Imports
from parley.storage.incoming import Incoming
from parley.storage.keys import Keys
from parley.storage.leases import TTL_S, Leases
from parley.storage.outbox import Outbox
from parley.storage.pcm import PcmStore
from parley.storage.recordings import Recordings
from parley.storage.retention import forget_least_recent
from parley.storage.tasks import Tasks
from parley.storage.transcripts import Transcripts
from parley.storage.units import Units
from parley.storage.uploads import Uploads
from parley.storage.voice_library import VoiceShelf
from parley.storage.voices import Voices

DATABASE = "parley.db"

# What was there before a damaged database was moved away, as its owner is told to do.
_OURS = {DATABASE, "upgrade.lock"}

# What may be there before anything was transcribed: engines and models that were brought here first.
_HARMLESS = {"environments", "models", "lost+found"}

_log = logging.getLogger(__name__)


class Store:
    """An open data directory. Any number of processes may have it open at the same time."""

    def __init__(self, data_dir: Path, database: Database, *, lease_ttl_s: float = TTL_S) -> None:
        self._database = database
        self.units = Units(database)
        self.transcripts = Transcripts(database)
        self.tasks = Tasks(database)
        self.heard = Heard(database)
        self.leases = Leases(database, ttl_s=lease_ttl_s)
        self.recordings = Recordings(data_dir / "recordings", database)
        self.uploads = Uploads(data_dir / "uploads", database)
        self.pcm = PcmStore(data_dir / "pcm", database, self.leases)
        self.keys = Keys(database)
        self.outbox = Outbox(database)
        self.imports = Imports(database)
        self.voices = Voices(database)
        self.conversations = Conversations(database)
        self.voice_shelf = VoiceShelf(data_dir / "voices", data_dir / "previews", database)
        self._incoming = Incoming(data_dir / "incoming", self.leases)

    @classmethod
    async def open(cls, data_dir: Path, *, lease_ttl_s: float = TTL_S) -> Store:
        """Open a data directory, making it where it is missing.

        Raises StoreBroken for a damaged database or one of a newer Parley, StoreBusy, DiskFull, StorageError.
        """
        root, database = await asyncio.to_thread(_open_database, data_dir)
        return cls(root, database, lease_ttl_s=lease_ttl_s)

    async def close(self) -> None:
        """Finish what was begun and let go of the files."""
        await asyncio.to_thread(self.uploads.close)
        await asyncio.to_thread(self._database.close)

    async def hash_file(self, path: Path, progress: HashProgress | None = None) -> str:
        """SHA-256 of a file as hex; known already for one that `spool` keeps. Raises FileNotFound."""
        return self._incoming.digest_of(path) or await hash_file(path, progress)

    def spool(
        self, stream: BinaryIO | AsyncIterable[bytes], *, max_bytes: int
    ) -> AbstractAsyncContextManager[Path]:
        """A stream as a file for as long as the context lasts; see `Incoming.spool`."""
        return self._incoming.spool(stream, max_bytes=max_bytes)

    async def held(self) -> Held:
        """How much is remembered. Raises StorageError."""
        return await weigh(self._database)

    async def tidy(self, *, pcm_bytes: int, cache_bytes: int, cache_age_s: float) -> None:
        """Remove what dead processes left and what is old or too much.

        What cannot be tidied now (the disk is full, the database is busy) is left for the next time:
        a run that has delivered its transcript does not fail afterwards.
        """
        try:
            await self._incoming.sweep()
            await self.pcm.sweep(pcm_bytes)
            await self.voice_shelf.sweep()
            await forget_least_recent(self._database, max_bytes=cache_bytes, max_age_s=cache_age_s)
            await self.leases.forget_abandoned()
        except StorageError as error:
            _log.warning("the data directory could not be tidied: %s (%s)", error.code, error.detail)


def _require_own(root: Path) -> None:
    """What is swept and forgotten here must be ours: a folder with other things in it is refused."""
    found = {path.name for path in root.iterdir() if not path.name.startswith(".")} - _HARMLESS
    if found and not found & _OURS:
        raise StorageError("The data directory holds other files; name an empty folder with --data-dir.")


def _open_database(data_dir: Path) -> tuple[Path, Database]:
    # Absolute, because paths into it are handed to worker processes.
    root = data_dir.resolve()
    path = root / DATABASE
    with storage_errors():
        # What people said is nobody else's business.
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        _require_own(root)
        if not path.exists():
            path.touch(mode=0o600)
    return root, Database.open(path)

"""A folder with decoded audio: PCM files and, written last, `media.json` that describes them.

The description names files relative to the folder; what is handed out has absolute paths.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec

from parley.errors import StorageError
from parley.speech.media import DecodedMedia
from parley.storage.tokens import new_token

DESCRIPTION = "media.json"
GONE = ".gone-"

_BYTES_PER_SAMPLE = 2  # s16le
# Each try loses only to another process that has just published or removed the same folder.
_PUBLISH_TRIES = 3
_decoder = msgspec.json.Decoder(DecodedMedia)


def read_media(folder: Path) -> DecodedMedia | None:
    """What the folder holds, None if it is not there or not whole."""
    try:
        media = _decoder.decode((folder / DESCRIPTION).read_bytes())
    except (OSError, msgspec.MsgspecError):
        return None
    return _with_paths(media, lambda name: str(folder / name)) if _is_whole(folder, media) else None


def describe(folder: Path, media: DecodedMedia) -> None:
    """Write the description of the PCM files in `folder`, all of them safe on the disk before it.

    Without the flush a power cut could leave a file of the right size full of zeros, which would
    become a transcript of silence. Raises StorageError for files that are missing, or of another
    length than `media` says, and OSError.
    """
    relative = _with_paths(media, lambda path: Path(path).name)
    if not _is_whole(folder, relative):
        raise StorageError("The decoded audio is not complete; try again.")
    for track in relative.tracks:
        _flush(folder / track.path)
    description = folder / DESCRIPTION
    description.write_bytes(msgspec.json.encode(relative))
    _flush(description)


def size_bytes(folder: Path) -> int:
    """What the files of a folder take, 0 for one that another process is just removing."""
    try:
        return sum(path.stat().st_size for path in folder.iterdir())
    except OSError:
        return 0


def used_at(folder: Path) -> float:
    """When the folder was last used, 0 for one without a description."""
    try:
        return (folder / DESCRIPTION).stat().st_mtime
    except OSError:
        return 0.0


def mark_used(folder: Path) -> None:
    """Note that the folder is used now."""
    os.utime(folder / DESCRIPTION)


def publish(partial: Path, target: Path, media: DecodedMedia, *, anew: bool) -> DecodedMedia:
    """Move a folder to its place, whole or not at all; the media that is there in the end.

    Raises StorageError and OSError.
    """
    describe(partial, media)
    for _ in range(_PUBLISH_TRIES):
        found = None if anew else read_media(target)
        if found is not None:
            return found
        anew = False
        if target.exists() and (gone := set_aside(target)) is not None:
            remove(gone)
        if _rename(partial, target):
            break
    found = read_media(target)
    if found is None:
        raise StorageError("The decoded audio could not be put in its place; try again.")
    return found


def _rename(partial: Path, target: Path) -> bool:
    """Whether the name was free; another process may have been faster."""
    try:
        partial.rename(target)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            return False
        raise
    return True


def set_aside(folder: Path) -> Path | None:
    """Rename a folder for removal; None where it is gone already or, on Windows, open."""
    gone = folder.with_name(f"{GONE}{new_token()}")
    try:
        return folder.rename(gone)
    except (FileNotFoundError, PermissionError):
        return None


def remove(folder: Path) -> int:
    """Remove a folder as far as possible (the next sweep tries again); the bytes it had."""
    size = size_bytes(folder)
    shutil.rmtree(folder, ignore_errors=True)
    return size


def _with_paths(media: DecodedMedia, rename: Callable[[str], str]) -> DecodedMedia:
    tracks = tuple(replace(track, path=rename(track.path)) for track in media.tracks)
    return replace(media, tracks=tracks)


def _is_whole(folder: Path, media: DecodedMedia) -> bool:
    expected = ((folder / track.path, track.samples * _BYTES_PER_SAMPLE) for track in media.tracks)
    try:
        return all(path.stat().st_size == size for path, size in expected)
    except OSError:
        return False


def _flush(path: Path) -> None:
    # Open for writing: Windows flushes no other.
    with path.open("r+b") as file:
        os.fsync(file.fileno())

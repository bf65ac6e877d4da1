"""PCM files that appear whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt

from parley.errors import DiskFull, StorageError, is_disk_full
from parley.speech.media import PcmTrack

_UNFLUSHED_BYTES = 16 << 20
"""Flushed on the way, so that no flush takes longer than a worker may be silent (30 s at 0.6 MB/s),
which one flush of a whole day (2.6 GiB) would on a slow disk."""


class Tracks:
    """One file per track in `folder`, written as `*.part` and renamed together by `commit`.

    `channels` has the channel number of each track, None for the mix.
    Leaving the `with` block without a commit removes everything. Raises DiskFull or StorageError.
    """

    def __init__(self, folder: Path, channels: tuple[int | None, ...]) -> None:
        self.channels = channels
        self._paths = [folder / _name(channel) for channel in channels]
        self._fds: list[int] = []
        self._samples = [0] * len(channels)
        self._unflushed_bytes = 0
        self._committed = False

    def __enter__(self) -> Self:
        try:
            with _storage():
                for path in self._paths:
                    self._fds.append(_create(_part(path)))
        except StorageError:
            self._discard()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._committed:
            self._discard()

    def write(self, index: int, samples: npt.NDArray[np.int16]) -> None:
        """Append little-endian samples to a track."""
        rest = memoryview(samples.astype("<i2", copy=False).tobytes())
        self._unflushed_bytes += len(rest)
        with _storage():
            while rest:
                rest = rest[os.write(self._fds[index], rest) :]
            if self._unflushed_bytes >= _UNFLUSHED_BYTES:
                self._flush()
        self._samples[index] += len(samples)

    def commit(self) -> tuple[PcmTrack, ...]:
        """Put the files on disk under their names; after this they stay."""
        with _storage():
            self._flush()
            self._close()
            for path in self._paths:
                _part(path).replace(path)
            _sync_folder(self._paths[0].parent)
        self._committed = True
        facts = zip(self._paths, self._samples, self.channels, strict=True)
        return tuple(PcmTrack(path=str(path), samples=count, channel=number) for path, count, number in facts)

    def _flush(self) -> None:
        for fd in self._fds:
            os.fsync(fd)
        self._unflushed_bytes = 0

    def _close(self) -> None:
        while self._fds:
            os.close(self._fds.pop())

    def _discard(self) -> None:
        with suppress(OSError):
            self._close()
        for path in self._paths:
            for leftover in (_part(path), path):
                with suppress(OSError):
                    leftover.unlink()


def _name(channel: int | None) -> str:
    return "mix.pcm" if channel is None else f"channel-{channel}.pcm"


def _part(path: Path) -> Path:
    return path.with_name(f"{path.name}.part")


def _create(path: Path) -> int:
    # One left behind by a killed worker is removed first: the new file is ours alone.
    path.unlink(missing_ok=True)
    # Windows changes line ends without O_BINARY.
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)


def _sync_folder(folder: Path) -> None:
    if not hasattr(os, "O_DIRECTORY"):
        # Windows opens no folders; its file systems keep a journal of names.
        return
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


@contextmanager
def _storage() -> Generator[None]:
    try:
        yield
    except OSError as error:
        if is_disk_full(error):
            raise DiskFull("No space is left for the decoded audio.", detail=str(error.errno)) from None
        raise StorageError("The decoded audio could not be written.", detail=str(error.errno)) from None

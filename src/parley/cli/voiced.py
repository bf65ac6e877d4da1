"""Where speech goes: a loudspeaker, a WAV file, raw PCM on standard output."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import BinaryIO, Protocol, Self

from parley.cli.delivery import STANDARD_INPUT, ReaderLeft, spare
from parley.client.apart import apart
from parley.errors import DiskFull, InvalidOption, StorageError, is_disk_full
from parley.formats.wav import wav_header


class Destination(AbstractAsyncContextManager["Destination"], Protocol):
    """Takes audio; opened before there is any. Raises StorageError, DeviceUnavailable, ReaderLeft."""

    name: str

    def wanted_rate_hz(self) -> int | None:
        """The rate it takes best; None: any."""
        ...

    async def begin(self, rate_hz: int) -> None:
        """What comes has this rate."""
        ...

    async def take(self, pcm: bytes) -> None:
        """Mono s16le; waits while that is more than can be taken."""
        ...

    async def finish(self) -> None:
        """That was all of it."""
        ...


def destination_of(output: str | None, play: bool, files: Sequence[str]) -> Destination:
    """What the options name; `files` must not be replaced. Raises InvalidOption."""
    if output is not None and play:
        raise InvalidOption("Either play it (--play) or write it (-o); leave one out.")
    if output is None:
        from parley.cli.loudspeaker import Loudspeaker

        return Loudspeaker()
    if output == STANDARD_INPUT:
        return _standard_output()
    target = Path(output)
    if target.is_dir() or output.endswith(("/", os.sep)):
        raise InvalidOption("-o names a folder; name a WAV file.")
    if target.suffix.lower() != ".wav" and (target.is_file() or not target.exists()):
        raise InvalidOption(f"Only WAV files are written; name '{target.stem}.wav', or - for raw PCM.")
    spare([target], files)
    return WavFile(target)


def _standard_output() -> RawOutput:
    if not sys.stdout:
        raise InvalidOption("Standard output is closed; say where the speech goes with -o.")
    if sys.stdout.isatty():
        raise InvalidOption(
            "Raw PCM is nothing for a terminal; pipe it somewhere, or name a WAV file with -o."
        )
    return RawOutput()


class RawOutput:
    """Standard output. Below Python's buffer, whose lock a blocked thread would keep."""

    name = "standard output"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        """Nothing is left to close."""

    def wanted_rate_hz(self) -> int | None:
        """Any."""
        return None

    async def begin(self, rate_hz: int) -> None:
        """Nothing tells the reader but the sentence on standard error."""

    async def take(self, pcm: bytes) -> None:
        """Write it; a pipe that is full is waited for in a thread that nobody else waits for."""
        await apart(lambda: _write_all(sys.stdout.fileno(), pcm))

    async def finish(self) -> None:
        """It is all written already."""


def _write_all(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    try:
        while rest:
            rest = rest[os.write(descriptor, rest) :]
    except BrokenPipeError:
        raise ReaderLeft from None
    except OSError as error:
        raise _unwritten(error, "The speech cannot be written to standard output.") from error


class WavFile:
    """A file that is either the old one or the whole new one; a device or a pipe is written as it is."""

    def __init__(self, target: Path) -> None:
        self.name = target.name
        self._target = target.resolve()
        self._is_plain = self._target.is_file() or not self._target.exists()
        # A name of its own: with the target's in it, a long one would exceed what file systems allow.
        partial = self._target.with_name(f".parley-{os.getpid()}.part")
        self._path = partial if self._is_plain else self._target
        self._file: BinaryIO | None = None
        self._rate_hz = 0
        self._bytes = 0

    async def __aenter__(self) -> Self:
        await self._do(self._open)
        return self

    async def __aexit__(self, *exception: object) -> None:
        await asyncio.to_thread(self._close)

    def wanted_rate_hz(self) -> int | None:
        """Any."""
        return None

    async def begin(self, rate_hz: int) -> None:
        """Write a header; of a file it is mended in the end."""
        self._rate_hz = rate_hz
        await self._do(lambda: self._opened.write(wav_header(rate_hz)))

    async def take(self, pcm: bytes) -> None:
        """Write it."""
        self._bytes += len(pcm)
        await self._do(lambda: self._opened.write(pcm))

    async def finish(self) -> None:
        """Say how long it is, and put it where it belongs."""
        await self._do(self._conclude)

    @property
    def _opened(self) -> BinaryIO:
        if self._file is None:
            raise RuntimeError("the file is not open")
        return self._file

    def _open(self) -> None:
        self._target.parent.mkdir(parents=True, exist_ok=True)
        self._file = self._path.open("wb")

    def _conclude(self) -> None:
        file = self._opened
        if self._is_plain:
            file.seek(0)
            file.write(wav_header(self._rate_hz, self._bytes))
            file.flush()
            os.fsync(file.fileno())
        file.close()
        if self._is_plain:
            self._path.replace(self._target)

    def _close(self) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()
        if self._is_plain:
            with contextlib.suppress(OSError):
                self._path.unlink(missing_ok=True)

    async def _do(self, work: Work) -> None:
        try:
            await asyncio.to_thread(work)
        except OSError as error:
            raise _unwritten(error, f"The speech cannot be written to '{self.name}'.") from error


class Work(Protocol):
    """What blocks on a disk."""

    def __call__(self) -> object:
        """Do it; may raise OSError."""
        ...


def _unwritten(error: OSError, sentence: str) -> StorageError:
    if is_disk_full(error):
        return DiskFull("No space is left for the speech; free some and run the command again.")
    return StorageError(sentence, detail=str(error))

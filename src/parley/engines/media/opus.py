"""A file of Opus in Ogg that is written as sound comes in."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from parley.errors import DiskFull, MediaTooLarge, ParleyError, StorageError, is_disk_full
from parley.speech.media import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    from av.audio.stream import AudioStream

BITS_PER_S = 24_000
"""Speech of 8 kHz bandwidth is as good as the original to most ears; an hour takes 11 MB."""

_UNFLUSHED_BYTES = 4 << 20


class OpusFile:
    """One channel at 16 kHz becomes the new file `path`; without a `commit` it is removed.

    Raises DiskFull or StorageError, and MediaTooLarge when it takes more than `max_bytes`.
    """

    def __init__(self, path: Path, max_bytes: int) -> None:
        self._path = path
        self._sink = _Sink(path, max_bytes)
        self._samples = 0
        self._committed = False
        self._container: Any = None
        self._stream: AudioStream | None = None

    def __enter__(self) -> Self:
        import av

        try:
            self._container = av.open(self._sink, "w", format="ogg")
            stream = self._container.add_stream("libopus", rate=SAMPLE_RATE_HZ, layout="mono")
            stream.codec_context.bit_rate = BITS_PER_S
            self._stream = stream
        except BaseException:
            self._discard()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._committed:
            self._discard()

    def write(self, index: int, samples: npt.NDArray[np.int16]) -> None:
        """Append samples; there is one track, so `index` is 0."""
        from av import AudioFrame

        frame = AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = SAMPLE_RATE_HZ
        frame.pts = self._samples
        self._samples += len(samples)
        self._encode(frame)

    def commit(self) -> tuple[float, int]:
        """Put the file on the disk; its seconds and its bytes."""
        self._encode(None)
        self._container.close()
        self._container = None
        self._sink.finish()
        self._committed = True
        return self._samples / SAMPLE_RATE_HZ, self._sink.written

    def _encode(self, frame: Any) -> None:
        assert self._stream is not None  # noqa: S101 - for the type checker
        self._container.mux(self._stream.encode(frame))
        self._sink.check()

    def _discard(self) -> None:
        container, self._container = self._container, None
        try:
            if container is not None:
                container.close()
        finally:
            self._sink.discard()


class _Sink:
    """What FFmpeg writes to. It takes everything and remembers what went wrong, for an error that
    passes through FFmpeg comes out as another one.
    """

    def __init__(self, path: Path, max_bytes: int) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._unflushed = 0
        self._error: ParleyError | None = None
        self.written = 0
        try:
            path.unlink(missing_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
            self._fd = os.open(path, flags, 0o600)
        except OSError as error:
            raise _of(error) from None

    def write(self, data: bytes) -> int:
        """Take bytes, and keep them unless something went wrong before."""
        if self._error is None:
            self._append(data)
        return len(data)

    def check(self) -> None:
        """Raise what went wrong."""
        if self._error is not None:
            raise self._error

    def finish(self) -> None:
        """Have everything safe on the disk."""
        self.check()
        self._flush()
        self.check()
        self._close()

    def discard(self) -> None:
        """Remove the file."""
        self._close()
        try:
            self._path.unlink(missing_ok=True)
        except OSError:
            return  # the next sweep takes it

    def _append(self, data: bytes) -> None:
        self.written += len(data)
        if self.written > self._max_bytes:
            self._error = MediaTooLarge("A compact copy would take more than the recording itself.")
            return
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(self._fd, rest) :]
        except OSError as error:
            self._error = _of(error)
            return
        self._unflushed += len(data)
        if self._unflushed >= _UNFLUSHED_BYTES:
            self._flush()

    def _flush(self) -> None:
        self._unflushed = 0
        try:
            os.fsync(self._fd)
        except OSError as error:
            self._error = _of(error)

    def _close(self) -> None:
        descriptor, self._fd = self._fd, -1
        if descriptor >= 0:
            os.close(descriptor)


def _of(error: OSError) -> ParleyError:
    if is_disk_full(error):
        return DiskFull("No space is left for the compact copy.", detail=str(error.errno))
    return StorageError("The compact copy could not be written.", detail=str(error.errno))

"""Holds the live inputs that a worker's streaming engines listen to."""

from __future__ import annotations

from typing import cast

import numpy as np

from parley.engines.contract import Engine, Samples
from parley.engines.streaming import Stream, StreamingEngine
from parley.errors import EngineFailed, InvalidOption, StreamLost, WorkersBusy
from parley.speech.stream import StreamHeard
from parley.wire.frames import MAX_STREAMS, CloseStream, FeedStream, OpenStream, StreamFed

_FULL_SCALE = np.float32(1 / 32768)
_SAMPLE_BYTES = 2

StreamRequest = OpenStream | FeedStream | CloseStream


class Streams:
    """Streams by engine and name; each is an object of its own, and one call at a time comes here."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, str], Stream] = {}

    def __len__(self) -> int:
        return len(self._open)

    def answer(self, name: str, engine: Engine, request: StreamRequest) -> StreamFed:
        """Open, feed or close; raises WorkersBusy, StreamLost, EngineFailed, or what the engine raises."""
        key = (name, request.stream)
        match request:
            case OpenStream():
                self._begin(key, engine, request)
            case CloseStream():
                self._open.pop(key, None)
            case FeedStream():
                return StreamFed(heard=self._feed(key, request))
        return StreamFed(heard=StreamHeard())

    def forget(self, name: str) -> None:
        """Drop the streams of an engine, which is loaded anew."""
        self._open = {key: stream for key, stream in self._open.items() if key[0] != name}

    def _begin(self, key: tuple[str, str], engine: Engine, request: OpenStream) -> None:
        if key in self._open:
            raise EngineFailed("A stream of that name is open already; close it first.")
        if len(self._open) >= MAX_STREAMS:
            raise WorkersBusy(
                f"A worker holds {MAX_STREAMS} streams at most; end some, or start more workers."
            )
        if not hasattr(engine, "open_stream"):
            raise EngineFailed(f"The engine '{key[0]}' does not take live audio; choose one that does.")
        self._open[key] = cast("StreamingEngine", engine).open_stream(request.options)

    def _feed(self, key: tuple[str, str], request: FeedStream) -> StreamHeard:
        """A stream is put back only when all went well: after an error nobody knows what it holds."""
        samples = _samples(request.pcm)
        stream = self._open.pop(key, None)
        if stream is None:
            raise StreamLost("The worker does not hold this stream any more; open it again.")
        heard = stream.feed(samples, is_last=request.is_last)
        if not request.is_last:
            self._open[key] = stream
        return heard


def _samples(pcm: bytes) -> Samples:
    if len(pcm) % _SAMPLE_BYTES:
        raise InvalidOption("Live audio comes in whole samples of 16 bits.")
    samples = np.frombuffer(pcm, dtype="<i2").astype(np.float32)
    samples *= _FULL_SCALE
    return samples

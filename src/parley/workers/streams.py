"""Holds the live inputs that a worker's streaming engines listen to."""

from __future__ import annotations

from typing import cast

from parley.engines.contract import Engine
from parley.engines.streaming import Stream, StreamingEngine
from parley.errors import EngineFailed, OutOfMemory, StreamLost, WorkersBusy
from parley.speech.stream import StreamHeard
from parley.wire.frames import (
    MAX_STREAMS,
    CloseStream,
    FeedStream,
    FeedStreams,
    OpenStream,
    StreamEnded,
    StreamFed,
    StreamsFed,
)
from parley.workers.clips import read_pcm
from parley.workers.failures import failure, is_beyond_repair

StreamRequest = OpenStream | FeedStream | FeedStreams | CloseStream


class Streams:
    """Streams by engine and name; each is an object of its own, and one call at a time comes here."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, str], Stream] = {}

    def __len__(self) -> int:
        return len(self._open)

    def answer(self, name: str, engine: Engine, request: StreamRequest) -> StreamFed | StreamsFed:
        """Open, feed or close; raises WorkersBusy, StreamLost, EngineFailed, or what the engine raises."""
        match request:
            case OpenStream():
                self._begin((name, request.stream), engine, request)
            case CloseStream():
                self._open.pop((name, request.stream), None)
            case FeedStream():
                return StreamFed(heard=self._feed(name, request))
            case FeedStreams():
                return self._feed_each(name, request)
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

    def _feed_each(self, name: str, request: FeedStreams) -> StreamsFed:
        """What is wrong with one stream is nothing to the others; what is wrong with all ends them all,
        because nobody hears what those fed before have said."""
        ends: list[StreamHeard | StreamEnded] = []
        try:
            ends.extend(self._try_to_feed(name, feed) for feed in request.feeds)
        finally:
            if len(ends) < len(request.feeds):
                for feed in request.feeds:
                    self._open.pop((name, feed.stream), None)
        return StreamsFed(
            heard=tuple(end if isinstance(end, StreamHeard) else None for end in ends),
            ended=tuple(end if isinstance(end, StreamEnded) else None for end in ends),
        )

    def _try_to_feed(self, name: str, feed: FeedStream) -> StreamHeard | StreamEnded:
        try:
            return self._feed(name, feed)
        except (Exception, SystemExit) as error:  # as the worker loop, for one of several
            self._open.pop((name, feed.stream), None)
            known = failure(0, name, error)
            if is_beyond_repair(error) or known.code == OutOfMemory.code:
                raise  # no matter of one stream
            return StreamEnded(code=known.code, message=known.message)

    def _feed(self, name: str, request: FeedStream) -> StreamHeard:
        """A stream is put back only when all went well: after an error nobody knows what it holds."""
        key = (name, request.stream)
        samples = read_pcm(request.pcm)
        stream = self._open.pop(key, None)
        if stream is None:
            raise StreamLost("The worker does not hold this stream any more; open it again.")
        heard = stream.feed(samples, is_last=request.is_last)
        if not request.is_last:
            self._open[key] = stream
        return heard

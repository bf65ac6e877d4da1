"""A stream in a worker, as a cache of the audio that the session has: it may be gone any time."""

from __future__ import annotations

from parley.engines.contract import EngineSpec
from parley.errors import EngineFailed, ParleyError
from parley.live.berth import Berth
from parley.live.errands import Ask, Urgency
from parley.live.rescue import is_trouble_of_the_seat
from parley.speech.media import SAMPLE_BYTES, SAMPLE_RATE_HZ
from parley.speech.recognition import RecognitionOptions
from parley.speech.stream import StreamHeard
from parley.wire.frames import FeedStream, OpenStream, Reply, Request, StreamFed


class WorkerStream:
    """Opened when it is first fed. After any error it is closed, and the next feed goes to a new one.

    Its times begin anew then: `is_open` says beforehand whether the next feed is its first.
    """

    def __init__(self, berth: Berth, engine: EngineSpec, options: RecognitionOptions) -> None:
        self._berth = berth
        self._engine = engine
        self._options = options
        self._name: str | None = None
        self._seat = berth.seat

    @property
    def is_open(self) -> bool:
        """Whether it has heard what it was fed."""
        return self._name is not None

    async def feed(self, pcm: bytes, urgency: Urgency, *, is_last: bool = False) -> StreamHeard:
        """What it says of that much more; raises ParleyError, and has forgotten everything then."""
        try:
            name = self._name or await self._open(urgency)
            feed = FeedStream(stream=name, pcm=pcm, is_last=is_last)
            heard = _heard(await self._ask(feed, len(pcm) / SAMPLE_BYTES / SAMPLE_RATE_HZ, urgency))
        except ParleyError as error:
            self._lose(error)
            raise
        if is_last:
            self._name = None
        return heard

    def close(self) -> None:
        """Leave nothing behind in the worker."""
        if self._name is not None:
            self._seat.close_stream(self._berth.owner, self._engine, self._name)
            self._name = None

    async def _open(self, urgency: Urgency) -> str:
        self._seat = self._berth.seat
        # Known before it is there: who is cancelled in between leaves it for `close`.
        self._name = self._berth.new_stream()
        await self._ask(OpenStream(stream=self._name, options=self._options), 0.0, urgency)
        return self._name

    async def _ask(self, request: Request, audio_s: float, urgency: Urgency) -> Reply:
        ask = Ask(request=request, audio_s=audio_s)
        return await self._seat.post(self._berth.owner, self._engine, lambda: ask, urgency).reply()

    def _lose(self, error: ParleyError) -> None:
        self.close()
        if self._seat is self._berth.seat:
            self._berth.move(in_trouble=is_trouble_of_the_seat(error))


def _heard(reply: Reply) -> StreamHeard:
    if not isinstance(reply, StreamFed):
        raise EngineFailed("A stream was answered with something else.")
    return reply.heard

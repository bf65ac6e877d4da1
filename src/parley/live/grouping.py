"""Which requests of several sessions may go to a worker in one call, and whose answer is whose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from parley.engines.contract import EngineSpec
from parley.errors import EngineFailed, ParleyError, rebuild
from parley.live.errands import Ask, Errand
from parley.wire.frames import (
    FeedStream,
    FeedStreams,
    Recognised,
    RecogniseLive,
    Reply,
    Request,
    StreamFed,
    StreamsFed,
)

MOST_FEEDS = 32
MOST_FEEDS_S = 20.0
"""What goes in one call of feeds: whoever comes later waits for all of it."""


@dataclass(slots=True, eq=False)
class Group:
    """Errands of one call, and what each of them asks."""

    errands: list[Errand] = field(default_factory=list[Errand])
    asks: list[Ask] = field(default_factory=list[Ask])

    @property
    def is_feed(self) -> bool:
        """Whether streams hear more by it."""
        return isinstance(self.asks[0].request, FeedStream)


def welcomes(engine: EngineSpec, ask: Ask) -> bool:
    """Whether anything at all may go along with a request."""
    able = engine.batches and engine.batch_invariant
    return isinstance(ask.request, FeedStream) or (able and isinstance(ask.request, RecogniseLive))


def joins(engine: EngineSpec, asks: Sequence[Ask], ask: Ask) -> bool:
    """Whether a request may go along with others, and changes nothing for them."""
    before, request = asks[0].request, ask.request
    together_s = sum(each.audio_s for each in asks) + ask.audio_s
    if isinstance(before, FeedStream) and isinstance(request, FeedStream):
        return len(asks) < MOST_FEEDS and together_s <= MOST_FEEDS_S
    if isinstance(before, RecogniseLive) and isinstance(request, RecogniseLive):
        able = engine.batches and engine.batch_invariant
        return able and before.options == request.options and together_s <= engine.batch_size_s
    return False


def combined(asks: Sequence[Ask]) -> Request:
    """One request for all."""
    requests = [ask.request for ask in asks]
    feeds = tuple(each for each in requests if isinstance(each, FeedStream))
    if len(requests) > 1 and feeds:
        return FeedStreams(feeds=feeds)
    recognitions = [each for each in requests if isinstance(each, RecogniseLive)]
    if len(requests) > 1 and recognitions:
        stretches = tuple(stretch for each in recognitions for stretch in each.stretches)
        return RecogniseLive(stretches=stretches, options=recognitions[0].options)
    return requests[0]


def shares(asks: Sequence[Ask], reply: Reply) -> list[Reply | ParleyError]:
    """The answer of each request, or what became of it."""
    if len(asks) == 1:
        return [reply]
    if isinstance(reply, StreamsFed) and len(reply.heard) == len(asks):
        return [_fed(reply, index) for index in range(len(asks))]
    counts = [len(ask.request.stretches) for ask in asks if isinstance(ask.request, RecogniseLive)]
    if isinstance(reply, Recognised) and len(reply.recognitions) == sum(counts):
        rest = iter(reply.recognitions)
        return [Recognised(recognitions=tuple(next(rest) for _ in range(count))) for count in counts]
    return [EngineFailed("The engine answered something else than it was asked.") for _ in asks]


def _fed(reply: StreamsFed, index: int) -> Reply | ParleyError:
    heard, ended = reply.heard[index], reply.ended[index]
    if heard is not None:
        return StreamFed(heard=heard)
    return rebuild(ended.code, ended.message) if ended else EngineFailed("A stream was not answered.")


def copy_of(error: ParleyError) -> ParleyError:
    """One object for each: an exception gathers the traceback of whoever raises it."""
    return type(error)(error.message, detail=error.detail)

"""What every engine that hears live audio must do; each runs in a real worker, as for live speech."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import psutil
import pytest

from parley.engines.contract import Capability, Role
from parley.errors import StreamLost
from parley.fleet.fleet import Fleet
from parley.speech.media import SAMPLE_RATE_HZ
from parley.speech.recognition import Piece, RecognitionOptions
from parley.speech.span import Span
from parley.speech.stream import StreamHeard
from parley.wire.frames import (
    CloseStream,
    FeedStream,
    FeedStreams,
    OpenStream,
    Reply,
    Request,
    StreamFed,
    StreamsFed,
)
from tests.engines.conformance import PATIENT, Case, kill_workers, pool_of, workers

POOL = "live-1"
STREAMS = 50
STEP = 1600
GROWTH_MIB = 25
"""What a stream may take more between its second and its last minute: the noise of allocators."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a stream gave: what is final, in order, and what was open after so many samples."""

    ended: tuple[Piece | Span, ...]
    states: Mapping[int, tuple[str, float | None, int]]


async def conform_live(case: Case, recording: np.ndarray, minutes: int) -> None:
    """Everything in one worker and its successor; `recording` is half a minute of people talking."""
    pool = replace(pool_of(case), name=POOL, is_live=True)
    async with Fleet([pool], PATIENT) as fleet:
        ear = _Ear(case, fleet)
        reference = await ear.hears(recording, _steps(len(recording), STEP))
        assert reference.ended, "half a minute of people talking, and nothing was heard"
        await ear.does_not_mind_how_audio_is_cut(recording, reference)
        await ear.holds_fifty_apart(recording)
        await ear.survives_its_worker(recording, reference)
        await ear.hears_a_word_with_silence_around_it(recording)
        await ear.ends_when_nothing_was_said()
        await ear.takes_no_more_in_the_last_minute(recording, minutes)


class _Ear:
    """Streams of one engine."""

    def __init__(self, case: Case, fleet: Fleet) -> None:
        self._spec = case.spec
        self._fleet = fleet
        self._count = 0
        words = self._spec.role == Role.ASR and Capability.WORDS in self._spec.capabilities
        self._options = RecognitionOptions(words=words)

    async def ask(self, request: Request) -> Reply:
        return (await self._fleet.call(self._spec.name, request, 30.0, pool=POOL)).reply

    async def open(self) -> str:
        self._count += 1
        name = f"stream {self._count}"
        opened = await self.ask(OpenStream(stream=name, options=self._options))
        assert opened == StreamFed(heard=StreamHeard())
        return name

    async def feed(self, name: str, samples: np.ndarray, *, is_last: bool = False) -> StreamHeard:
        fed = await self.ask(FeedStream(stream=name, pcm=_pcm(samples), is_last=is_last))
        assert isinstance(fed, StreamFed)
        return fed.heard

    async def hears(self, samples: np.ndarray, edges: Sequence[int]) -> Told:
        """A new stream, fed from edge to edge; what it says is looked at."""
        name = await self.open()
        ended: list[Piece | Span] = []
        settled_s = 0.0
        states: dict[int, tuple[str, float | None, int]] = {}
        for place, (first, last) in enumerate(pairwise(edges), start=2):
            is_last = place == len(edges)
            heard = await self.feed(name, samples[first:last], is_last=is_last)
            ended += [*heard.finals, *heard.islands]
            if heard.settled_s is not None and not is_last:
                begun = states[edges[place - 2]][1] if states else None
                _assert_settled(heard, settled_s, begun)
                assert heard.settled_s >= settled_s
                settled_s = heard.settled_s
            states[last] = (heard.partial, heard.open_since, len(ended))
            _assert_in_time(ended, heard, last / SAMPLE_RATE_HZ)
        assert states[edges[-1]] == ("", None, len(ended)), "the last feed settles everything"
        with pytest.raises(StreamLost):
            await self.feed(name, samples[:0])
        if self._spec.role == Role.VAD:
            promised = {since for _, since, _ in states.values() if since is not None}
            assert promised <= {span.start for span in ended}, "an island that was open did not come"
        return Told(ended=tuple(ended), states=states)

    async def does_not_mind_how_audio_is_cut(self, samples: np.ndarray, reference: Told) -> None:
        count = len(samples)
        ways = {
            "at once": [0, count],
            "a little, then the rest": [0, 1000, count],
            "32 ms": _steps(count, 512),
            "0.2 s": _steps(count, 3200),
            "a second": _steps(count, SAMPLE_RATE_HZ),
            "anyhow": _anyhow(count, seed=4),
        }
        for way, edges in ways.items():
            told = await self.hears(samples, edges)
            assert told.ended == reference.ended, f"fed {way}"
            shared = told.states.keys() & reference.states.keys()
            for at in shared:
                assert told.states[at] == reference.states[at], f"fed {way}, after {at} samples"

    async def holds_fifty_apart(self, samples: np.ndarray) -> None:
        """Each another stretch, in groups of any composition, against the same one after another."""
        own = {index: samples[6400 * index : 6400 * index + 4 * SAMPLE_RATE_HZ] for index in range(STREAMS)}
        parts = {index: np.array_split(sound, 5) for index, sound in own.items()}
        alone: dict[int, list[StreamHeard]] = {}
        for index in range(STREAMS):
            name = await self.open()
            alone[index] = [
                await self.feed(name, part, is_last=at == 4) for at, part in enumerate(parts[index])
            ]
        names = {index: await self.open() for index in range(STREAMS)}
        together: dict[int, list[StreamHeard]] = {index: [] for index in range(STREAMS)}
        chance = random.Random(7)
        while waiting := [index for index, heard in together.items() if len(heard) < 5]:
            group = chance.sample(waiting, min(len(waiting), chance.randint(1, 12)))
            feeds = tuple(
                FeedStream(
                    stream=names[index],
                    pcm=_pcm(parts[index][len(together[index])]),
                    is_last=len(together[index]) == 4,
                )
                for index in group
            )
            fed = await self.ask(FeedStreams(feeds=feeds))
            assert isinstance(fed, StreamsFed) and not any(fed.ended)
            for index, heard in zip(group, fed.heard, strict=True):
                assert heard is not None
                together[index].append(heard)
        assert together == alone
        assert len({str(heard) for heard in alone.values()}) > STREAMS // 3

    async def survives_its_worker(self, samples: np.ndarray, reference: Told) -> None:
        """A stream that was lost is opened anew and hears the same audio again."""
        name = await self.open()
        await self.feed(name, samples[: len(samples) // 2])
        kill_workers()
        with pytest.raises(StreamLost):
            await self.feed(name, samples[len(samples) // 2 :])
        assert await self.hears(samples, _steps(len(samples), STEP)) == reference
        # Half-way through another, which is dropped and leaves nothing behind.
        name = await self.open()
        await self.feed(name, samples[: len(samples) // 3])
        await self.ask(CloseStream(stream=name))
        assert await self.hears(samples, _steps(len(samples), STEP)) == reference

    async def hears_a_word_with_silence_around_it(self, samples: np.ndarray) -> None:
        """An utterance as live sessions give it: what was final stays, and is all there is in the end."""
        quiet = np.zeros(SAMPLE_RATE_HZ // 2, dtype=np.float32)
        utterance = np.concatenate([quiet, samples[: 6 * SAMPLE_RATE_HZ], quiet])
        told = await self.hears(utterance, _steps(len(utterance), STEP))
        counts = [count for _, _, count in told.states.values()]
        assert counts == sorted(counts)
        assert told.ended
        if self._spec.role == Role.ASR:
            assert any(partial for partial, _, _ in told.states.values()), "no word before the end"

    async def ends_when_nothing_was_said(self) -> None:
        for length in (0, 1, 100, SAMPLE_RATE_HZ):
            told = await self.hears(np.zeros(length, dtype=np.float32), [0, length])
            if self._spec.role == Role.VAD:
                assert told.ended == ()

    async def takes_no_more_in_the_last_minute(self, samples: np.ndarray, minutes: int) -> None:
        name = await self.open()
        before = 0.0
        for minute in range(minutes):
            for second in range(60):
                at = second * SAMPLE_RATE_HZ % (len(samples) - SAMPLE_RATE_HZ)
                await self.feed(name, samples[at : at + SAMPLE_RATE_HZ])
            if minute == 1:
                before = _resident_mib()
        assert _resident_mib() < before + GROWTH_MIB
        await self.feed(name, samples[:0], is_last=True)


def _assert_in_time(ended: Sequence[Piece | Span], heard: StreamHeard, now: float) -> None:
    """In order, none empty, and none in what was not heard yet (a recogniser may look a little ahead)."""
    at = 0.0
    for part in ended:
        assert at - 1e-6 <= part.start <= part.end <= now + 1.0
        at = part.end
    assert all(span.end > span.start for span in ended if isinstance(span, Span))
    assert all(piece.text.strip() for piece in heard.finals)
    assert heard.open_since is None or at - 1e-6 <= heard.open_since <= now


def _assert_settled(heard: StreamHeard, settled_s: float, begun: float | None) -> None:
    """What is told now does not change what was settled; islands that touch are one."""
    for island in heard.islands:
        assert island.start == begun or island.start >= settled_s - 1e-6
        begun = island.end
    if heard.open_since is not None:
        assert heard.open_since == begun or heard.open_since >= settled_s - 1e-6


def _steps(count: int, step: int) -> list[int]:
    return [*range(0, count, step), count]


def _anyhow(count: int, seed: int) -> list[int]:
    chance = random.Random(seed)
    edges = [0]
    while edges[-1] < count:
        edges.append(min(count, edges[-1] + chance.choice([1, 7, 100, 1600, 5000, 20_000, 50_000])))
    return edges


def _pcm(samples: np.ndarray) -> bytes:
    return (samples * 32767).astype("<i2").tobytes()


def _resident_mib() -> float:
    return sum(psutil.Process(pid).memory_info().rss for pid in workers()) / 2**20


def run(case: Case, recording: np.ndarray, minutes: int) -> None:
    """See `conform_live`."""
    asyncio.run(conform_live(case, recording, minutes))

"""Workers that answer from a script, and audio that says what they will hear.

A word is a run of samples of one value, and its text is that value: `w7`. Silence is zeros. So what is
recognised depends on every sample that a session sends, and on nothing else.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from tests.unit.live.virtual_time import now

from parley.engines.contract import Capability, EngineSpec, Role
from parley.engines.profiles import Profile
from parley.errors import EngineFailed, ParleyError, StreamLost, UnitPoisoned
from parley.fleet.fleet import Answer
from parley.live.options import LiveLimits
from parley.live.room import LiveSpeech
from parley.signal.live_islands import LiveIslands
from parley.speech.recognition import Piece, Recognition
from parley.speech.span import Span
from parley.speech.stream import StreamHeard
from parley.speech.transcript import Word
from parley.wire import frames

RATE = 16_000
FRAME = 512


def spec(name: str, role: Role, **facts: object) -> EngineSpec:
    known = {"factory": "none:none", "revision": "1", "summary": "", "licence": "", "max_stretch_s": 21.0}
    return EngineSpec(name=name, role=role, **{**known, **facts})  # type: ignore[arg-type]


ABLE = frozenset({Capability.WORDS, Capability.PROMPT, Capability.HOTWORDS})
MEDIA = spec("media", Role.MEDIA)
VAD = spec("vad", Role.VAD, streams=True)
ASR = spec("asr", Role.ASR, batches=True, batch_size_s=60.0, capabilities=ABLE)
STREAM = spec("stream", Role.ASR, streams=True)
PUNCTUATION = spec("punctuation", Role.PUNCTUATION)
TURN = spec("turn", Role.TURN, context_s=1.0)

PROFILE = Profile("plain", {Role.MEDIA: MEDIA, Role.VAD: VAD, Role.ASR: ASR, Role.TURN: TURN})
STREAMING = Profile("two", dict(PROFILE.engines), streaming=STREAM)
ALONE = Profile("alone", {**PROFILE.engines, Role.ASR: STREAM}, streaming=STREAM)
POINTED = Profile("pointed", {**PROFILE.engines, Role.PUNCTUATION: PUNCTUATION})
PROFILES = {profile.name: profile for profile in (PROFILE, STREAMING, ALONE, POINTED)}
ENGINES = ("vad", "asr", "stream", "punctuation", "turn")


def said(*parts: float | Sequence[int]) -> bytes:
    """Audio: a number is a silence of so many seconds, a list the words that follow each other."""
    pieces = [
        np.zeros(round(part * RATE), dtype="<i2")
        if isinstance(part, (int, float))
        else np.repeat(np.array(part, dtype="<i2"), RATE * 3 // 10)
        for part in parts
    ]
    return np.concatenate(pieces).tobytes()


def words_in(pcm: bytes, islands: Sequence[Span] | None = None) -> list[tuple[int, float, float]]:
    """Values that lie in the islands for more than an instant, with their seconds."""
    samples = np.frombuffer(pcm, dtype="<i2")
    borders = [0, *(np.flatnonzero(np.diff(samples)) + 1).tolist(), len(samples)]
    found = [
        (int(samples[a]), a / RATE, b / RATE)
        for a, b in itertools.pairwise(borders)
        if b - a >= 1600 and samples[a]
    ]
    if islands is None:
        return found
    return [(v, a, b) for v, a, b in found if any(i.start <= (a + b) / 2 <= i.end for i in islands)]


def text_of(words: Sequence[tuple[int, float, float]]) -> str:
    return " ".join(f"w{value}" for value, _, _ in words)


class ListeningStream:
    def __init__(self) -> None:
        self._islands = LiveIslands(FRAME / RATE)
        self._rest = b""
        self._heard = 0

    def feed(self, pcm: bytes, is_last: bool) -> StreamHeard:
        self._heard += len(pcm) // 2
        audio = self._rest + pcm
        size = FRAME * 2
        count = -(-len(audio) // size) if is_last else len(audio) // size
        ended: list[Span] = []
        for index in range(count):
            frame = np.frombuffer(audio[index * size : (index + 1) * size], dtype="<i2")
            ended += self._islands.step(bool(np.count_nonzero(frame) * 2 > len(frame)))
        self._rest = audio[count * size :]
        if is_last:
            ended += self._islands.finish(self._heard / RATE)
        return StreamHeard(
            islands=tuple(ended),
            open_since=None if is_last else self._islands.open_since,
            settled_s=self._islands.settled_s,
        )


class HearingStream:
    """Every word is final as soon as the one after it was heard."""

    def __init__(self) -> None:
        self._pcm = b""
        self._told = 0

    def feed(self, pcm: bytes, is_last: bool) -> StreamHeard:
        self._pcm += pcm
        words = words_in(self._pcm)
        settled = words if is_last else words[:-1]
        fresh, self._told = settled[self._told :], max(self._told, len(settled))
        finals = tuple(Piece(start=a, end=b, text=f"w{value}") for value, a, b in fresh)
        return StreamHeard(finals=finals, partial="" if is_last else text_of(words[self._told :]))


@dataclass
class Worker:
    streams: dict[str, ListeningStream | HearingStream] = field(default_factory=dict)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    lives: int = 1


Mishap = Callable[[frames.Request, int], ParleyError | str | None]
"""What goes wrong with a request at its n-th attempt: an error, or "dies"."""


class ScriptedFleet:
    """Pools of one worker each. `delay` says how long a request takes; `mishap` what goes wrong."""

    def __init__(
        self, delay: Callable[[frames.Request], float] = lambda _: 0.01, mishap: Mishap = lambda *_: None
    ) -> None:
        self.workers: dict[str, Worker] = {}
        self.delay = delay
        self.mishap = mishap
        self.requests: list[frames.Request] = []
        self.punctuates = True

    @property
    def streams(self) -> int:
        return sum(len(worker.streams) for worker in self.workers.values())

    def kill(self) -> None:
        """Every worker is lost between two calls."""
        for worker in self.workers.values():
            worker.streams.clear()
            worker.lives += 1

    async def call(
        self,
        engine: str,
        request: frames.Request,
        audio_s: float,
        on_progress: object = None,
        priority: int = 0,
        *,
        on_cpu: bool = False,
        pool: str | None = None,
    ) -> Answer:
        assert pool is not None
        worker = self.workers.setdefault(pool, Worker())
        async with worker.lock:
            for attempt in (1, 2):
                self.requests.append(request)
                await asyncio.sleep(self.delay(request))
                trouble = self.mishap(request, attempt)
                if isinstance(trouble, ParleyError):
                    raise trouble
                if trouble is None:
                    reply = self._answer(worker, engine, request)
                    return Answer(reply=reply, cpu_s=0.0, worker_pid=1, attempts=attempt)
                worker.streams.clear()
                worker.lives += 1
            raise UnitPoisoned("A part cost two workers.")

    def _answer(self, worker: Worker, engine: str, request: frames.Request) -> frames.Reply:
        match request:
            case frames.OpenStream(stream=name):
                assert name not in worker.streams
                worker.streams[name] = ListeningStream() if engine == "vad" else HearingStream()
            case frames.CloseStream(stream=name):
                worker.streams.pop(name, None)
            case frames.FeedStream():
                return frames.StreamFed(heard=self._feed(worker, request))
            case frames.FeedStreams():
                return self._feed_each(worker, request)
            case frames.RecogniseLive():
                return frames.Recognised(recognitions=tuple(map(recognition, request.stretches)))
            case frames.Punctuate():
                return frames.Punctuated(texts=tuple(f"{text}." for text in request.texts))
            case frames.JudgePause():
                return frames.PauseJudged(silence_s=request.wanted_s)
            case _:
                raise EngineFailed("not scripted")
        return frames.StreamFed(heard=StreamHeard())

    def _feed(self, worker: Worker, feed: frames.FeedStream) -> StreamHeard:
        stream = worker.streams.pop(feed.stream, None)
        if stream is None:
            raise StreamLost("not here")
        heard = stream.feed(feed.pcm, feed.is_last)
        if not feed.is_last:
            worker.streams[feed.stream] = stream
        return heard

    def _feed_each(self, worker: Worker, request: frames.FeedStreams) -> frames.StreamsFed:
        heard: list[StreamHeard | None] = []
        ended: list[frames.StreamEnded | None] = []
        for feed in request.feeds:
            try:
                heard.append(self._feed(worker, feed))
                ended.append(None)
            except ParleyError as error:
                heard.append(None)
                ended.append(frames.StreamEnded(code=error.code, message=error.message))
        return frames.StreamsFed(heard=tuple(heard), ended=tuple(ended))


def recognition(stretch: frames.LiveStretch) -> Recognition:
    found = words_in(stretch.pcm, stretch.islands)
    words = tuple(Word(text=f"w{value}", start=a, end=b) for value, a, b in found)
    if not found:
        return Recognition(pieces=())
    piece = Piece(start=found[0][1], end=found[-1][2], text=text_of(found), words=words, confidence=0.5)
    return Recognition(pieces=(piece,), language="en")


def room(fleet: ScriptedFleet, seats: int = 1, profile: str = "plain", **limits: float) -> LiveSpeech:
    pools: list[Mapping[str, str]] = [dict.fromkeys(ENGINES, f"live-{n}") for n in range(1, seats + 1)]
    return LiveSpeech(
        fleet,
        PROFILES,
        PROFILES,
        profile,
        pools,
        LiveLimits(**limits),  # type: ignore[arg-type]
        clock=now,
    )

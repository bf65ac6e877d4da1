"""A real worker of the environment `sherpa-onnx`, asked frame by frame, and sounds to ask it about."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from parley.engines.contract import EngineSpec
from parley.engines.registry import discover
from parley.fleet.child import Child
from parley.fleet.limits import FleetLimits
from parley.fleet.spec import PoolSpec
from parley.speech.device import Placement
from parley.speech.media import SAMPLE_RATE_HZ, Clip
from parley.speech.recognition import Recognition, RecognitionOptions
from parley.speech.span import Span
from parley.speech.stream import StreamHeard
from parley.wire import frames
from tests.engines.environments import environment

SPECS = {name: spec for name, spec in discover().items() if spec.environment == "sherpa-onnx"}
PATIENT = FleetLimits(start_deadline_s=120.0, load_deadline_s=240.0, call_floor_s=240.0)
PATIENCE_S = 240.0


class Lab:
    """One worker; sounds that it hears are written to `folder`."""

    def __init__(self, child: Child, models: Path, folder: Path) -> None:
        self.child = child
        self._models = models
        self._folder = folder
        self._number = 0

    async def ask(self, make: type[Any], **facts: Any) -> frames.FromWorker | None:
        """The answer to a frame, None when the worker ended instead."""
        self._number += 1
        await self.child.send(make(call_id=self._number, **facts))
        async with asyncio.timeout(PATIENCE_S):
            while (frame := await self.child.receive()) is not None:
                if isinstance(frame, frames.Loaded | frames.Result | frames.Failure):
                    return frame
        return None

    async def load(self, name: str) -> frames.FromWorker | None:
        """Load an engine with its models."""
        spec: EngineSpec = SPECS[name]
        return await self.ask(
            frames.Load,
            engine=name,
            factory=spec.factory,
            takes_setup=spec.takes_setup,
            backend=spec.backend,
            placement=Placement(kinds=spec.devices),
            models={model.name: str(self._models / model.name) for model in spec.models},
        )

    async def call(self, engine: str, request: frames.Request) -> Any:
        """What an engine answers; a failure fails the test."""
        answer = await self.ask(frames.Call, engine=engine, request=request)
        assert isinstance(answer, frames.Result), answer
        return answer.reply

    def clip(self, samples: np.ndarray) -> Clip:
        """The samples in a file."""
        path = self._folder / "sound.pcm"
        path.write_bytes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
        return Clip(path=str(path), first=0, last=len(samples))

    async def recognise(
        self, name: str, samples: np.ndarray, islands: Sequence[Span] = (), **options: Any
    ) -> Recognition:
        """One stretch, all of it one island where none are given."""
        clip = self.clip(samples)
        stretch = frames.StretchRef(clip=clip, islands=tuple(islands) or (Span(0.0, clip.duration),))
        request = frames.Recognise(stretches=(stretch,), options=RecognitionOptions(**options))
        return (await self.call(name, request)).recognitions[0]

    async def find(self, name: str, samples: np.ndarray) -> tuple[Span, ...]:
        """Islands of speech."""
        return (await self.call(name, frames.FindSpeech(clip=self.clip(samples)))).islands

    async def open(self, name: str, stream: str, **options: Any) -> None:
        """Open a stream."""
        request = frames.OpenStream(stream=stream, options=RecognitionOptions(**options))
        await self.call(name, request)

    async def feed(self, name: str, stream: str, samples: np.ndarray, *, is_last: bool) -> StreamHeard:
        """Feed a stream."""
        pcm = (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()
        return (await self.call(name, frames.FeedStream(stream=stream, pcm=pcm, is_last=is_last))).heard

    def resident_mib(self) -> float:
        """Memory of the worker."""
        return psutil.Process(self.child.pid).memory_info().rss / 2**20


@asynccontextmanager
async def lab(models: Path, folder: Path) -> AsyncIterator[Lab]:
    """A worker that has greeted."""
    python = str(await asyncio.to_thread(environment, "sherpa-onnx"))
    child = await Child.start(PoolSpec(name="sherpa-onnx", engines=(), workers=1, python=python), PATIENT)
    try:
        assert isinstance(await child.receive(), frames.Hello)
        yield Lab(child, models, folder)
    finally:
        await child.drop()


def talk(seconds: float, seed: int = 0) -> np.ndarray:
    """Loud and quiet by turns, now bright, now dull; the same for the same seed."""
    generator = np.random.default_rng(seed)
    count = int(seconds * SAMPLE_RATE_HZ)
    time = np.arange(count) / SAMPLE_RATE_HZ + seed
    noise = generator.standard_normal(count)
    sound = np.where(time % 4 < 2, np.sin(2 * np.pi * (150 + 30 * (seed % 5)) * time), noise)
    loud = np.sin(2 * np.pi * 0.35 * time) > -0.3
    return (0.2 * sound * loud + 0.0005 * noise).astype(np.float32)


def assert_in_order(found: Recognition, islands: Sequence[Span], *, words: bool) -> None:
    """Pieces lie inside islands, none before the end of the one in front, and their words inside them."""
    at = 0.0
    for piece in found.pieces:
        assert at - 1e-6 <= piece.start <= piece.end
        assert any(each.start - 1e-6 <= piece.start and piece.end <= each.end + 1e-6 for each in islands)
        assert piece.text == piece.text.strip() != ""
        at = piece.end
        if words:
            assert piece.words
            times = [time for word in piece.words for time in (word.start, word.end)]
            assert times == sorted(times)
            assert piece.start - 1e-6 <= times[0] and times[-1] <= piece.end + 1e-6

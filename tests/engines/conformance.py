"""What every engine must do, whatever library is behind it; each runs in a real worker.

A file `tests/engines/cases/<library>.py` has `CASES`, a tuple of `Case`: nothing else is needed for an
engine to be tested by `tests/integration/engines/test_conformance.py`.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import pkgutil
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil
import pytest

from parley.engines.contract import Capability, EngineSpec, Role
from parley.engines.profiles import Profile, check_options
from parley.engines.registry import discover
from parley.errors import UnsupportedOption
from parley.fleet.fleet import Fleet
from parley.fleet.limits import FleetLimits
from parley.fleet.spec import PoolSpec
from parley.signal.packing import pack, with_margins
from parley.speech.device import CPU, Placement
from parley.speech.media import SAMPLE_RATE_HZ, Clip
from parley.speech.recognition import RecognitionOptions, SpeakerCount
from parley.speech.span import Span
from parley.wire.frames import (
    Clustered,
    ClusterVoices,
    EmbedVoices,
    FindSpeech,
    Punctuate,
    Punctuated,
    Recognise,
    Recognised,
    Reply,
    Request,
    SpeechFound,
    StretchRef,
    VoiceVectors,
)
from tests.engines import cases
from tests.engines.environments import environment
from tests.engines.recognising import assert_in_order

LONG_S = 600
WINDOW_S = 300
"""A vad engine is given as much at once, and so is a speakers engine, as the recipe does."""

TEXTS = ("今天天气很好我们去公园", "hello world this is a test", "", "3.14", "他说 hello 就走了")

PATIENT = FleetLimits(
    start_deadline_s=120.0,
    load_deadline_s=300.0,
    heartbeat_deadline_s=60.0,
    call_floor_s=300.0,
    restart_backoff_s=0.05,
)


@dataclass(frozen=True, kw_only=True)
class Case:
    """An engine, by name. `models` gives the folders of its models by name: it is called once, when the
    engine's turn has come. `long_s` is less than 600 only where the test would take minutes."""

    engine: str
    models: Callable[[], Mapping[str, Path]] = field(default=dict[str, Path])
    long_s: float = LONG_S

    @property
    def spec(self) -> EngineSpec:
        return discover()[self.engine]


def all_cases() -> list[Case]:
    """Those of every library, by name of the engine."""
    modules = [
        importlib.import_module(f"{cases.__name__}.{module.name}")
        for module in pkgutil.iter_modules(cases.__path__)
    ]
    return sorted((case for module in modules for case in module.CASES), key=lambda case: case.engine)


def pool_of(case: Case) -> PoolSpec:
    """One worker, in the engine's own environment."""
    spec = case.spec
    python = str(environment(spec.environment)) if spec.environment else sys.executable
    return PoolSpec(
        name=spec.environment or "main",
        engines=(spec,),
        workers=1,
        python=python,
        placements={spec.name: Placement(wanted=CPU, kinds=spec.devices)},
        models={spec.name: {name: str(folder) for name, folder in case.models().items()}},
    )


def conform(case: Case, recording: np.ndarray, islands: Sequence[Span], folder: Path) -> None:
    """Everything in one worker and its successor, since starting some libraries takes half a minute.

    `recording` is 10 minutes of people talking, `islands` where they do.
    """
    refuses_what_it_cannot(case.spec)

    async def main() -> None:
        tool = _Tool(case, folder)
        async with Fleet([pool_of(case)], PATIENT) as fleet:
            tool.fleet = fleet
            await tool.hears("silence", np.zeros(3 * SAMPLE_RATE_HZ, dtype=np.float32), (Span(0.0, 3.0),))
            await tool.hears("nothing", np.zeros(0, dtype=np.float32), ())
            second = recording[:SAMPLE_RATE_HZ]
            before = await tool.hears("a second", second, (Span(0.0, 1.0),))
            await tool.hears("ten minutes", recording, islands)
            assert before == await tool.hears("a second", second, (Span(0.0, 1.0),)), "it answers differently"
            kill_workers()
            assert before == await tool.hears("a second", second, (Span(0.0, 1.0),)), "a crash changed it"
            running = workers()
            assert running
        gone = [pid for pid in running if psutil.pid_exists(pid)]
        assert not gone, "closing left a worker and its memory behind"

    asyncio.run(main())


def refuses_what_it_cannot(spec: EngineSpec) -> None:
    """Options that it does not name as a capability are refused before anything is done."""
    if spec.role != Role.ASR:
        return
    profile = Profile(spec.name, {Role.ASR: spec})
    asked = {
        Capability.WORDS: RecognitionOptions(words=True),
        Capability.HOTWORDS: RecognitionOptions(hotwords=(("Parley", 1.0),)),
        Capability.PROMPT: RecognitionOptions(prompt="A meeting."),
        Capability.TRANSLATE: RecognitionOptions(task="translate"),
    }
    for capability, options in asked.items():
        if capability in spec.capabilities:
            check_options(profile, options, [profile])
        else:
            with pytest.raises(UnsupportedOption):
                check_options(profile, options, [profile])
    if spec.languages is not None:
        with pytest.raises(UnsupportedOption):
            check_options(profile, RecognitionOptions(language="qq"), [profile])


class _Tool:
    """Lets an engine hear something in the way of its role, and looks at what it says."""

    fleet: Fleet

    def __init__(self, case: Case, folder: Path) -> None:
        self._case = case
        self._spec = case.spec
        self._folder = folder

    async def hears(self, what: str, samples: np.ndarray, islands: Sequence[Span]) -> object:
        samples = samples[: round(self._case.long_s * SAMPLE_RATE_HZ)]
        duration = len(samples) / SAMPLE_RATE_HZ
        path = self._folder / f"{what.replace(' ', '-')}.pcm"
        path.write_bytes((samples * 32767).astype("<i2").tobytes())
        inside = [Span(i.start, min(i.end, duration)) for i in islands if i.start < duration]
        match self._spec.role:
            case Role.VAD:
                return await self._finds(path, len(samples))
            case Role.ASR:
                return await self._recognises(path, len(samples), inside)
            case Role.PUNCTUATION:
                return await self._punctuates(duration)
            case Role.SPEAKERS:
                return await self._tells_apart(path, len(samples), inside)
            case other:
                raise NotImplementedError(other)

    async def _call(self, request: Request, seconds: float) -> Reply:
        done: list[float] = []
        reply = (await self.fleet.call(self._spec.name, request, seconds, done.append)).reply
        assert all(0.0 <= moment <= seconds + 1.0 for moment in done)
        return reply

    async def _finds(self, path: Path, samples: int) -> object:
        found: list[Span] = []
        for first in range(0, max(samples, 1), WINDOW_S * SAMPLE_RATE_HZ):
            last = min(samples, first + WINDOW_S * SAMPLE_RATE_HZ)
            clip = Clip(path=str(path), first=first, last=last)
            reply = await self._call(FindSpeech(clip=clip), clip.duration)
            assert isinstance(reply, SpeechFound)
            assert_disjoint(reply.islands, clip.duration)
            found += reply.islands
        if samples == LONG_S * SAMPLE_RATE_HZ:
            assert found, "ten minutes of people talking, and nobody was heard"
        return found

    async def _recognises(self, path: Path, samples: int, islands: Sequence[Span]) -> object:
        duration = samples / SAMPLE_RATE_HZ
        stretches = pack(islands, self._spec.max_stretch_s)
        clips = with_margins(stretches, duration)
        refs = [_stretch(path, run, clip, samples) for run, clip in zip(stretches, clips, strict=True)]
        if not refs:
            refs = [StretchRef(clip=Clip(path=str(path), first=0, last=samples), islands=())]
        options = RecognitionOptions(words=Capability.WORDS in self._spec.capabilities)
        answers: list[object] = []
        for first in range(0, len(refs), 6):
            some = tuple(refs[first : first + 6])
            request = Recognise(stretches=some, options=options)
            reply = await self._call(request, sum(ref.clip.duration for ref in some))
            assert isinstance(reply, Recognised)
            assert len(reply.recognitions) == len(some)
            for ref, recognition in zip(some, reply.recognitions, strict=True):
                assert_in_order(recognition, ref.clip.duration)
                answers.append(recognition.pieces)
        return answers

    async def _punctuates(self, duration: float) -> object:
        texts = tuple(TEXTS[at % len(TEXTS)] for at in range(max(1, round(duration / 2))))
        reply = await self._call(Punctuate(texts=texts, language=None), duration)
        assert isinstance(reply, Punctuated)
        assert [_letters(text) for text in reply.texts] == [_letters(text) for text in texts], "words changed"
        return reply.texts

    async def _tells_apart(self, path: Path, samples: int, islands: Sequence[Span]) -> object:
        batches: list[VoiceVectors] = []
        for first in range(0, max(1, len(islands)), 30):
            some = tuple(islands[first : first + 30])
            clip = Clip(path=str(path), first=0, last=samples)
            reply = await self._call(EmbedVoices(clip=clip, islands=some), clip.duration)
            assert isinstance(reply, VoiceVectors)
            assert np.isfinite(np.frombuffer(reply.vectors, dtype="<f2").astype(np.float32)).all()
            batches.append(reply)
        turns: list[object] = []
        for count in (SpeakerCount(), SpeakerCount(minimum=2, maximum=2)):
            reply = await self._call(ClusterVoices(batches=tuple(batches), count=count), 1.0)
            assert isinstance(reply, Clustered)
            assert_disjoint([Span(turn.start, turn.end) for turn in reply.turns], samples / SAMPLE_RATE_HZ)
            assert bool(reply.turns) == bool(islands)
            turns += reply.turns
        return turns


def assert_disjoint(spans: Sequence[Span], duration: float) -> None:
    """Inside the audio, sorted, none over another, none empty."""
    at = 0.0
    for span in spans:
        assert at - 1e-6 <= span.start < span.end <= duration + 1e-6
        at = span.end


def _stretch(path: Path, run: Sequence[Span], clip: Span, samples: int) -> StretchRef:
    first = int(clip.start * SAMPLE_RATE_HZ)
    last = min(samples, round(clip.end * SAMPLE_RATE_HZ))
    length = (last - first) / SAMPLE_RATE_HZ
    shifted = (island.shifted(-first / SAMPLE_RATE_HZ) for island in run)
    inside = tuple(Span(max(0.0, island.start), min(length, island.end)) for island in shifted)
    return StretchRef(clip=Clip(path=str(path), first=first, last=last), islands=inside)


def _letters(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())


def workers() -> list[int]:
    """The worker processes of this one."""
    children = psutil.Process(os.getpid()).children(recursive=True)
    return [child.pid for child in children if _is_worker(child)]


def _is_worker(process: psutil.Process) -> bool:
    try:
        return "parley.workers" in process.cmdline()
    except psutil.NoSuchProcess:
        return False


def kill_workers() -> None:
    """All of them, at once."""
    pids = workers()
    assert pids
    for pid in pids:
        os.kill(pid, signal.SIGKILL)

"""A fleet that hums instead of speaking, a sample value for each clause, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from tests.unit.live.virtual_time import now

from parley.engines.contract import Capability, EngineSpec, Role
from parley.errors import ParleyError
from parley.fleet.fleet import Answer
from parley.speech.speaking import Sentence, SpeakingEvent, Spoken, SpokenAudio
from parley.speech.voice import PresetVoice
from parley.synthesis.contract import Speaking
from parley.synthesis.options import SpeakingWish, SynthesisLimits
from parley.synthesis.room import SpeechSynthesis
from parley.wire import frames
from parley.wire.speaking import LearnVoice, Speak, VoiceLearned
from parley.wire.speaking import Spoken as SpokenFrame

RATE_HZ = 24_000
CHARACTER_S = 0.04

HUM = EngineSpec(
    name="hum",
    role=Role.TTS,
    factory="hum:Hum",
    revision="1",
    summary="Hums.",
    licence="Apache-2.0",
    languages=frozenset({"en", "zh"}),
    presets=(
        PresetVoice(name="low", languages=("en",)),
        PresetVoice(name="high", languages=("zh", "en")),
    ),
    max_text_chars=120,
)
SING = replace(
    HUM,
    name="sing",
    languages=frozenset({"en", "fr"}),
    capabilities=frozenset({Capability.SPEED, Capability.INSTRUCT, Capability.CLONE, Capability.DESIGN}),
    presets=(PresetVoice(name="alto", languages=("en",)), PresetVoice(name="low", languages=("fr",))),
)


class HummingFleet:
    """Makes a clause in `took_s` seconds, one at a time; `mishap` says what goes wrong with which text."""

    def __init__(
        self,
        took_s: Callable[[str], float] = lambda _: 0.1,
        mishap: Callable[[str, int], ParleyError | None] = lambda *_: None,
        workers: int = 1,
    ) -> None:
        self.took_s = took_s
        self.mishap = mishap
        self.asked: list[Speak] = []
        self.learnt: list[LearnVoice] = []
        self.priorities: list[int] = []
        self.given_up: list[str] = []
        self.warmed: list[str] = []
        self.rate_hz = RATE_HZ
        self._worker = asyncio.Semaphore(workers)

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
        if isinstance(request, LearnVoice):
            self.learnt.append(request)
            learnt = VoiceLearned(prompt=f"{engine} {len(request.pcm)}".encode())
            return Answer(reply=learnt, cpu_s=0.1, worker_pid=1, attempts=1)
        assert isinstance(request, Speak)
        try:
            async with self._worker:
                self.asked.append(request)
                self.priorities.append(priority)
                await asyncio.sleep(self.took_s(request.text))
                trouble = self.mishap(request.text, len(self.asked))
        except asyncio.CancelledError:
            self.given_up.append(request.text)
            raise
        if trouble is not None:
            raise trouble
        reply = SpokenFrame(pcm=hum(request.text, len(self.asked), self.rate_hz), sample_rate_hz=self.rate_hz)
        return Answer(reply=reply, cpu_s=0.05, worker_pid=1, attempts=1)

    async def warm(self, *engines: str, keep: bool = True) -> None:
        self.warmed += engines
        assert not keep

    @property
    def texts(self) -> list[str]:
        return [request.text for request in self.asked]


def hum(text: str, value: int, rate_hz: int = RATE_HZ) -> bytes:
    return np.full(round(len(text) * CHARACTER_S * rate_hz), 100 * value, dtype="<i2").tobytes()


def room(
    fleet: Any, *engines: EngineSpec, default: str = "", library: Any = None, **limits: Any
) -> SpeechSynthesis:
    installed = {spec.name: spec for spec in engines or (HUM,)}
    return SpeechSynthesis(fleet, installed, default, SynthesisLimits(**limits), library, now)


async def speak(made: SpeechSynthesis, *pieces: str, user: str = "alice", **wish: Any) -> list[SpeakingEvent]:
    """Everything that is told of a text."""
    speaking = await made.open(user, SpeakingWish(**wish))
    return await tell(speaking, *pieces)


async def tell(speaking: Speaking, *pieces: str) -> list[SpeakingEvent]:
    async def write() -> None:
        for piece in pieces:
            await speaking.write(piece)
        await speaking.end()

    writing = asyncio.create_task(write())
    events = [event async for event in speaking.listen()]
    await writing
    return events


def sentences(events: list[SpeakingEvent]) -> list[str]:
    return [event.text for event in events if isinstance(event, Sentence)]


def pcm_of(events: list[SpeakingEvent]) -> bytes:
    return b"".join(event.pcm for event in events if isinstance(event, SpokenAudio))


def check(events: list[SpeakingEvent]) -> Spoken:
    """What holds of every request that was said to its end."""
    *before, last = events
    assert isinstance(last, Spoken)
    samples = owed = 0
    for index, event in enumerate(before):
        if isinstance(event, Sentence):
            assert owed == 0, f"event {index} comes before the audio of the one before"
            assert event.first_sample == samples
            owed = event.samples
        elif isinstance(event, SpokenAudio):
            assert 0 < len(event.pcm) // 2 <= owed
            owed -= len(event.pcm) // 2
            samples += len(event.pcm) // 2
        else:
            raise AssertionError(f"{event} before the last one")
    assert owed == 0 and last.samples == samples
    assert [event.index for event in before if isinstance(event, Sentence)] == list(
        range(len(sentences(events)))
    )
    return last

"""Whether a recording is fit for a voice, as engines that are scripted hear it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from parley.engines.profiles import Profile, build_profiles
from parley.engines.registry import discover
from parley.errors import VoiceRefused
from parley.fleet.fleet import Answer
from parley.speech.media import SAMPLE_RATE_HZ, PcmTrack
from parley.speech.span import Span, SpeakerTurn
from parley.synthesis.judging import judge
from parley.wire import frames

SPECS = discover()
EMBEDDED = build_profiles(SPECS, {})["embedded"]


@dataclass
class Ears:
    """What two engines make of a recording."""

    islands: tuple[Span, ...] = (Span(0.0, 10.0),)
    turns: tuple[SpeakerTurn, ...] = (SpeakerTurn(0.0, 10.0, 0),)
    asked: list[str] = field(default_factory=list)

    async def call(self, engine: str, request: frames.Request, *_: Any, **__: Any) -> Answer:
        self.asked.append(type(request).__name__)
        match request:
            case frames.FindSpeech():
                reply: Any = frames.SpeechFound(islands=self.islands)
            case frames.EmbedVoices():
                reply = frames.VoiceVectors(windows=bytes(16), vectors=bytes(4), dimension=2)
            case _:
                reply = frames.Clustered(turns=self.turns)
        return Answer(reply=reply, cpu_s=0.0, worker_pid=1, attempts=1)

    async def warm(self, *_: str, keep: bool = True) -> None:
        raise NotImplementedError


def judged(folder: Path, ears: Ears, level: float = 0.3, profile: Profile = EMBEDDED) -> None:
    at = np.arange(10 * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    samples = np.clip(level * np.sin(2 * np.pi * 220 * at), -1, 1) * 32767
    path = folder / "mix.pcm"
    path.write_bytes(samples.astype("<i2").tobytes())
    asyncio.run(judge(ears, profile, PcmTrack(path=str(path), samples=len(samples))))


def test_one_person_who_is_heard_well_is_fit(tmp_path: Path) -> None:
    ears = Ears()
    judged(tmp_path, ears)
    assert ears.asked == ["FindSpeech", "EmbedVoices", "ClusterVoices"]


def test_a_cough_of_somebody_else_is_no_second_person(tmp_path: Path) -> None:
    judged(tmp_path, Ears(turns=(SpeakerTurn(0.0, 9.0, 0), SpeakerTurn(9.0, 10.0, 1))))


@pytest.mark.parametrize(
    ("ears", "level", "words"),
    [
        (Ears(turns=(SpeakerTurn(0.0, 5.0, 0), SpeakerTurn(5.0, 10.0, 1))), 0.3, "2 people speak"),
        (Ears(islands=()), 0.3, "Nobody can be heard"),
        (Ears(islands=(Span(1.0, 4.0),)), 0.3, "Only 3.0 of 10.0 seconds"),
        (Ears(), 0.001, "too quiet"),
        (Ears(), 3.0, "distorted"),
    ],
)
def test_what_is_not_fit_is_refused_with_its_reason(
    ears: Ears, level: float, words: str, tmp_path: Path
) -> None:
    with pytest.raises(VoiceRefused, match=words):
        judged(tmp_path, ears, level)


def test_without_an_engine_for_speakers_everything_else_is_judged(tmp_path: Path) -> None:
    alone = build_profiles(SPECS, {"alone": {"speakers": "none"}})["alone"]
    ears = Ears(turns=(SpeakerTurn(0.0, 5.0, 0), SpeakerTurn(5.0, 10.0, 1)))
    judged(tmp_path, ears, profile=alone)
    assert ears.asked == ["FindSpeech"]
    with pytest.raises(VoiceRefused, match="too quiet"):
        judged(tmp_path, ears, 0.001, alone)

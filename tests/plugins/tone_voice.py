"""A voice that hums: 60 ms for each character at 24 kHz, a pitch for each voice; quick and always the same.

The pitch comes from the preset, the prompt or the design, and from `instruct`, so that a test can tell who
spoke. A prompt is b"tone " and the pitch of what was heard. Texts that hold one of these markers go wrong:

    [fail]  the engine raises EngineFailed
    [hang]  it never answers, nor reports
    [slow]  it takes PARLEY_TEST_TONE_SLOW_S seconds (0.5)
    [crash] its process is killed
    [crash once FILE] its process is killed unless FILE is there, which it leaves
    [noise] its audio is not finite
    [long]  it says more than it may
"""

from __future__ import annotations

import hashlib
import os
import re
import signal
import time
from pathlib import Path

import numpy as np

from parley.engines.contract import Capability, EngineSpec, Progress, Role, Speech
from parley.errors import EngineFailed
from parley.speech.voice import PresetVoice, SpeakOptions

SAMPLE_RATE_HZ = 24000
CHARACTER_S = 0.06

PITCHES_HZ = {"low": 220.0, "high": 440.0}

SPEC = EngineSpec(
    name="tone",
    role=Role.TTS,
    factory=":Tone",
    revision="1",
    summary="Hums.",
    licence="Apache-2.0",
    languages=frozenset({"en", "zh"}),
    capabilities=frozenset({Capability.SPEED, Capability.INSTRUCT, Capability.CLONE, Capability.DESIGN}),
    presets=(
        PresetVoice(name="low", languages=("en",), summary="A low hum."),
        PresetVoice(name="high", languages=("zh", "en"), summary="A high hum."),
    ),
)


def pitch_hz(options: SpeakOptions) -> float:
    """What a listener may expect to hear."""
    if options.prompt:
        pitch = float(options.prompt.removeprefix(b"tone "))
    elif options.design:
        pitch = 300.0 + _number(options.design) % 100
    elif options.voice in PITCHES_HZ:
        pitch = PITCHES_HZ[options.voice]
    else:
        raise EngineFailed(f"The engine 'tone' has no voice '{options.voice}'.")
    return pitch + (_number(options.instruct) % 50 if options.instruct else 0)


def _number(words: str) -> int:
    return int.from_bytes(hashlib.sha256(words.encode()).digest()[:4], "big")


class Tone:
    """The engine."""

    def speak(self, text: str, options: SpeakOptions, max_s: float, progress: Progress) -> Speech:
        _go_wrong(text)
        seconds = CHARACTER_S * len(text) / options.speed
        seconds = max_s + 5.0 if "[long]" in text else min(seconds, max_s)
        at = np.arange(round(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
        samples = (0.5 * np.sin(2 * np.pi * pitch_hz(options) * at)).astype(np.float32)
        if "[noise]" in text:
            samples[len(samples) // 2] = np.nan
        progress(seconds)
        return Speech(samples=samples, sample_rate_hz=SAMPLE_RATE_HZ)

    def learn(self, speech: Speech, transcript: str, language: str | None) -> bytes:
        """Hears the loudest pitch of the recording."""
        if not transcript:
            raise EngineFailed("The engine 'tone' wants to know what is said in the recording.")
        spectrum = np.abs(np.fft.rfft(speech.samples))
        loudest = int(spectrum[1:].argmax()) + 1 if len(spectrum) > 1 else 1
        return b"tone %.1f" % (loudest * speech.sample_rate_hz / len(speech.samples))


def _go_wrong(text: str) -> None:
    if "[fail]" in text:
        raise EngineFailed("The engine 'tone' fails where it was asked to.")
    if "[hang]" in text:
        time.sleep(3600)
    if "[slow]" in text:
        time.sleep(float(os.environ.get("PARLEY_TEST_TONE_SLOW_S", "0.5")))
    once = re.search(r"\[crash once ([^\]]+)\]", text)
    if "[crash]" in text or (once and not Path(once[1]).exists()):
        if once:
            Path(once[1]).touch()
        os.kill(os.getpid(), signal.SIGKILL)

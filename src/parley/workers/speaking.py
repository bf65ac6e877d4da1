"""Brings text to an engine that speaks, and looks at what comes out before anybody hears it."""

from __future__ import annotations

from typing import cast

import numpy as np
import numpy.typing as npt

from parley.engines.contract import CloningTtsEngine, Engine, Progress, Speech, TtsEngine
from parley.errors import EngineFailed, InvalidOption
from parley.speech.media import SAMPLE_BYTES
from parley.wire import frames

LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 8000, 48000

SLACK_S = 0.25
"""What an engine may say beyond its bound: models end at whole frames, of 80 ms say."""

MAX_PROMPT_BYTES = 16 << 20
"""A prompt goes out with each clause, and is kept with each voice; those of Qwen3-TTS have some kilobytes."""

_FULL_SCALE = np.float32(32768)


def speak(engine: Engine, request: frames.Speak, progress: Progress, name: str) -> frames.Spoken:
    """One clause as s16le; raises EngineFailed where the engine answered no audio, or too much of it."""
    said = cast("TtsEngine", engine).speak(request.text, request.options, request.max_s, progress)
    samples = _checked(said, request.max_s, name)
    return frames.Spoken(pcm=_pcm(samples), sample_rate_hz=int(said.sample_rate_hz))


def learn(engine: Engine, request: frames.LearnVoice, name: str) -> frames.VoiceLearned:
    """The prompt of a voice; raises EngineFailed where the engine cannot learn one, or made none."""
    if not hasattr(engine, "learn"):
        raise EngineFailed(f"The engine '{name}' cannot learn voices.")
    speech = Speech(samples=_heard(request.pcm), sample_rate_hz=request.sample_rate_hz)
    prompt = cast("CloningTtsEngine", engine).learn(speech, request.transcript, request.language)
    if not 0 < len(prompt) <= MAX_PROMPT_BYTES:
        raise EngineFailed(f"The engine '{name}' made a prompt of {len(prompt)} bytes; it is broken.")
    return frames.VoiceLearned(prompt=bytes(prompt))


def _checked(said: Speech, max_s: float, name: str) -> npt.NDArray[np.float32]:
    samples, rate_hz = np.asarray(said.samples), said.sample_rate_hz
    if samples.ndim != 1 or not np.issubdtype(samples.dtype, np.floating):
        # Whole numbers would be read as full scale, and come out as noise.
        raise EngineFailed(f"The engine '{name}' answered no mono audio; it is broken.")
    if not LOWEST_RATE_HZ <= rate_hz <= HIGHEST_RATE_HZ:
        raise EngineFailed(f"The engine '{name}' answered audio at {rate_hz} Hz; it is broken.")
    if len(samples) > (max_s + SLACK_S) * rate_hz:
        seconds = len(samples) / rate_hz
        raise EngineFailed(f"The engine '{name}' spoke for {seconds:.1f} s where {max_s:.1f} s were allowed.")
    if not np.isfinite(samples).all():
        raise EngineFailed(f"The engine '{name}' answered audio that is no sound; it is broken.")
    return samples.astype(np.float32, copy=False)


def _pcm(samples: npt.NDArray[np.float32]) -> bytes:
    whole_numbers = np.rint(samples * _FULL_SCALE)
    return np.clip(whole_numbers, -32768, 32767).astype("<i2").tobytes()


def _heard(pcm: bytes) -> npt.NDArray[np.float32]:
    if len(pcm) % SAMPLE_BYTES:
        raise InvalidOption("A reference recording comes in whole samples of 16 bits.")
    return np.frombuffer(pcm, dtype="<i2").astype(np.float32) / _FULL_SCALE

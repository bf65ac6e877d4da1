"""Whether an engine environment works: a real worker of it, and half a second of audio for each engine, or a
sentence that it says."""

from __future__ import annotations

import asyncio
import math
import sys
import tempfile
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from parley.app.pools import limits_for, pool_of_environment
from parley.app.workshop import supplies_of
from parley.engines.contract import Capability, EngineSpec, Role
from parley.engines.registry import discover
from parley.errors import InvalidOption, ParleyError, ProfileNotInstalled
from parley.fleet.fleet import Fleet
from parley.fleet.probing import probe
from parley.fleet.spec import PoolSpec
from parley.settings import Settings
from parley.speech.media import SAMPLE_BYTES, SAMPLE_RATE_HZ, Clip
from parley.speech.recognition import RecognitionOptions
from parley.speech.span import Span
from parley.speech.voice import SpeakOptions
from parley.supply.readiness import Supplies
from parley.wire import frames

SECONDS = 0.5
_SPOKEN_S, _REFERENCE_S = 30.0, 4.0
_CHINESE, _ENGLISH = "今天天气很好我们去公园吧", "the weather is fine today let us go out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One line of the check: a device, an engine, or the environment itself.

    `works` is None where it was not tried: an engine that only lacks its model has not failed.
    """

    subject: str
    state: str
    works: bool | None = True


async def check(settings: Settings, name: str) -> AsyncGenerator[Checked]:
    """Start a worker of the environment, look at its devices, and try each engine whose models are here.

    Raises InvalidOption, ProfileNotInstalled, EngineOutdated, or what else keeps the worker from starting.
    """
    supplies = supplies_of(settings)
    specs = discover(settings.engine_dirs).values()
    engines = [spec for spec in specs if spec.environment == name]
    _require(name, engines, supplies)
    pool = _pool(name, engines, settings, supplies)
    # A check is about devices as they are: what a bound on memory leaves out is no fault.
    limits = replace(limits_for(settings), device_memory_mib={})
    async with Fleet([pool], limits) as fleet:
        await fleet.warm()
        yield Checked(subject="worker", state="starts")
        async for line in _devices(engines, pool.command()[0], name):
            yield line
        for spec in engines:
            yield await _try(spec, fleet, supplies)


def _require(name: str, engines: Sequence[EngineSpec], supplies: Supplies) -> None:
    known = {*supplies.environments.recipes, *(spec.environment for spec in engines)}
    if name not in known:
        listed = ", ".join(sorted(supplies.environments.recipes))
        raise InvalidOption(f"There is no engine environment '{name}'; there are: {listed}.")
    if supplies.environments.python(name) is None and (not engines or supplies.lack(engines).environments):
        raise ProfileNotInstalled(
            f"The environment '{name}' is not installed; run: parley engines install {name}"
        )


def _pool(name: str, engines: Sequence[EngineSpec], settings: Settings, supplies: Supplies) -> PoolSpec:
    if engines:
        return pool_of_environment(name, engines, settings, supplies)
    python = supplies.environments.python(name) or sys.executable
    return PoolSpec(name=name, engines=(), workers=1, python=python)


async def _devices(engines: Sequence[EngineSpec], python: str, name: str) -> AsyncGenerator[Checked]:
    for backend in dict.fromkeys(spec.backend for spec in engines if spec.backend):
        try:
            found = await probe(backend, python=python, environment=name)
        except ParleyError as error:
            yield Checked(subject=backend.rpartition(":")[2], state=error.message, works=False)
            continue
        for device in found:
            state = f"cannot be used: {device.problem}" if device.problem else "works"
            works = None if device.problem else True
            yield Checked(subject=f"device {device.name}", state=f"{state} ({device.title})", works=works)


async def _try(spec: EngineSpec, fleet: Fleet, supplies: Supplies) -> Checked:
    missing = [model.name for model in spec.models if supplies.models.folder(model) is None]
    if missing:
        pulls = "; ".join(f"parley models pull {model}" for model in missing)
        return Checked(subject=spec.name, state=f"has no model yet; run: {pulls}", works=None)
    try:
        with tempfile.TemporaryDirectory() as folder:
            clip = await asyncio.to_thread(_audio, Path(folder))
            request = speaking_request(spec) if spec.role == Role.TTS else _request(spec, clip)
            patience_s = _SPOKEN_S if spec.role == Role.TTS else SECONDS
            reply = (await fleet.call(spec.name, request, patience_s)).reply
    except ParleyError as error:
        return Checked(subject=spec.name, state=error.message, works=False)
    return Checked(subject=spec.name, state=f"works ({_what(reply)})")


def _what(reply: frames.Reply) -> str:
    if isinstance(reply, frames.Spoken):
        return f"spoke for {len(reply.pcm) / SAMPLE_BYTES / reply.sample_rate_hz:.1f} s"
    if isinstance(reply, frames.VoiceLearned):
        return "learned a voice"
    return f"{SECONDS} s of audio"


def speaking_request(spec: EngineSpec) -> frames.Request:
    """What shows that an engine speaks: its first voice, one from words, or that it learns one."""
    if spec.presets:
        first = spec.presets[0]
        options = SpeakOptions(voice=first.name, language=next(iter(first.languages), None))
    elif Capability.DESIGN in spec.capabilities:
        options = SpeakOptions(design="A calm voice.", language="en")
    else:
        pcm = _vowel(_REFERENCE_S).tobytes()
        return frames.LearnVoice(pcm=pcm, sample_rate_hz=SAMPLE_RATE_HZ, transcript=_ENGLISH, language="en")
    text = _CHINESE if options.language == "zh" else _ENGLISH
    return frames.Speak(text=text, options=options, max_s=_SPOKEN_S)


def _audio(folder: Path) -> Clip:
    samples = _vowel(SECONDS)
    path = folder / "half-a-second.pcm"
    path.write_bytes(samples.tobytes())
    return Clip(path=str(path), first=0, last=len(samples))


def _vowel(seconds: float) -> npt.NDArray[np.int16]:
    """A tone like a vowel: enough to run every part of a model."""
    at = np.arange(int(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    tone = sum(np.sin(2 * math.pi * 120 * k * at) / k for k in range(1, 12))
    return np.asarray(tone * 4000, dtype="<i2")


def _request(spec: EngineSpec, clip: Clip) -> frames.Request:
    whole = (Span(start=0.0, end=SECONDS),)
    chinese = spec.languages is not None and "zh" in spec.languages
    text, language = (_CHINESE, "zh") if chinese else (_ENGLISH, "en")
    match spec.role:
        case Role.VAD:
            return frames.FindSpeech(clip=clip)
        case Role.PUNCTUATION:
            return frames.Punctuate(texts=(text,), language=language)
        case Role.SPEAKERS:
            return frames.EmbedVoices(clip=clip, islands=whole)
        case Role.ALIGN:
            return frames.Align(clip=clip, text=text, language=language)
        case Role.TURN:
            return frames.JudgePause(pcm=b"", wanted_s=SECONDS, language=language)
        case Role.ASR | Role.MEDIA | Role.TTS:
            stretch = frames.StretchRef(clip=clip, islands=whole)
            return frames.Recognise(stretches=(stretch,), options=RecognitionOptions())

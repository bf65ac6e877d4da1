"""A recogniser in a real worker, as the server runs it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from parley.engines.contract import EngineSpec
from parley.fleet.fleet import Fleet
from parley.fleet.limits import FleetLimits
from parley.fleet.spec import PoolSpec
from parley.speech.device import CPU, Placement
from parley.speech.media import SAMPLE_RATE_HZ, Clip
from parley.speech.recognition import Recognition, RecognitionOptions
from parley.speech.span import Span
from parley.wire.frames import Recognise, Recognised, StretchRef

PATIENT = FleetLimits(start_deadline_s=120.0, load_deadline_s=240.0, call_floor_s=240.0)


def pool_of(spec: EngineSpec, model: Path | None, python: Path | None = None) -> PoolSpec:
    """A worker for one engine, whose only model lies in `model`."""
    models = {spec.name: {spec.models[0].name: str(model)}} if model else {}
    return PoolSpec(
        name=spec.environment or "main",
        engines=(spec,),
        workers=1,
        python=str(python or sys.executable),
        installed_as=spec.environment,
        placements={spec.name: Placement(wanted=CPU, kinds=spec.devices)},
        models=models,
    )


async def recognise(
    fleet: Fleet,
    name: str,
    folder: Path,
    samples: np.ndarray,
    islands: tuple[Span, ...] = (),
    options: RecognitionOptions | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> Recognition:
    """What a worker says to one stretch; without islands all of it is one."""
    path = folder / "sound.pcm"
    path.write_bytes((samples * 32767).astype("<i2").tobytes())
    clip = Clip(path=str(path), first=0, last=len(samples))
    stretch = StretchRef(clip=clip, islands=islands or (Span(0.0, clip.duration),))
    request = Recognise(stretches=(stretch,), options=options or RecognitionOptions())
    reply = (await fleet.call(name, request, clip.duration, on_progress)).reply
    assert isinstance(reply, Recognised)
    return reply.recognitions[0]


def assert_in_order(found: Recognition, seconds: float) -> None:
    """Times lie inside the audio, and none before the one in front; words lie inside their piece."""
    at = 0.0
    for piece in found.pieces:
        assert at <= piece.start <= piece.end <= seconds + 1e-6
        assert piece.text == piece.text.strip() != ""
        before = piece.start
        for word in piece.words or ():
            assert before - 1e-9 <= word.start <= word.end <= piece.end + 1e-9
            before = word.end
        at = piece.end


def noise(seconds: float, seed: int = 0) -> np.ndarray:
    """Something that is not silence."""
    random = np.random.default_rng(seed)
    return (random.standard_normal(round(seconds * SAMPLE_RATE_HZ)) * 0.1).astype(np.float32)

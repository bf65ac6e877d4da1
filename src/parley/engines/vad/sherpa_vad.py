"""Silero VAD and TEN VAD through sherpa-onnx: recordings, and live audio.

The library's own `VoiceActivityDetector` keeps what it hears as long as somebody speaks. Here only its
model is used, which says of each frame whether it is speech; `LiveIslands` makes islands of that in constant
memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from parley.engines import sherpa_models as models
from parley.engines.contract import EngineSpec, Progress, Role, Samples
from parley.engines.model import ModelSpec
from parley.engines.setup import Setup
from parley.signal.live_islands import LiveIslands, Quietness
from parley.speech.media import SAMPLE_RATE_HZ
from parley.speech.recognition import RecognitionOptions
from parley.speech.span import Span
from parley.speech.stream import StreamHeard

PROGRESS_FRAMES = 300
"""About ten seconds of audio."""

THRESHOLD = 0.5
"""Both publishers' own. Once somebody speaks, 0.15 less is enough."""


LEAD_S = 0.07


def _spec(name: str, factory: str, title: str, model: ModelSpec) -> EngineSpec:
    return EngineSpec(
        name=name,
        role=Role.VAD,
        factory=f"parley.engines.vad.sherpa_vad:{factory}",
        revision=f"{name}/1",
        summary=f"{title} through sherpa-onnx: finds speech in any language, live too.",
        licence=model.licence,
        requires=models.REQUIRES,
        environment=models.ENVIRONMENT,
        install=models.INSTALL,
        models=(model,),
        backend=models.BACKEND,
        devices=("cpu",),
        memory_mib=30,
        streams=True,
    )


SPECS = (
    _spec("sherpa-silero", "make_silero", "Silero VAD", models.SILERO),
    _spec("sherpa-ten", "make_ten", "TEN VAD", models.TEN),
)


class SherpaVad:
    """Finds where somebody speaks; `open_model` makes a model that has heard nothing yet."""

    def __init__(self, open_model: Callable[[], Any], frame: int) -> None:
        self._open_model = open_model
        self._frame = frame
        # Opened once here too, so that a model that does not open fails now. It is kept for recordings.
        self._model = open_model()

    def find_speech(self, samples: Samples, progress: Progress) -> list[Span]:
        """Islands of speech in seconds from the first sample, sorted and disjoint."""
        self._model.reset()
        stream = SherpaVadStream(self._model, self._frame)
        step = PROGRESS_FRAMES * self._frame
        islands: list[Span] = []
        for first in range(0, len(samples), step):
            islands += stream.feed(samples[first : first + step], is_last=False).islands
            progress(min(first + step, len(samples)) / SAMPLE_RATE_HZ)
        return [*islands, *stream.feed(samples[:0], is_last=True).islands]

    def open_stream(self, options: RecognitionOptions) -> SherpaVadStream:
        """A stream with a model of its own: what a model has heard changes what it says next."""
        return SherpaVadStream(self._open_model(), self._frame)


class SherpaVadStream:
    """One input, fed in parts of any length."""

    def __init__(self, model: Any, frame: int) -> None:
        self._model = model
        self._frame = frame
        frame_s = frame / SAMPLE_RATE_HZ
        # The library calls the second frame of speech the first.
        self._islands = LiveIslands(frame_s, Quietness(lead_s=LEAD_S + frame_s))
        self._rest: Samples = np.zeros(0, dtype=np.float32)
        self._heard = 0
        self._was_speech = False

    def feed(self, samples: Samples, *, is_last: bool) -> StreamHeard:
        """Islands that have ended; with `is_last` the one that is open ends."""
        self._heard += len(samples)
        ended = self._islands.take(self._frames(samples, is_last))
        if is_last:
            ended += self._islands.finish(self._heard / SAMPLE_RATE_HZ)
        return StreamHeard(
            islands=tuple(ended),
            open_since=None if is_last else self._islands.open_since,
            settled_s=self._islands.settled_s,
        )

    def _frames(self, samples: Samples, is_last: bool) -> Iterator[bool]:
        """Whether each frame that is complete is speech; the last is filled up with silence."""
        audio = np.concatenate([self._rest, samples])
        window = self._model.window_size()
        if is_last and len(audio):
            frames = -(-len(audio) // self._frame)
            audio = np.pad(audio, (0, max(0, (frames - 1) * self._frame + window - len(audio))))
        first = 0
        while first + window <= len(audio):
            yield bool(self._model.is_speech(audio[first : first + window]))
            first += self._frame
        self._rest = audio[first:].copy()


def _opener(setup: Setup, **files: Any) -> Callable[[], Any]:
    sherpa_onnx = models.library()
    config = sherpa_onnx.VadModelConfig(sample_rate=SAMPLE_RATE_HZ, **files, **models.compute(setup))
    return lambda: sherpa_onnx.VadModel.create(config)


# The model is to say of every frame what it hears; how long speech and pauses must be is decided here.
_PLAIN = {"threshold": THRESHOLD, "min_silence_duration": 0.0, "min_speech_duration": 0.0}


def make_silero(setup: Setup) -> SherpaVad:
    """The engine `sherpa-silero`."""
    sherpa_onnx = models.library()
    frame = 512
    file = models.file_of(setup, models.SILERO, "silero_vad.onnx")
    silero = sherpa_onnx.SileroVadModelConfig(model=file, window_size=frame, **_PLAIN)
    return SherpaVad(_opener(setup, silero_vad=silero), frame)


def make_ten(setup: Setup) -> SherpaVad:
    """The engine `sherpa-ten`."""
    sherpa_onnx = models.library()
    frame = 256
    file = models.file_of(setup, models.TEN, "ten-vad.onnx")
    ten = sherpa_onnx.TenVadModelConfig(model=file, window_size=frame, **_PLAIN)
    return SherpaVad(_opener(setup, ten_vad=ten), frame)

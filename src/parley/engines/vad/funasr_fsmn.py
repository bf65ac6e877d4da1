"""FSMN-VAD through FunASR: whole recordings and live audio.

Model card: https://modelscope.cn/models/iic/speech_fsmn_vad_zh-cn-16k-common-pytorch. Everything that
changes while audio comes in lies in the cache of one call or one stream. What the model object itself
keeps between two steps (the size of the last block) is written before it is read in every step, and a
worker takes one step after another: FunASR issue 865 needs two threads in one object.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from parley.engines.contract import EngineSpec, Progress, Role, Samples
from parley.engines.funasr_models import (
    BACKEND,
    ENVIRONMENT,
    INSTALL,
    LEAST_SAMPLES,
    MODEL_LICENCE,
    REQUIRES,
    Opened,
    open_model,
    tensor,
)
from parley.engines.model import Hub, ModelSource, ModelSpec
from parley.engines.setup import Setup
from parley.speech.media import SAMPLE_RATE_HZ
from parley.speech.recognition import RecognitionOptions
from parley.speech.span import Span
from parley.speech.stream import StreamHeard

_FILES = ("config.yaml", "configuration.json", "model.pt", "am.mvn")

MODEL = ModelSpec(
    name="fsmn-vad",
    sources=(
        ModelSource(
            hub=Hub.MODELSCOPE,
            repo="iic/speech_fsmn_vad_zh-cn-16k-common-pytorch",
            revision="v2.0.4",
            files=_FILES,
        ),
        ModelSource(
            hub=Hub.HUGGINGFACE,
            repo="funasr/fsmn-vad",
            revision="df20e6b30c653645fa4ff125cacfcabd1020a669",
            files=_FILES,
        ),
    ),
    needs=("config.yaml", "model.pt", "am.mvn"),
    size_mib=2,
    licence=MODEL_LICENCE,
)

SPEC = EngineSpec(
    name="funasr-fsmn-vad",
    role=Role.VAD,
    factory="parley.engines.vad.funasr_fsmn:FsmnVad",
    revision="fsmn-vad-funasr-1.4/1",
    summary="FSMN-VAD through FunASR: finds speech, live too.",
    licence=f"MIT; {MODEL_LICENCE}",
    requires=REQUIRES,
    environment=ENVIRONMENT,
    install=INSTALL,
    models=(MODEL,),
    backend=BACKEND,
    devices=("cpu", "cuda", "mps"),
    memory_mib=400,
    public_names=("fsmn-vad", "iic/speech_fsmn_vad_zh-cn-16k-common-pytorch"),
    streams=True,
)

BLOCK_S = 60
"""A recording goes through in blocks of a minute, as FunASR itself cuts it: this bounds memory."""

STEP = 3_200
"""Live audio goes through in steps of 0.2 s."""

KEPT = 1_600
"""So much of live audio waits for what comes next, because the last step must not be empty."""

LIVE_PAUSE_MS = 400
"""Live islands end after so much silence, half of a recording's: whether a pause ends an utterance is
decided by whoever listens, as soon as it was asked for. Ends lie where they lie in recordings; pauses that
are shorter give islands that touch."""

LATE_S = 0.5
"""Before what went through less this, no later island begins and no open one ends: FunASR looks back 0.4 s
for a start. 0.44 s was the most in eight minutes of speech."""

_HOW = {"dynamic_silence": False}
"""An island ends after the silence that its settings say (0.8 s). FunASR's schedule by the length of an
island, the default since 1.4, counts its own blocks: a recording's first minute becomes one island."""


class FsmnVad:
    """Finds where somebody speaks.

    `auto` takes the processor: the network is small, and FunASR decides frame by frame in Python.
    """

    def __init__(self, setup: Setup) -> None:
        self._opened = open_model(MODEL.name, setup)

    def find_speech(self, samples: Samples, progress: Progress) -> list[Span]:
        """Islands of speech in seconds from the first sample, sorted and disjoint."""
        if len(samples) < LEAST_SAMPLES:
            return []
        cache: dict[str, Any] = {}
        found: list[tuple[int, int]] = []
        block = BLOCK_S * SAMPLE_RATE_HZ
        for first in range(0, len(samples), block):
            last = first + block >= len(samples)
            found += self._block(samples[first : first + block], cache, is_last=last)
            progress(min(len(samples), first + block) / SAMPLE_RATE_HZ)
        return _spans(found, len(samples) / SAMPLE_RATE_HZ)

    def open_stream(self, options: RecognitionOptions) -> FsmnStream:
        """A stream whose islands end after `LIVE_PAUSE_MS` of silence."""
        return FsmnStream(self._opened)

    def _block(self, samples: Samples, cache: dict[str, Any], *, is_last: bool) -> list[tuple[int, int]]:
        # A last block as long as FunASR's own would be followed by an empty one.
        size_ms = BLOCK_S * 1000 + is_last
        (answer,) = self._opened.infer(
            [tensor(samples)],
            cache=cache,
            is_final=is_last,
            is_streaming_input=False,
            chunk_size=size_ms,
            **_HOW,
        )
        return [(int(start), int(end)) for start, end in answer["value"]]


class FsmnStream:
    """One live input."""

    def __init__(self, opened: Opened) -> None:
        self._opened = opened
        self._cache: dict[str, Any] = opened.model.init_cache({}, **opened.settings)
        # Told as an argument it would hold for every later call of the model.
        window_ms = opened.model.vad_opts.speech_to_sil_time_thres
        self._cache["stats"].max_end_sil_frame_cnt_thresh = LIVE_PAUSE_MS - window_ms
        self._waiting = np.zeros(0, dtype=np.float32)
        self._heard = 0
        self._since: float | None = None

    def feed(self, samples: Samples, *, is_last: bool) -> StreamHeard:
        """Islands that have ended, and the beginning of one that goes on."""
        self._waiting = np.concatenate([self._waiting, samples])
        self._heard += len(samples)
        events = self._run(is_last=is_last)
        islands = tuple(self._islands(events))
        if is_last and self._since is not None:
            islands = (*islands, Span(self._since, self._heard / SAMPLE_RATE_HZ))
            self._since = None
        return StreamHeard(islands=islands, open_since=self._since, settled_s=self._settled_s())

    def _settled_s(self) -> float:
        return max(0.0, (self._heard - len(self._waiting)) / SAMPLE_RATE_HZ - LATE_S)

    def _run(self, *, is_last: bool) -> list[list[int]]:
        """Whole steps, the same however the audio came; at the end what is left goes through in one."""
        steps = max(0, len(self._waiting) - KEPT) // STEP
        ready, rest = self._waiting[: steps * STEP], self._waiting[steps * STEP :]
        self._waiting = np.zeros(0, dtype=np.float32) if is_last else rest.copy()
        events = self._infer(ready, STEP, is_last=False)
        # As long as FunASR's own step it would be followed by an empty one.
        return events + self._infer(rest, max(STEP, len(rest)) + 1, is_last=True) if is_last else events

    def _infer(self, ready: Samples, size: int, *, is_last: bool) -> list[list[int]]:
        if not len(ready) or self._heard < LEAST_SAMPLES:
            return []
        (answer,) = self._opened.infer(
            [tensor(ready)],
            cache=self._cache,
            is_final=is_last,
            is_streaming_input=True,
            chunk_size=size * 1000 / SAMPLE_RATE_HZ,
            **_HOW,
        )
        return answer["value"]

    def _islands(self, events: list[list[int]]) -> list[Span]:
        """Events are [start, -1], [-1, end] or [start, end] in milliseconds."""
        islands: list[Span] = []
        for start, end in events:
            if start >= 0:
                self._since = start / 1000
            if end >= 0 and self._since is not None:
                until = min(end / 1000, self._heard / SAMPLE_RATE_HZ)
                if until > self._since:
                    islands.append(Span(self._since, until))
                self._since = None
        return islands


def _spans(found: list[tuple[int, int]], duration: float) -> list[Span]:
    """Milliseconds to seconds, inside the audio and none over another."""
    spans: list[Span] = []
    for start, end in sorted(found):
        first = max(start / 1000, spans[-1].end if spans else 0.0)
        last = min(end / 1000, duration)
        if last > first:
            spans.append(Span(first, last))
    return spans

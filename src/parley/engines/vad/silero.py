"""Silero VAD v6 (MIT), the ONNX graph that faster-whisper carries, without importing faster-whisper.

Model card: https://github.com/snakers4/silero-vad. A frame is 512 samples with the 64 before it as
context; the recurrent state goes from frame to frame inside the graph, so that one call takes many
frames at once: 0.001 processor seconds per audio second, a fortieth of calling it frame by frame.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from parley.engines.carried import open_session, package_folder
from parley.engines.contract import EngineSpec, Progress, Role, Samples
from parley.signal.islands import find_islands
from parley.speech.media import SAMPLE_RATE_HZ
from parley.speech.span import Span

SPEC = EngineSpec(
    name="silero",
    role=Role.VAD,
    factory="parley.engines.vad.silero:Silero",
    revision="silero-v6/1",
    summary="Silero VAD v6 on the CPU: finds speech in any language.",
    licence="MIT",
    requires=("faster_whisper", "onnxruntime"),
    install="pip install 'faster-whisper>=1.2,<2' onnxruntime",
)

FRAME = 512
CONTEXT = 64
STATE = 128
BATCH_FRAMES = 500
"""16 s of audio. The graph's memory stays in the processor's cache: batches of 10,000 frames, as
faster-whisper takes them, cost 1.7 times as much and answer the same to the last bit."""


class Silero:
    """Finds where somebody speaks."""

    def __init__(self) -> None:
        weights = package_folder("faster_whisper") / "assets" / "silero_vad_v6.onnx"
        self._session = open_session(weights, keep_arena=False)

    def find_speech(self, samples: Samples, progress: Progress) -> list[Span]:
        """Islands of speech in seconds from the first sample, sorted and disjoint."""
        if not len(samples):
            return []
        probabilities = self._probabilities(samples, progress)
        return find_islands(probabilities, FRAME / SAMPLE_RATE_HZ, len(samples) / SAMPLE_RATE_HZ)

    def _probabilities(self, samples: Samples, progress: Progress) -> npt.NDArray[np.float32]:
        state: Any = np.zeros((1, 1, STATE), dtype=np.float32)
        cell: Any = state
        found: list[npt.NDArray[np.float32]] = []
        for done, batch in enumerate(_batches(samples), start=1):
            answer, state, cell = self._session.run(None, {"input": batch, "h": state, "c": cell})
            found.append(np.asarray(answer, dtype=np.float32).reshape(-1))
            progress(min(done * BATCH_FRAMES * FRAME, len(samples)) / SAMPLE_RATE_HZ)
        return np.concatenate(found)


def _batches(samples: Samples) -> Iterator[npt.NDArray[np.float32]]:
    """Frames with their context, shape (up to `BATCH_FRAMES`, 576); silence before and after."""
    size = BATCH_FRAMES * FRAME
    for first in range(0, len(samples), size):
        batch = samples[max(0, first - CONTEXT) : first + size]
        before = CONTEXT if first == 0 else 0
        frames = -(-(len(batch) + before - CONTEXT) // FRAME)
        padded = np.zeros(CONTEXT + frames * FRAME, dtype=np.float32)
        padded[before : before + len(batch)] = batch
        windows = np.lib.stride_tricks.sliding_window_view(padded, CONTEXT + FRAME)[::FRAME]
        yield np.ascontiguousarray(windows)

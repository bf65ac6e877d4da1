"""Silero VAD v6 (MIT), the ONNX graph that faster-whisper carries, without importing faster-whisper.

Model card: https://github.com/snakers4/silero-vad. A frame is 512 samples with the 64 before it as
context; the recurrent state goes from frame to frame inside the graph, so that one call takes many
frames at once: 0.001 to 0.002 processor seconds per audio second, and 0.004 frame by frame.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from parley.engines.carried import open_session, package_folder
from parley.engines.contract import EngineSpec, Progress, Role, Samples
from parley.signal.islands import SILERO, find_islands
from parley.signal.live_islands import LiveIslands, Quietness
from parley.speech.media import SAMPLE_RATE_HZ
from parley.speech.recognition import RecognitionOptions
from parley.speech.span import Span
from parley.speech.stream import StreamHeard

SPEC = EngineSpec(
    name="silero",
    role=Role.VAD,
    factory="parley.engines.vad.silero:Silero",
    revision="silero-v6/1",
    summary="Silero VAD v6 on the CPU: finds speech in any language, live too.",
    licence="MIT",
    requires=("faster_whisper", "onnxruntime"),
    install="pip install 'faster-whisper>=1.2,<2' onnxruntime",
    streams=True,
)

FRAME = 512
CONTEXT = 64
STATE = 128
BATCH_FRAMES = 500
"""16 s of audio. The graph's memory stays in the processor's cache: batches of 10,000 frames, as
faster-whisper takes them, cost 1.7 times as much and answer the same to the last bit."""

QUIETNESS = Quietness(
    least_pause_s=SILERO.least_pause_s,
    least_speech_s=SILERO.least_speech_s,
    longest_s=SILERO.longest_s,
    lead_s=SILERO.lead_s,
    tail_s=SILERO.tail_s,
)
"""Live islands are those of recordings, but for where one of more than `longest_s` is cut."""


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

    def open_stream(self, options: RecognitionOptions) -> SileroStream:
        """A stream that keeps the graph's state, and of the audio less than two frames."""
        return SileroStream(self._session)

    def _probabilities(self, samples: Samples, progress: Progress) -> npt.NDArray[np.float32]:
        state: Any = np.zeros((1, 1, STATE), dtype=np.float32)
        cell: Any = state
        found: list[npt.NDArray[np.float32]] = []
        for done, batch in enumerate(_batches(samples), start=1):
            answer, state, cell = self._session.run(None, {"input": batch, "h": state, "c": cell})
            found.append(np.asarray(answer, dtype=np.float32).reshape(-1))
            progress(min(done * BATCH_FRAMES * FRAME, len(samples)) / SAMPLE_RATE_HZ)
        return np.concatenate(found)


class SileroStream:
    """One live input, fed in parts of any length.

    Frames go through the graph one by one, however many have come: so what is said of a frame depends on
    the audio alone, on every processor. All at once would cost 0.001 to 0.002 processor seconds per audio
    second less.
    """

    def __init__(self, session: Any) -> None:
        self._session = session
        self._state: Any = np.zeros((1, 1, STATE), dtype=np.float32)
        self._cell: Any = self._state
        self._waiting: Samples = np.zeros(CONTEXT, dtype=np.float32)
        self._heard = 0
        self._islands = LiveIslands(FRAME / SAMPLE_RATE_HZ, QUIETNESS)

    def feed(self, samples: Samples, *, is_last: bool) -> StreamHeard:
        """Islands that have ended; with `is_last` the one that is open ends."""
        self._heard += len(samples)
        ended = [island for frame in self._frames(samples, is_last) for island in self._hear(frame)]
        if is_last:
            ended += self._islands.finish(self._heard / SAMPLE_RATE_HZ)
        return StreamHeard(
            islands=tuple(ended),
            open_since=self._islands.open_since,
            settled_s=self._islands.settled_s,
        )

    def _frames(self, samples: Samples, is_last: bool) -> Iterator[Samples]:
        """Frames that are complete, each with its context; the last is filled up with silence."""
        audio = np.concatenate([self._waiting, samples])
        if is_last:
            audio = np.pad(audio, (0, -(len(audio) - CONTEXT) % FRAME))
        count = (len(audio) - CONTEXT) // FRAME
        # A copy, because a part of the array would keep all of it in memory.
        self._waiting = audio[count * FRAME :].copy()
        for first in range(0, count * FRAME, FRAME):
            yield audio[first : first + CONTEXT + FRAME]

    def _hear(self, frame: Samples) -> list[Span]:
        graph = {"input": frame[None], "h": self._state, "c": self._cell}
        answer, self._state, self._cell = self._session.run(None, graph)
        probability = float(np.asarray(answer).reshape(-1)[0])
        least = SILERO.offset if self._islands.goes_on else SILERO.onset
        return self._islands.step(probability >= least, is_sure=probability >= SILERO.least_peak)


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

"""A detector of loudness, for whole recordings and for streams: frames of 20 ms above a thousandth of full
scale are speech."""

from collections.abc import Sequence

import numpy as np

from parley.engines.contract import EngineSpec, Progress, Role, Samples
from parley.signal.live_islands import LiveIslands
from parley.speech.recognition import RecognitionOptions
from parley.speech.span import Span
from parley.speech.stream import StreamHeard

SPEC = EngineSpec(
    name="loud", role=Role.VAD, factory=":Detector", revision="1", summary="test",
    licence="Apache-2.0", streams=True,
)  # fmt: skip

FRAME = 320


class Loudness:
    """One stream."""

    def __init__(self) -> None:
        self._islands = LiveIslands(FRAME / 16000)
        self._rest = np.zeros(0, dtype=np.float32)
        self._heard = 0

    def feed(self, samples: Samples, *, is_last: bool) -> StreamHeard:
        self._heard += len(samples)
        waiting = np.concatenate([self._rest, samples])
        whole = len(waiting) // FRAME * FRAME
        frames, self._rest = waiting[:whole].reshape(-1, FRAME), waiting[whole:]
        islands = self._islands.take(np.abs(frames).max(axis=1, initial=0.0) > 0.001)
        if is_last:
            islands += self._islands.finish(self._heard / 16000)
        return StreamHeard(islands=tuple(islands), open_since=self._islands.open_since)


class Detector:
    def find_speech(self, samples: Samples, progress: Progress) -> Sequence[Span]:
        return Loudness().feed(samples, is_last=True).islands

    def open_stream(self, options: RecognitionOptions) -> Loudness:
        return Loudness()

"""A streaming recogniser that says what it heard: each second becomes a final, the rest is the partial.

The text is a running sum over everything the stream has heard, so that a sample of another stream, or
one lost or heard twice, changes all that follows. A stream raises when it hears full scale.
"""

from collections.abc import Sequence

import numpy as np

from parley.engines.contract import EngineSpec, Progress, Role, Samples, Stretch
from parley.speech.recognition import Piece, Recognition, RecognitionOptions
from parley.speech.stream import StreamHeard

SPEC = EngineSpec(
    name="echoes", role=Role.ASR, factory=":Echoes", revision="1", summary="simulated",
    licence="Apache-2.0", streams=True,
)  # fmt: skip


class Echo:
    """One stream."""

    def __init__(self, options: RecognitionOptions) -> None:
        self._prompt = options.prompt
        self._heard: list[int] = []
        self._seconds = 0
        self._sum = 0

    def feed(self, samples: Samples, *, is_last: bool) -> StreamHeard:
        assert samples.dtype == np.float32
        if samples.size and float(np.abs(samples).max()) >= 1.0:
            raise ValueError("full scale")
        self._heard += (samples * 32768).astype(int).tolist()
        finals = []
        while len(self._heard) >= 16000 or (is_last and self._heard):
            second, self._heard = self._heard[:16000], self._heard[16000:]
            finals.append(self._say(second))
        return StreamHeard(finals=tuple(finals), partial=str(len(self._heard)))

    def _say(self, second: Sequence[int]) -> Piece:
        self._sum = (self._sum * 31 + sum((at + 1) * value for at, value in enumerate(second))) % 999_983
        start, self._seconds = self._seconds, self._seconds + 1
        text = f"{self._prompt} {self._sum}"
        return Piece(start=float(start), end=start + len(second) / 16000, text=text)


class Echoes:
    def open_stream(self, options: RecognitionOptions) -> Echo:
        return Echo(options)

    def recognise(self, stretch: Stretch, options: RecognitionOptions, progress: Progress) -> Recognition:
        heard = Echo(options).feed(stretch.samples, is_last=True)
        return Recognition(pieces=heard.finals)

"""A VAD that knows the truth: what `LiveIslands` would say of given spans of speech, fed in any pieces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from parley.signal.live_islands import LiveIslands
from parley.speech.media import SAMPLE_RATE_HZ
from parley.speech.span import Span
from parley.speech.stream import StreamHeard

FRAME = 512
FRAME_S = FRAME / SAMPLE_RATE_HZ


class ScriptedVad:
    """A stream of a VAD engine; somebody speaks in `truth` (seconds), whatever the audio is."""

    def __init__(self, truth: Sequence[Span]) -> None:
        self._truth = truth
        self._islands = LiveIslands(FRAME_S)
        self.heard = 0
        self._frames = 0

    def hear(self, samples: int, *, is_last: bool = False) -> StreamHeard:
        """Take so many samples more."""
        self.heard += samples
        count = -(-self.heard // FRAME) if is_last else self.heard // FRAME
        frames = [self._is_speech((frame + 0.5) * FRAME_S) for frame in range(self._frames, count)]
        self._frames = count
        ended = self._islands.take(frames)
        if is_last:
            ended += self._islands.finish(self.heard / SAMPLE_RATE_HZ)
        return StreamHeard(islands=tuple(ended), open_since=self._islands.open_since)

    def _is_speech(self, time: float) -> bool:
        return any(span.start <= time < span.end for span in self._truth)


def speech(truth: Sequence[Span], cuts: Sequence[int], samples: int) -> Iterator[tuple[StreamHeard, float]]:
    """What a VAD says of `samples` in all, fed in pieces as long as `cuts` (samples) and then the rest,
    with the seconds it has heard by then; the last piece closes it."""
    vad = ScriptedVad(truth)
    for cut in cuts:
        piece = min(cut, samples - vad.heard)
        if piece > 0 and vad.heard + piece < samples:
            heard = vad.hear(piece)
            yield heard, vad.heard / SAMPLE_RATE_HZ
    heard = vad.hear(samples - vad.heard, is_last=True)
    yield heard, vad.heard / SAMPLE_RATE_HZ

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
    """A stream of a VAD engine; somebody speaks in `truth` (seconds), whatever the audio is.

    Frames in `doubtful` are speech too, but never surely.
    """

    def __init__(self, truth: Sequence[Span], doubtful: Sequence[Span] = ()) -> None:
        self._truth = truth
        self._doubtful = doubtful
        self._islands = LiveIslands(FRAME_S)
        self.heard = 0
        self._frames = 0

    def hear(self, samples: int, *, is_last: bool = False) -> StreamHeard:
        """Take so many samples more."""
        self.heard += samples
        count = -(-self.heard // FRAME) if is_last else self.heard // FRAME
        ended = [island for frame in range(self._frames, count) for island in self._step(frame)]
        self._frames = count
        if is_last:
            ended += self._islands.finish(self.heard / SAMPLE_RATE_HZ)
        return StreamHeard(
            islands=tuple(ended),
            open_since=self._islands.open_since,
            settled_s=self._islands.settled_s,
        )

    def _step(self, frame: int) -> list[Span]:
        middle = (frame + 0.5) * FRAME_S
        is_sure = _within(middle, self._truth)
        return self._islands.step(is_sure or _within(middle, self._doubtful), is_sure=is_sure)


def _within(time: float, spans: Sequence[Span]) -> bool:
    return any(span.start <= time < span.end for span in spans)


def speech(
    truth: Sequence[Span], cuts: Sequence[int], samples: int, doubtful: Sequence[Span] = ()
) -> Iterator[tuple[StreamHeard, float]]:
    """What a VAD says of `samples` in all, fed in pieces as long as `cuts` (samples) and then the rest,
    with the seconds it has heard by then; the last piece closes it."""
    vad = ScriptedVad(truth, doubtful)
    for cut in cuts:
        if 0 < cut < samples - vad.heard:
            yield vad.hear(cut), vad.heard / SAMPLE_RATE_HZ
    yield vad.hear(samples - vad.heard, is_last=True), vad.heard / SAMPLE_RATE_HZ

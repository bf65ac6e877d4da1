"""Diarization error by component; needs the `bench` extra (pyannote.metrics)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from parley.speech.transcript import Transcript

COLLAR_S = 0.5
"""As pyannote.metrics counts it: 0.25 s on each side of every reference border is not scored."""

Turn = tuple[float, float, str]
"""Start and end in seconds, and a label."""


@dataclass(frozen=True, slots=True)
class DiarizationErrors:
    """Shares of `speech_s` seconds of reference speech outside the collars; overlap is scored."""

    confusion: float
    miss: float
    false_alarm: float
    speakers: int
    speech_s: float = 0.0

    @property
    def rate(self) -> float:
        """DER."""
        return self.confusion + self.miss + self.false_alarm


def turns_of(transcript: Transcript) -> list[Turn]:
    """Who speaks when, as a transcript says it."""
    return [(segment.start, segment.end, segment.speaker or "speech") for segment in transcript.segments]


def diarization_errors(
    reference: Iterable[Turn], hypothesis: Iterable[Turn], scored: Iterable[tuple[float, float]] | None = None
) -> DiarizationErrors:
    """Confusion, miss and false alarm; `scored` limits the evaluation to spans (a UEM), default all."""
    from pyannote.core import Segment, Timeline
    from pyannote.metrics.diarization import DiarizationErrorRate

    said = list(hypothesis)
    metric: Any = DiarizationErrorRate(collar=COLLAR_S, skip_overlap=False)
    uem = Timeline([Segment(start, end) for start, end in scored]) if scored is not None else None
    parts = metric(_annotation(reference), _annotation(said), uem=uem, detailed=True)
    total = float(parts["total"]) or 1.0
    return DiarizationErrors(
        confusion=parts["confusion"] / total,
        miss=parts["missed detection"] / total,
        false_alarm=parts["false alarm"] / total,
        speakers=len({label for _, _, label in said}),
        speech_s=float(parts["total"]),
    )


def _annotation(turns: Iterable[Turn]) -> Any:
    from pyannote.core import Annotation, Segment

    annotation: Any = Annotation()
    for index, (start, end, label) in enumerate(turns):
        if end > start:
            annotation[Segment(start, end), index] = label
    return annotation

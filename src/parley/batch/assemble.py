"""The last stage: pieces of text and turns of speakers become a transcript."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from parley.batch.attribute import TurnLine, attribute
from parley.batch.recognise import Hearing
from parley.batch.sentences import Sentence, sentences_of
from parley.speech.media import DecodedMedia, PcmTrack
from parley.speech.span import Span, SpeakerTurn
from parley.speech.transcript import FailedSpan, Segment, Transcript, Word


@dataclass(frozen=True, slots=True)
class HeardTrack:
    """All that is known of one track, in seconds of its PCM file; turns None: nobody is told apart.

    `names` are those of speakers whose voices were enrolled.
    """

    track: PcmTrack
    islands: Sequence[Span]
    hearing: Hearing
    turns: Sequence[SpeakerTurn] | None
    names: Mapping[int, str] = field(default_factory=dict[int, str])


def assemble(
    heard: Sequence[HeardTrack], media: DecodedMedia, *, profile: str, warnings: Sequence[str]
) -> Transcript:
    """Sentences of one speaker each, ordered by start, in seconds of the recording."""
    spoken = [(segment, speaker) for track in heard for segment, speaker in _segments(track)]
    labels = _labels(heard, {speaker for _, speaker in spoken if speaker is not None})
    named = [
        replace(segment, speaker=None if speaker is None else labels[speaker]) for segment, speaker in spoken
    ]
    ordered = sorted((_moved(segment, media.origin) for segment in named), key=lambda s: (s.start, s.end))
    failed = [_moved_failure(lost, media.origin) for track in heard for lost in track.hearing.failed]
    return Transcript(
        duration=media.duration,
        segments=tuple(_mark_overlap(ordered) if len(heard) > 1 else ordered),
        speakers=tuple(dict.fromkeys(labels.values())),
        language=next((track.hearing.language for track in heard if track.hearing.language), None),
        profile=profile,
        diarized=any(track.turns is not None for track in heard),
        failed=tuple(sorted(failed, key=lambda lost: lost.start)),
        warnings=tuple(dict.fromkeys(warnings)),
    )


def _segments(track: HeardTrack) -> list[tuple[Segment, int | None]]:
    turns = TurnLine(track.turns) if track.turns else None
    return [
        (_segment(part, track), speaker)
        for sentence in sentences_of(track.hearing.pieces)
        for part, speaker in attribute(sentence, turns)
    ]


def _segment(sentence: Sentence, track: HeardTrack) -> Segment:
    return Segment(
        start=sentence.start,
        end=sentence.end,
        text=sentence.text,
        words=sentence.words,
        phrases=sentence.phrases,
        language=track.hearing.language,
        confidence=sentence.confidence,
        raw_text=sentence.raw_text,
        tags=sentence.tags,
        channel=track.track.channel,
    )


def _labels(heard: Sequence[HeardTrack], speaking: set[int]) -> dict[int, str]:
    """Labels by total speaking time: who was enrolled has a name, of the others `Speaker1` speaks most."""
    seconds = dict.fromkeys(sorted(speaking), 0.0)
    for turn in (turn for track in heard for turn in track.turns or ()):
        if turn.speaker in seconds:
            seconds[turn.speaker] += turn.end - turn.start
    ranked = sorted(seconds, key=lambda speaker: -seconds[speaker])
    names = {speaker: name for track in heard for speaker, name in track.names.items()}
    numbers = itertools.count(1)
    return {speaker: names.get(speaker) or f"Speaker{next(numbers)}" for speaker in ranked}


def _moved(segment: Segment, origin: float) -> Segment:
    """From seconds of the PCM file to seconds of the recording, in whole milliseconds."""
    return replace(
        segment,
        start=round(segment.start + origin, 3),
        end=round(segment.end + origin, 3),
        words=_moved_words(segment.words, origin),
        phrases=_moved_words(segment.phrases, origin),
    )


def _moved_words(words: tuple[Word, ...] | None, origin: float) -> tuple[Word, ...] | None:
    return words and tuple(
        replace(word, start=round(word.start + origin, 3), end=round(word.end + origin, 3)) for word in words
    )


def _moved_failure(lost: FailedSpan, origin: float) -> FailedSpan:
    return replace(lost, start=round(lost.start + origin, 3), end=round(lost.end + origin, 3))


def _mark_overlap(ordered: Sequence[Segment]) -> list[Segment]:
    """Segments under which another channel speaks; both sides are marked."""
    marked = [False] * len(ordered)
    open_: list[int] = []
    for index, segment in enumerate(ordered):
        open_ = [other for other in open_ if ordered[other].end > segment.start]
        for other in open_:
            if ordered[other].channel != segment.channel:
                marked[index] = marked[other] = True
        open_.append(index)
    return [
        replace(segment, overlap=True) if mark else segment
        for segment, mark in zip(ordered, marked, strict=True)
    ]

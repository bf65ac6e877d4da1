"""The bars of accuracy, on the recordings and with the measures of docs/benchmarks.md."""

from __future__ import annotations

from pathlib import Path
from statistics import mean

import pytest

from tests.bench import accuracy, corpus, speakers, starts

pytestmark = pytest.mark.usefixtures("audio")


def test_word_error_rate_of_single_utterances() -> None:
    assert accuracy.librispeech_wer() <= 0.12


def test_word_error_rate_of_a_long_recording() -> None:
    assert accuracy.joined_wer("en_long_10spk") <= 0.15


@pytest.mark.parametrize(("name", "bar"), [("en_2spk", 0.03), ("zh_2spk", 0.03), ("en_long_10spk", 0.10)])
def test_speaker_confusion_with_the_number_not_given(name: str, bar: float) -> None:
    assert speakers.joined_errors(name).confusion <= bar


def test_meetings_are_better_told_apart_than_not() -> None:
    rows = speakers.ami_errors()
    assert mean(own.rate for _, own, _ in rows) < mean(single.rate for _, _, single in rows)


@pytest.mark.parametrize("name", ["en_2spk", "en_long_10spk"])
def test_sentences_begin_when_they_are_heard(name: str) -> None:
    errors = starts.joined_start_errors(name)
    assert errors.median_absolute <= 0.2
    assert errors.share_under_600_ms >= 0.9
    assert abs(errors.bias) <= 0.1


def test_one_voice_is_one_speaker(audio: Path) -> None:
    paths = tuple(corpus.librispeech())
    counts = [len(corpus.transcripts(paths)[path].speakers) for path in paths]
    # 50 utterances of 3 to 16 s by one person each.
    assert sum(count > 1 for count in counts) <= 3


def test_no_segment_crosses_a_speaker_change() -> None:
    transcript = corpus.one("joined/en_long_10spk.flac")
    changes = [(before["end"], after["start"]) for before, after in zip(
        corpus.segments("en_long_10spk"), corpus.segments("en_long_10spk")[1:], strict=False
    ) if before["speaker"] != after["speaker"]]  # fmt: skip
    crossing = [
        segment
        for segment in transcript.segments
        for end, start in changes
        # A second on each side: clips have silent edges, and words are short.
        if segment.start < end - 1.0 and segment.end > start + 1.0
    ]
    assert len(crossing) <= 0.02 * len(transcript.segments)

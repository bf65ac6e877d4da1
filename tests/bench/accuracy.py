"""Word error rates."""

from __future__ import annotations

from parley.bench.words import word_error_rate
from tests.bench import corpus


def librispeech_wer() -> float:
    paths = corpus.librispeech()
    heard = corpus.transcripts(tuple(paths))
    references = [corpus.manifest()[path]["transcript"] for path in paths]
    return word_error_rate(references, [heard[path].text for path in paths]).rate


def joined_wer(name: str) -> float:
    reference = " ".join(segment["text"] for segment in corpus.segments(name))
    return word_error_rate([reference], [corpus.one(f"joined/{name}.flac").text]).rate


def report() -> str:
    return f"""
## Accuracy

`python -m tests.bench accuracy`. WER, lower-cased, punctuation removed, numbers as they are.

| recordings | WER | bar |
|---|---|---|
| 50 files of `librispeech/test-other`, one by one | {librispeech_wer():.1%} | 12 % |
| `joined/en_long_10spk`, 13.8 min | {joined_wer("en_long_10spk"):.1%} | 15 % |
| `joined/en_2spk`, 2.5 min | {joined_wer("en_2spk"):.1%} | |
"""

"""Error rates of what was heard, over all recordings that have references."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.util import find_spec

from parley.bench.corpus import Sample
from parley.bench.report import Accuracy
from parley.bench.speakers import DiarizationErrors, diarization_errors, turns_of
from parley.bench.words import ErrorRate, character_error_rate, normalise, word_error_rate
from parley.speech.transcript import Transcript

BY_CHARACTER = frozenset({"zh", "yue", "ja", "ko", "th"})
"""Languages that are scored by characters: the first three and Thai write no spaces between words, and
Korean writers differ in where they put them."""

HOW = "pip install 'parley[bench]'"

_Measure = Callable[[Sequence[str], Sequence[str]], ErrorRate]

_LACKING = {"jiwer": "word and character error rates", "pyannote.metrics": "speaker errors"}


def lacking(samples: Sequence[Sample]) -> str:
    """A sentence for recordings with references that cannot be scored here, "" where all can."""
    wanted = {
        "jiwer": any(sample.text is not None for sample in samples),
        "pyannote.metrics": any(sample.turns is not None for sample in samples),
    }
    missing = [name for name, is_wanted in wanted.items() if is_wanted and not _is_there(name)]
    what = " and ".join(_LACKING[name] for name in missing)
    return f"No {what}: {', '.join(missing)} cannot be imported; install with: {HOW}" if missing else ""


def score(samples: Iterable[Sample], heard: Mapping[str, Transcript]) -> Accuracy | None:
    """The rates over the samples that were heard; None where nothing can be scored."""
    known = [(sample, heard[sample.name]) for sample in samples if sample.name in heard]
    said = [(sample, sample.text or "", transcript.text) for sample, transcript in known if sample.text]
    by_word = [(ref, hyp) for sample, ref, hyp in said if not is_by_character(sample.language, ref)]
    by_character = [(ref, hyp) for sample, ref, hyp in said if is_by_character(sample.language, ref)]
    words = _rate(word_error_rate, by_word)
    characters = _rate(character_error_rate, by_character)
    errors = _speakers(known)
    speech_s = sum(each.speech_s for each in errors)
    if words is None and characters is None and not speech_s:
        return None
    return Accuracy(
        wer=words and words[0],
        words=words[1] if words else 0,
        cer=characters and characters[0],
        characters=characters[1] if characters else 0,
        der=_share([(each.rate, each.speech_s) for each in errors]),
        confusion=_share([(each.confusion, each.speech_s) for each in errors]),
        miss=_share([(each.miss, each.speech_s) for each in errors]),
        false_alarm=_share([(each.false_alarm, each.speech_s) for each in errors]),
        speech_s=round(speech_s, 3),
    )


def is_by_character(language: str, text: str) -> bool:
    """Whether a text is scored by characters; where the language is not known, by its own letters."""
    if language:
        return language.partition("-")[0].lower() in BY_CHARACTER
    letters = [char for char in text if char.isalpha()]
    return sum(_has_no_spaces(char) for char in letters) * 2 > len(letters)


def _has_no_spaces(char: str) -> bool:
    name = unicodedata.name(char, "")
    return name.startswith(("CJK ", "HIRAGANA", "KATAKANA", "HANGUL", "THAI"))


def _rate(measure: _Measure, pairs: Sequence[tuple[str, str]]) -> tuple[float, int] | None:
    scored = [(ref, hyp) for ref, hyp in pairs if normalise(ref)]
    if not scored or not _is_there("jiwer"):
        return None
    found = measure([ref for ref, _ in scored], [hyp for _, hyp in scored])
    return found.rate, found.reference_length


def _speakers(known: Iterable[tuple[Sample, Transcript]]) -> list[DiarizationErrors]:
    if not _is_there("pyannote.metrics"):
        return []
    return [
        diarization_errors(sample.turns, turns_of(transcript), [(0.0, transcript.duration)])
        for sample, transcript in known
        if sample.turns is not None and transcript.diarized and transcript.duration > 0
    ]


def _share(parts: Iterable[tuple[float, float]]) -> float | None:
    """The mean, each part weighing as much as the speech it is of."""
    found = list(parts)
    total = sum(weight for _, weight in found)
    return sum(rate * weight for rate, weight in found) / total if total else None


def _is_there(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False

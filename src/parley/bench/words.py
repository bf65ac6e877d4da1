"""Word and character error rates; needs the `bench` extra (jiwer)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ErrorRate:
    """Errors per reference word (or character), and how many of those there were."""

    rate: float
    reference_length: int


def normalise(text: str) -> str:
    """Lower-cased, punctuation removed (apostrophes within words stay), white space single.

    Numbers stay as they are written: the bar of the issue is stated that way.
    """
    lowered = unicodedata.normalize("NFKC", text).lower().replace("’", "'")
    bare = re.sub(r"(?<!\w)'|'(?!\w)|[^\w\s']", " ", lowered)
    return " ".join(bare.replace("_", " ").split())


def word_error_rate(references: Sequence[str], hypotheses: Sequence[str]) -> ErrorRate:
    """WER over all pairs together, normalised; references that are empty are left out."""
    import jiwer

    pairs = [(normalise(ref), normalise(hyp)) for ref, hyp in zip(references, hypotheses, strict=True)]
    pairs = [(ref, hyp) for ref, hyp in pairs if ref]
    output = jiwer.process_words([ref for ref, _ in pairs], [hyp for _, hyp in pairs])
    return ErrorRate(output.wer, sum(len(ref.split()) for ref, _ in pairs))


def character_error_rate(references: Sequence[str], hypotheses: Sequence[str]) -> ErrorRate:
    """CER over all pairs together, normalised, white space not counted."""
    import jiwer

    bare = [
        (normalise(ref).replace(" ", ""), normalise(hyp).replace(" ", ""))
        for ref, hyp in zip(references, hypotheses, strict=True)
    ]
    bare = [(ref, hyp) for ref, hyp in bare if ref]
    output = jiwer.process_characters([ref for ref, _ in bare], [hyp for _, hyp in bare])
    return ErrorRate(output.cer, sum(len(ref) for ref, _ in bare))

"""Times of sentences."""

from __future__ import annotations

import soundfile

from parley.bench.starts import StartErrors, first_voiced, start_errors
from tests.bench import corpus


def joined_start_errors(name: str) -> StartErrors:
    path = corpus.ROOT / "joined" / f"{name}.flac"
    samples, rate = soundfile.read(path, dtype="float32")
    voiced: list[float] = []
    for segment in corpus.segments(name):
        inside = samples[int(segment["start"] * rate) : int(segment["end"] * rate)]
        voiced.append(segment["start"] + first_voiced(inside, rate))
    return start_errors(voiced, [segment.start for segment in corpus.one(f"joined/{name}.flac").segments])


def report() -> str:
    lines = [
        "\n## Times\n",
        "`python -m tests.bench starts`. Start of the nearest sentence against the first voiced moment inside each",
        "reference segment (`parley.bench.starts.first_voiced`).\n",
        "| recording | median absolute error | bias (median) | under 0.6 s | segments |",
        "|---|---|---|---|---|",
    ]
    for name in ("en_2spk", "en_long_10spk", "zh_2spk", "zh_long_2spk"):
        errors = joined_start_errors(name)
        lines.append(
            f"| `joined/{name}` | {errors.median_absolute:.3f} s | {errors.bias:+.3f} s "
            f"| {errors.share_under_600_ms:.0%} | {errors.count} |"
        )
    lines.append("\nBars: median absolute error 0.2 s, 90 % under 0.6 s, bias within 0.1 s.")
    return "\n".join(lines) + "\n"

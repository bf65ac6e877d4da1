"""Who speaks when."""

from __future__ import annotations

from statistics import mean

from parley.bench.speakers import DiarizationErrors, Turn, diarization_errors, turns_of
from tests.bench import corpus

JOINED = {
    "en_2spk": 0.03,
    "zh_2spk": 0.03,
    "en_long_10spk": 0.10,
    "zh_long_2spk": None,
    "zh_multi_spk_aishell3": None,
}


def joined_errors(name: str) -> DiarizationErrors:
    path = f"joined/{name}.flac"
    return diarization_errors(corpus.rttm(corpus.ROOT / f"joined/{name}.rttm"), turns_of(corpus.one(path)))


def ami_errors() -> list[tuple[str, DiarizationErrors, DiarizationErrors]]:
    """Each excerpt with its errors and those of a one-speaker answer on the same detected speech."""
    heard = corpus.transcripts(tuple(corpus.ami()))
    rows: list[tuple[str, DiarizationErrors, DiarizationErrors]] = []
    for path, transcript in heard.items():
        base = (corpus.ROOT / path).with_suffix("")
        reference = corpus.rttm(base.with_suffix(".rttm"))
        scored = [(0.0, corpus.manifest()[path]["duration_s"])]
        turns = turns_of(transcript)
        one_speaker: list[Turn] = [(start, end, "one") for start, end, _ in turns]
        rows.append(
            (
                path,
                diarization_errors(reference, turns, scored),
                diarization_errors(reference, one_speaker, scored),
            )
        )
    return rows


def report() -> str:
    lines = [
        "\n## Speakers\n",
        "`python -m tests.bench speakers`. Shares of reference speech; collar 0.25 s on each side of a border, overlap",
        "kept; the turns are the segments of the transcript. The references of the joined files are clip borders, so the",
        "silent edges of clips count as missed speech.\n",
        "| recording | confusion | miss | false alarm | DER | speakers found / true | bar (confusion) |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, bar in JOINED.items():
        errors = joined_errors(name)
        true = len({label for _, _, label in corpus.rttm(corpus.ROOT / f"joined/{name}.rttm")})
        lines.append(_row(f"`joined/{name}`", errors, true, "" if bar is None else f"{bar:.0%}"))
    rows = ami_errors()
    for path, errors, _ in rows:
        true = len({label for _, _, label in corpus.rttm((corpus.ROOT / path).with_suffix(".rttm"))})
        lines.append(_row(f"`{path}`", errors, true, ""))
    own, single = mean(errors.rate for _, errors, _ in rows), mean(errors.rate for _, _, errors in rows)
    lines.append(
        f"\nAMI mean DER {own:.3f}; a one-speaker answer on the same detected speech {single:.3f} (bar: below it)."
    )
    return "\n".join(lines) + "\n"


def _row(name: str, errors: DiarizationErrors, true: int, bar: str) -> str:
    parts = f"{errors.confusion:.1%} | {errors.miss:.1%} | {errors.false_alarm:.1%} | {errors.rate:.1%}"
    return f"| {name} | {parts} | {errors.speakers} / {true} | {bar} |"

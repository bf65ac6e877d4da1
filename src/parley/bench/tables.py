"""The tables of a report: the same rows for the terminal, for Markdown and for the page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Protocol

from parley.bench.comparison import Comparison, Verdict
from parley.bench.figures import DASH, duration, number, percent, ranged, speed
from parley.bench.report import Accuracy, Combination, Machine, Material, Report, RoleResult, RoleTrial

NOTES = "notes"
"""The column of sentences, the last one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """`marks` are the numbers of rows that something is wrong with; the first `subject` cells of a row
    say what it is about."""

    title: str
    note: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    marks: frozenset[int] = frozenset()
    subject: int = 1


class Measured(Protocol):
    """What every kind of benchmark says of itself."""

    @property
    def made_at(self) -> str:
        """ISO 8601 in UTC."""
        ...

    @property
    def command(self) -> str:
        """What a person typed."""
        ...

    @property
    def machine(self) -> Machine:
        """What it was measured on."""
        ...

    @property
    def material(self) -> Material:
        """The recordings."""
        ...


def tables(report: Report) -> tuple[Table, ...]:
    """Whole recipes, their stages, and roles alone, as far as there are any; no column is empty."""
    found = [_whole(report), _stages(report), *([_roles(report)] if report.roles else [])]
    return tuple(without_empty_columns(table) for table in found if table.rows)


def _whole(report: Report) -> Table:
    head = (
        *("profile", "device", "workers", "RTF", "speed", "first text (s)", "processor s / audio s"),
        *("memory (MiB)", "ready after (s)", "warm-up (s)", "WER", "CER", "DER", NOTES),
    )
    return Table(
        title="Whole recipes",
        note=f"{_medians(report.runs)} RTF: seconds of work per second of audio. "
        "First text: from the start of a recording, median over recordings. Memory: this process and its "
        "workers, most at one moment. Ready: from nothing to workers that have loaded everything. Warm-up "
        "is not counted.",
        head=head,
        rows=tuple(_whole_row(each) for each in report.combinations),
        marks=frozenset(i for i, each in enumerate(report.combinations) if each.problem),
        subject=3,
    )


def without_notes(table: Table) -> tuple[Table, tuple[str, ...]]:
    """The table without the column of sentences, and those by themselves, each with what it is about."""
    if table.head[-1] != NOTES:
        return table, ()
    rows = tuple(row[:-1] for row in table.rows)
    kept = replace(table, head=table.head[:-1], rows=rows)
    noted = [row for row in table.rows if row[-1]]
    return kept, tuple(
        f"{', '.join(cell for cell in row[: table.subject] if cell)}: {row[-1]}" for row in noted
    )


def _medians(runs: int) -> str:
    return "One run." if runs == 1 else f"Medians of {runs} runs (least{DASH}most)."


def _whole_row(each: Combination) -> tuple[str, ...]:
    named = (each.profile, each.device or "as configured", str(each.workers))
    whole = each.whole
    if whole is None:
        return (*named, *[""] * 10, each.problem)
    accuracy = whole.accuracy or Accuracy()
    left_out = f"{whole.left_out} recordings left out" if whole.left_out else ""
    notes = "; ".join(note for note in (left_out, _places(each), *each.notes) if note)
    return (
        *named,
        *(ranged(whole.rtf), speed(whole.rtf), ranged(whole.first_s), ranged(whole.cpu)),
        *(ranged(whole.peak_mib), number(whole.ready_s), number(whole.warm_up_s)),
        *(percent(accuracy.wer), percent(accuracy.cer), percent(accuracy.der), notes),
    )


def _places(each: Combination) -> str:
    """Where the roles ran, unless all of them ran on the processor as they were told."""
    if set(each.ran_on.values()) <= {"cpu"} and each.device in ("", "cpu"):
        return ""
    return ", ".join(f"{role} on {device}" for role, device in each.ran_on.items())


def _stages(report: Report) -> Table:
    return Table(
        title="Stages of the whole recipes",
        note="Seconds per second of audio. Stages run side by side and share the workers: their wall times "
        "do not add up. Placing happens inside recognition.",
        head=("combination", "stage", "wall", "processor"),
        rows=tuple(_stage_rows(report)),
    )


def _stage_rows(report: Report) -> Iterator[tuple[str, ...]]:
    for each in report.combinations:
        for name, stage in (each.whole.stages if each.whole else {}).items():
            yield (each.title, name, ranged(stage.wall), ranged(stage.cpu))


def _roles(report: Report) -> Table:
    rows = [_trial_row(trial) for trial in report.roles if trial.problem]
    rows += [_role_row(trial, each) for trial in report.roles for each in trial.roles]
    return Table(
        title="Each role alone",
        note="One call after another by one worker, the same spans for all; seconds per second of audio. "
        "Loading and one pass to warm up are not counted.",
        head=(
            *("profile", "role", "engine", "asked", "ran on", "wall", "processor", "times real time"),
            *("loading (s)", NOTES),
        ),
        rows=tuple(rows),
        marks=frozenset(index for index, row in enumerate(rows) if row[-1]),
        subject=4,
    )


def _trial_row(trial: RoleTrial) -> tuple[str, ...]:
    return (trial.profile, "", "", trial.device or "as configured", *[""] * 5, trial.problem)


def _role_row(trial: RoleTrial, each: RoleResult) -> tuple[str, ...]:
    return (
        *(trial.profile, each.role, each.engine, trial.device or "as configured", each.ran_on),
        *(ranged(each.wall), ranged(each.cpu), speed(each.wall) if each.wall else ""),
        *("" if each.load_s is None else number(each.load_s), each.problem),
    )


def changes(comparison: Comparison) -> Table:
    """Old and new, figure by figure; what did not change beyond the spread has no mark."""
    rows: list[tuple[str, ...]] = []
    for each in comparison.changes:
        shown = percent if each.is_rate else _number
        verdict = "" if each.verdict is Verdict.SAME else each.verdict.value
        rows.append((each.subject, each.figure, shown(each.old), shown(each.new), verdict))
    return Table(
        title="Compared",
        note="Worse or better: no run of the one lies in the range of the other, and the median moved by "
        "more than 5 % (memory 10 %); error rates by more than half a percentage point; recordings left "
        "out by any. Lower is better everywhere.",
        head=("combination", "figure", "before", "now", "verdict"),
        rows=tuple(rows),
        marks=frozenset(i for i, each in enumerate(comparison.changes) if each.verdict is Verdict.WORSE),
    )


def facts(report: Measured) -> tuple[tuple[str, str], ...]:
    """What was measured on, and with what."""
    machine, material = report.machine, report.material
    loads = [machine.load_before, machine.load_after]
    load = ", ".join(f"{when} {value:.2f}" for when, value in zip(("before", "after"), loads, strict=True)
                     if value is not None)  # fmt: skip
    languages = ", ".join(f"{name} {count}" for name, count in material.languages.items())
    found = (
        ("made", report.made_at),
        ("command", report.command),
        ("processor", f"{machine.processor}, {machine.cores} cores"),
        ("memory", f"{machine.memory_mib / 1024:.1f} GiB"),
        ("devices", ", ".join(machine.devices)),
        ("system", f"{machine.system}, Python {machine.python}"),
        ("versions", ", ".join(f"{name} {version}" for name, version in machine.versions.items())),
        ("load average", load),
        (
            "recordings",
            f"{material.recordings}, together {duration(material.audio_s)}; {material.with_text} with text, "
            f"{material.with_speakers} with speakers" + (f" ({languages})" if languages else ""),
        ),
    )
    return tuple((name, value) for name, value in found if value)


SCORING = (
    "WER for languages with spaces between words, CER for Chinese, Cantonese, Japanese, Korean and Thai, "
    "over all recordings together: NFKC, lower case, punctuation removed (apostrophes inside words stay), "
    "numbers as written; CER without white space. DER: collar 0.25 s on each side of a border, overlap kept, "
    "recordings weighted by their speech."
)
"""How error rates are counted."""


def is_scored(report: Report) -> bool:
    """Whether there is any error rate."""
    return any(each.whole is not None and each.whole.accuracy is not None for each in report.combinations)


def _number(value: float | None) -> str:
    return "" if value is None else number(value)


def without_empty_columns(table: Table) -> Table:
    """The table without columns in which no row has anything."""
    kept = [i for i in range(len(table.head)) if any(row[i] for row in table.rows)]
    rows = tuple(tuple(row[i] for i in kept) for row in table.rows)
    return replace(table, head=tuple(table.head[i] for i in kept), rows=rows)

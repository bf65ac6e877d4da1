"""The tables of a live benchmark, and what they say in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from parley.bench.figures import number, percent
from parley.bench.live.delays import Delays
from parley.bench.live.report import Capacity, Conditions, Latency, LiveReport, Overload, Step
from parley.bench.tables import Table, without_empty_columns

DELAYS = (
    "Seconds: median and 95th percentile. Final: from the last loud moment of what was said, found in the "
    "recording itself, to the final text; beyond: the same less the silence that ends an utterance. Word: "
    "from its last loud moment, words being short recordings joined at known times, to the first partial "
    "that has it in its place; words that no partial had are counted, not timed."
)

STEPS = (
    "All sessions speak all the time. They hold while the 95th percentiles of `lag_ms` and of how much later "
    "than the silence finals come are below the bound, and nobody is refused. Late: by how much audio was "
    "sent after its time, 95th percentile. Cores: processor time of the sessions' side and of the server "
    "with its workers, per second. A trial that cannot hold any more ends early."
)

WORDS = (
    "Word error rates of the finals of recordings spoken in real time, and of the same recordings as files; "
    "lower case, without punctuation, numbers as written."
)

STAGES = (
    "Processor seconds of the workers per second of audio, with one session. A final costs nothing of its "
    "own where the last decode for a partial had heard all of the utterance."
)


def live_tables(report: LiveReport) -> tuple[Table, ...]:
    """As far as there is anything to tell; no column is empty."""
    found = (_latencies(report), _steps(report), _accuracy(report), _stages(report))
    return tuple(without_empty_columns(table) for table in found if table.rows)


def sentences(report: LiveReport) -> tuple[str, ...]:
    """What the figures say."""
    found: list[str] = []
    if report.capacity is not None:
        found.append(_holds(report.capacity, report.conditions))
    if report.overload is not None:
        found.append(_beyond(report.overload, report.conditions))
    if report.accuracy is not None:
        difference = (report.accuracy.live - report.accuracy.file) * 100
        found.append(f"Finals differ from the file command by {difference:+.1f} points of word error rate.")
    return tuple(found)


def conditions(report: LiveReport) -> str:
    """Under what it was measured, in one paragraph."""
    ours = report.conditions
    heard = "heard as it comes" if ours.streaming else "decoded again while it grows"
    many = "" if ours.live_workers is None else f" Worker processes for live speech: {ours.live_workers}."
    where = "The server, its workers and the sessions' side share this machine's cores."
    return (
        f"Profile {ours.profile}: speech is {heard}; partials {'on' if ours.partials else 'off'}. "
        f"Audio comes in chunks of {ours.chunk_ms} ms, each sent when its last sample has been spoken. "
        f"An utterance ends with {ours.silence_ms} ms of silence. "
        f"Of what the sessions say in trials {ours.speech_share:.0%} is speech. "
        f"{where if ours.is_own else 'The server is another one.'}{many}"
    )


def _latencies(report: LiveReport) -> Table:
    return Table(
        title="Delays",
        note=DELAYS,
        head=(
            *("sessions", "finals", "final p50 (s)", "final p95 (s)", "beyond p50 (s)", "beyond p95 (s)"),
            *("without final", "words", "word p50 (s)", "word p95 (s)", "only in the final", "misheard"),
        ),
        rows=tuple(_latency_row(each) for each in report.latencies),
    )


def _latency_row(each: Latency) -> tuple[str, ...]:
    words = each.word.count if each.word else 0
    return (
        str(each.sessions),
        str(each.final.count if each.final else 0),
        *_two(each.final),
        *_two(each.beyond),
        str(each.without_final or ""),
        str(words or ""),
        *_two(each.word),
        *(str(value) if words else "" for value in (each.only_final, each.misheard)),
    )


def _two(found: Delays | None) -> tuple[str, str]:
    return (f"{found.p50_s:.2f}", f"{found.p95_s:.2f}") if found else ("", "")


def _steps(report: LiveReport) -> Table:
    steps = [("", step) for step in (report.capacity.steps if report.capacity else ())]
    if report.overload is not None:
        steps.append(("overload", report.overload.step))
    return Table(
        title="Sessions in real time",
        note=STEPS,
        head=(
            *("sessions", "for (s)", "hold", "lag p95 (s)", "finals p95 (s)", "finals", "partials left out"),
            *("refused", "lost", "late (ms)", "sessions' side (cores)", "server (cores)"),
        ),
        rows=tuple(_step_row(name, step) for name, step in steps),
        marks=frozenset(index for index, (name, step) in enumerate(steps) if not step.holds and not name),
    )


def _step_row(name: str, step: Step) -> tuple[str, ...]:
    return (
        *(str(step.sessions), f"{step.seconds:.0f}", name or ("yes" if step.holds else "no")),
        *(f"{step.lag_s:.2f}", f"{step.final_s:.2f}", str(step.finals), str(step.skipped or "")),
        *(_counts(step.refused), _counts(step.lost), f"{step.late_s * 1000:.0f}"),
        *(number(step.own), "" if step.server is None else number(step.server)),
    )


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} ({reason})" for reason, count in counts.items())


def _accuracy(report: LiveReport) -> Table:
    found = report.accuracy
    row = (
        ()
        if found is None
        else (
            (
                str(found.recordings),
                str(found.words),
                str(found.sessions),
                percent(found.live),
                percent(found.file),
            ),
        )
    )
    return Table(
        title="Words of finals",
        note=WORDS,
        head=("recordings", "words", "sessions at once", "finals", "file command"),
        rows=row,
    )


def _stages(report: LiveReport) -> Table:
    return Table(
        title="Stages of live speech",
        note=STAGES,
        head=("stage", "processor s / audio s"),
        rows=tuple((each.stage, number(each.cpu)) for each in report.stages),
    )


def _holds(found: Capacity, ours: Conditions) -> str:
    bound = f"a 95th percentile of the lag below {ours.max_lag_ms} ms"
    if not found.holds:
        return f"No number of sessions that was tried holds {bound}."
    more = f"{found.fails} do not" if found.fails else "more were not tried"
    noun = "session holds" if found.holds == 1 else "sessions hold"
    return f"{found.holds} {noun} {bound}; {more}."


def _beyond(found: Overload, ours: Conditions) -> str:
    step = found.step
    parts = list(_happened(step))
    happened = f"{', '.join(parts)}; " if parts else ""
    bound = f"the lag was below {ours.max_lag_ms} ms again"
    after = f"after all but {found.left} had left"
    came_back = (
        f"{found.recovered_s:.1f} s {after} {bound}"
        if found.recovered_s is not None
        else f"not within a minute {after} {bound}"
    )
    return f"With {found.asked} sessions asked for: {happened}lag p95 {step.lag_s:.2f} s; {came_back}."


def _happened(step: Step) -> Iterator[str]:
    for what, counts in (("refused", step.refused), ("lost", step.lost)):
        if counts:
            yield f"{sum(counts.values())} {what} ({', '.join(counts)})"
    if step.skipped:
        yield f"{step.skipped} partials left out"

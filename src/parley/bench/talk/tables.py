"""A benchmark of conversations in a table, and as Markdown with its place in a page."""

from __future__ import annotations

from collections.abc import Iterator

from parley.bench.live.delays import Delays
from parley.bench.markdown import as_text, fact_lines, table_lines
from parley.bench.tables import Table
from parley.bench.talk.report import TalkReport

MARKS = (
    "<!-- begin: made by parley bench talk, do not edit -->",
    "<!-- end: made by parley bench talk -->",
)
"""What the section stands between."""

_NOTE = (
    "Seconds: median, 95th percentile and longest. Delay: from the last loud moment of what was said to the "
    "first sound of the answer, both found on a recording of the microphone and the loudspeaker on one "
    "clock, in which the answer begins when it has arrived. Stages: what each adds, as the server says of "
    "the same turns (`turn_metrics`). The language model is asked, and its first clause spoken, while the "
    "silence is still waited for: what was too early is thrown away, so that these stages add nothing here."
)


def conditions(report: TalkReport) -> str:
    """Under what it was measured, in one paragraph."""
    where = (
        "The server, its workers and this side share the machine's cores."
        if report.is_own
        else "The server is another one."
    )
    return (
        f"Profile {report.profile}, voice {report.voice}, language model {report.model}. One conversation "
        f"of {report.turns} turns; the microphone sends 20 ms at a time and never rests. {where} Our own "
        f"sending was late by {report.late_s * 1000:.0f} ms (95th percentile)."
    )


def talk_tables(report: TalkReport) -> tuple[Table, ...]:
    """The delay and its stages; none where nothing was heard."""
    if report.delay is None:
        return ()
    rows = [("end of speech to first sound", report.delay)]
    rows += [(f"of which: {stage.name}", stage.delay) for stage in report.stages]
    return (
        Table(
            title="Delay of answers",
            note=_NOTE,
            head=("", "turns", "p50 (s)", "p95 (s)", "longest (s)", "share of p50"),
            rows=tuple(_row(name, delay, report.delay) for name, delay in rows),
        ),
    )


def _row(name: str, delay: Delays, whole: Delays) -> tuple[str, ...]:
    share = delay.p50_s / whole.p50_s if whole.p50_s else 0.0
    return (
        *(name, str(delay.count), f"{delay.p50_s:.2f}", f"{delay.p95_s:.2f}", f"{delay.longest_s:.2f}"),
        f"{share:.0%}",
    )


def sentences(report: TalkReport) -> tuple[str, ...]:
    """What the figures say."""
    if report.delay is None:
        return ("No answer was heard.",)
    found = [
        f"An answer is heard {report.delay.p50_s:.2f} s after the end of speech (median; 95th percentile "
        f"{report.delay.p95_s:.2f} s)."
    ]
    if report.unheard:
        found.append(f"{report.unheard} turns had no answer that can be heard.")
    return tuple(found)


def talk_markdown(report: TalkReport) -> str:
    """Headings of the second rank and below, between the marks."""
    return "\n".join([MARKS[0], *_lines(report), MARKS[1]]) + "\n"


def _lines(report: TalkReport) -> Iterator[str]:
    yield "## Conversations, measured with `parley bench talk`\n"
    yield from fact_lines(report)
    yield f"\n{as_text(conditions(report))}"
    for note in report.notes:
        yield f"\n{as_text(note)}"
    yield ""
    yield from (f"* {as_text(sentence)}" for sentence in sentences(report))
    for table in talk_tables(report):
        yield from table_lines(table)

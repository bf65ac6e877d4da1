"""A live benchmark as Markdown, and its place in a page that holds other things too."""

from __future__ import annotations

from collections.abc import Iterator

from parley.bench.live.report import LiveReport
from parley.bench.live.tables import conditions, live_tables, sentences
from parley.bench.markdown import as_text, fact_lines, table_lines

MARKS = (
    "<!-- begin: made by parley bench live, do not edit -->",
    "<!-- end: made by parley bench live -->",
)
"""What the section stands between."""


def live_markdown(report: LiveReport) -> str:
    """Headings of the second rank and below, between the marks."""
    return "\n".join([MARKS[0], *_lines(report), MARKS[1]]) + "\n"


def _lines(report: LiveReport) -> Iterator[str]:
    yield "## Live speech, measured with `parley bench live`\n"
    yield from fact_lines(report)
    yield f"\n{as_text(conditions(report))}"
    if not report.is_complete:
        yield "\nThe benchmark was interrupted; this is what was done."
    for note in report.notes:
        yield f"\n{as_text(note)}"
    if found := sentences(report):
        yield ""
        yield from (f"* {as_text(sentence)}" for sentence in found)
    for table in live_tables(report):
        yield from table_lines(table)

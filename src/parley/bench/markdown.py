"""A report as Markdown, and its place in a page that holds other things too."""

from __future__ import annotations

from collections.abc import Iterator

from parley.bench.comparison import Comparison
from parley.bench.report import Report
from parley.bench.tables import SCORING, Measured, Table, changes, facts, is_scored, tables
from parley.bench.verdicts import verdicts

BEGIN = "<!-- begin: made by parley bench, do not edit -->"
END = "<!-- end: made by parley bench -->"


def markdown(report: Report, comparison: Comparison | None = None) -> str:
    """Headings of the second rank and below, between two marks."""
    return "\n".join([BEGIN, *_lines(report, comparison), END]) + "\n"


def into_page(page: str, section: str, marks: tuple[str, str] = (BEGIN, END)) -> str:
    """The page with the section in place of the one between the marks, else with it at the end."""
    before, begin, rest = page.partition(marks[0])
    _, end, after = rest.partition(marks[1])
    if begin and end:
        return before + section.rstrip("\n") + after
    return f"{page.rstrip()}\n\n{section}" if page.strip() else section


def _lines(report: Report, comparison: Comparison | None) -> Iterator[str]:
    yield "## Measured with `parley bench`\n"
    yield from fact_lines(report)
    if not report.is_complete:
        yield "\nThe benchmark was interrupted; this is what was done."
    for note in report.notes:
        yield f"\n{as_text(note)}"
    for table in tables(report):
        yield from table_lines(table)
    if is_scored(report):
        yield f"\n{SCORING}"
    if found := verdicts(report):
        yield "\n### What they say\n"
        yield from (f"* {as_text(sentence)}" for sentence in found)
    if comparison is not None:
        yield from table_lines(changes(comparison))
        yield from (f"\n{as_text(each)}" for each in comparison.cautions)


def fact_lines(report: Measured) -> Iterator[str]:
    """What was measured on, and with what."""
    for name, value in facts(report):
        yield f"* {name}: {f'`{_code(value)}`' if name == 'command' else as_text(value)}"


def table_lines(table: Table) -> Iterator[str]:
    """A table below a heading of the third rank."""
    yield f"\n### {table.title}\n"
    yield f"{table.note}\n"
    yield _row(table.head)
    yield "|" + "---|" * len(table.head)
    yield from (_row(row) for row in table.rows)


def _row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(as_text(cell) for cell in cells)} |"


def as_text(value: str) -> str:
    """Words among Markdown: no cell ends early, and no name becomes HTML."""
    escaped = value.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("`", "\\`")
    return " ".join(escaped.split())


def _code(value: str) -> str:
    return " ".join(value.replace("`", "'").split())

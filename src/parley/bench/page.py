"""A report as one HTML page that needs nothing else: no script, no network."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from parley.bench.comparison import Comparison
from parley.bench.plots import Plot, plots, svg
from parley.bench.report import Report
from parley.bench.tables import SCORING, Table, changes, facts, is_scored, tables, without_notes
from parley.bench.verdicts import verdicts

_STYLE = """
:root { color-scheme: light dark; --ground: #fff; --text: #1b1f24; --faint: #57606a; --line: #d5dae0;
  --bar: #2f6f9f; --range: #0b2a40; --bad: #b3261e; --shade: #f4f6f8; }
@media (prefers-color-scheme: dark) { :root { --ground: #14171a; --text: #e8eaed; --faint: #a3acb5;
  --line: #3a4149; --bar: #5fa8d8; --range: #f1f5f8; --bad: #ff9d94; --shade: #1d2125; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 76rem; background: var(--ground);
  color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
h1, h2 { line-height: 1.2; } h2 { margin-top: 2.5rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; }
dt { color: var(--faint); } dd { margin: 0; overflow-wrap: anywhere; }
.note { color: var(--faint); max-width: 60rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--faint); padding: .25rem 0; }
th, td { text-align: left; padding: .3rem .7rem; border-bottom: 1px solid var(--line); vertical-align: top; }
thead th { background: var(--shade); } td, tbody th, thead th { white-space: nowrap; }
tr.bad td, tr.bad th { color: var(--bad); }
figure { margin: 2rem 0; } figcaption { font-weight: 600; margin-bottom: .25rem; }
svg { display: block; width: 100%; max-width: 54rem; height: auto; font: 13px system-ui, sans-serif; }
svg text { fill: var(--text); } svg .tick { fill: var(--faint); font-size: 12px; }
svg .bar { fill: var(--bar); } svg .grid { stroke: var(--line); }
svg .range { stroke: var(--range); stroke-width: 2; fill: none; }
"""


def page(report: Report, comparison: Comparison | None = None) -> str:
    """The whole document."""
    parts = [
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>Parley benchmark, {escape(report.made_at)}</title>",
        f"<style>{_STYLE}</style>\n</head>\n<body>\n<main>",
        *_body(report, comparison),
        "</main>\n</body>\n</html>",
    ]
    return "\n".join(parts) + "\n"


def _body(report: Report, comparison: Comparison | None) -> Iterator[str]:
    yield "<h1>Parley benchmark</h1>"
    if not report.is_complete:
        yield '<p class="note">The benchmark was interrupted; this is what was done.</p>'
    yield from (f'<p class="note">{escape(note)}</p>' for note in report.notes)
    if found := verdicts(report):
        yield "<h2>What the figures say</h2>\n<ul>"
        yield from (f"<li>{escape(sentence)}</li>" for sentence in found)
        yield "</ul>"
    if comparison is not None:
        yield from _table(changes(comparison))
        yield from (f'<p class="note">{escape(each)}</p>' for each in comparison.cautions)
    for table in tables(report):
        yield from _table(table)
    if is_scored(report):
        yield f'<p class="note">{escape(SCORING)}</p>'
    yield "<h2>Plots</h2>"
    for plot in plots(report):
        yield from _figure(plot)
    yield "<h2>Measured on</h2>\n<dl>"
    yield from (f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts(report))
    yield "</dl>"


def _figure(plot: Plot) -> Iterator[str]:
    yield f"<figure>\n<figcaption>{escape(plot.title)}</figcaption>"
    yield svg(plot)
    yield '<details><summary>The figures</summary><div class="scroll"><table>'
    yield f"<caption>{escape(plot.title)}, {escape(plot.unit)}</caption>"
    yield from _head(("what", plot.unit))
    yield "<tbody>"
    for bar in plot.bars:
        yield f'<tr><th scope="row">{escape(bar.label)}</th><td>{escape(bar.shown)}</td></tr>'
    yield "</tbody></table></div></details>\n</figure>"


def _table(table: Table) -> Iterator[str]:
    table, notes = without_notes(table)
    yield f"<h2>{escape(table.title)}</h2>"
    yield f'<p class="note">{escape(table.note)}</p>'
    yield f'<div class="scroll"><table><caption>{escape(table.title)}</caption>'
    yield from _head(table.head)
    yield "<tbody>"
    for index, row in enumerate(table.rows):
        mark = ' class="bad"' if index in table.marks else ""
        cells = "".join(f"<td>{escape(cell)}</td>" for cell in row[1:])
        yield f'<tr{mark}><th scope="row">{escape(row[0])}</th>{cells}</tr>'
    yield "</tbody></table></div>"
    if notes:
        yield "<ul>"
        yield from (f"<li>{escape(note)}</li>" for note in notes)
        yield "</ul>"


def _head(names: tuple[str, ...]) -> Iterator[str]:
    cells = "".join(f'<th scope="col">{escape(name)}</th>' for name in names)
    yield f"<thead><tr>{cells}</tr></thead>"

"""Where the results of a live benchmark go."""

from __future__ import annotations

import sys
from pathlib import Path

from parley.bench.live.markdown import MARKS, live_markdown
from parley.bench.live.report import LiveReport, write_live
from parley.bench.live.tables import conditions, live_tables, sentences
from parley.bench.markdown import into_page
from parley.cli import bench_show
from parley.cli.bench_results import STANDARD, Results, page_of
from parley.cli.delivery import write_whole


def deliver(report: LiveReport, results: Results) -> None:
    """Files first: a terminal that went away costs none of them, and a full disk not what is shown."""
    try:
        _write(report, results)
    finally:
        if results.json_file != STANDARD:
            small = (conditions(report),)
            bench_show.show(report, live_tables(report), small, report.notes, sentences(report))


def _write(report: LiveReport, results: Results) -> None:
    if results.json_file == STANDARD:
        sys.stdout.write(write_live(report))
    elif results.json_file is not None:
        write_whole(Path(results.json_file), write_live(report))
    # Half a benchmark does not take the place of a whole one in somebody's page.
    if results.markdown is not None and report.is_complete:
        known = page_of(results.markdown)
        write_whole(results.markdown, into_page(known, live_markdown(report), MARKS))

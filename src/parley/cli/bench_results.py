"""Where the results of a benchmark go besides the terminal, and what they are compared with."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from parley.bench.comparison import Comparison
from parley.bench.markdown import into_page, markdown
from parley.bench.page import page
from parley.bench.report import Report, read_report, write_report
from parley.cli import bench_show
from parley.cli.delivery import write_whole
from parley.errors import FileNotFound, InputError, InvalidOption

STANDARD = "-"
"""Standard output, in the place of the tables."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """Files that were asked for; `compare` is an older benchmark."""

    json_file: str | None
    html: Path | None
    markdown: Path | None
    compare: Path | None

    @property
    def files(self) -> tuple[Path, ...]:
        """What is to be written."""
        named = None if self.json_file in (None, STANDARD) else Path(self.json_file or "")
        return tuple(path for path in (named, self.html, self.markdown) if path is not None)

    def check(self, sources: Sequence[Path]) -> None:
        """Refuse, before the work, what cannot be written after it; raises InvalidOption, InputError.

        `sources` are what the benchmark is of: a slip of the finger must not cost them.
        """
        for target in self.files:
            if target.is_dir():
                raise InvalidOption(f"'{target.name}' is a folder; name a file for the result.")
            if any(target.exists() and path.exists() and target.samefile(path) for path in sources):
                raise InvalidOption(f"The result would replace '{target.name}'; name another file.")
        resolved = [target.resolve() for target in self.files]
        if len(set(resolved)) < len(resolved):
            raise InvalidOption("Two results would be written to one file; name another one.")
        if self.markdown is not None:
            page_of(self.markdown)


def deliver(report: Report, comparison: Comparison | None, results: Results) -> None:
    """Files first: a terminal that went away costs none of them, and a full disk not what is shown."""
    try:
        write(report, comparison, results)
    finally:
        if results.json_file != STANDARD:
            bench_show.report(report)
            if comparison is not None:
                bench_show.comparison(comparison)


def write(report: Report, comparison: Comparison | None, results: Results) -> None:
    """Every file that was asked for; raises StorageError."""
    if results.json_file == STANDARD:
        sys.stdout.write(write_report(report))
    elif results.json_file is not None:
        write_whole(Path(results.json_file), write_report(report))
    if results.html is not None:
        write_whole(results.html, page(report, comparison))
    # Half a benchmark does not take the place of a whole one in somebody's page.
    if results.markdown is not None and report.is_complete:
        known = page_of(results.markdown)
        write_whole(results.markdown, into_page(known, markdown(report, comparison)))


def read(path: Path) -> Report:
    """A benchmark that was written as JSON; raises InputError."""
    try:
        return read_report(path.read_bytes(), path.name)
    except FileNotFoundError:
        raise FileNotFound(f"There is no file '{path.name}'.") from None
    except OSError as error:
        raise InputError(f"The file '{path.name}' cannot be read.", detail=str(error)) from error


def page_of(path: Path) -> str:
    """The page that Markdown goes into, "" where there is none yet."""
    try:
        return path.read_text("utf-8") if path.is_file() else ""
    except (OSError, UnicodeError) as error:
        raise InputError(
            f"'{path.name}' is no text that Markdown could be put into; name another file.", detail=str(error)
        ) from error

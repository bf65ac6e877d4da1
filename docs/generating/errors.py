"""The page of the errors: one row a class of the tree."""

from __future__ import annotations

from collections.abc import Iterator

from parley.errors import ParleyError

_PREAMBLE = """\
# Errors

Generated from `src/parley/errors/` by `make docs`.

`permanent` means that trying again changes nothing. A child stands below its parent and is indented.

| code | exit code | HTTP | permanent | meaning |
|---|---|---|---|---|
"""


def errors_page() -> str:
    """The whole tree."""
    return _PREAMBLE + "\n".join(_rows(ParleyError, 0)) + "\n"


def _rows(kind: type[ParleyError], depth: int) -> Iterator[str]:
    meaning = (kind.__doc__ or "").split("\n")[0]
    permanent = "yes" if kind.permanent else "no"
    indent = "&emsp;" * depth
    yield f"| {indent}`{kind.code}` | {kind.exit_code} | {kind.http_status} | {permanent} | {meaning} |"
    for child in kind.__subclasses__():
        # Rooms may refine an error for themselves; outside it is its parent.
        if child.__module__.startswith("parley.errors"):
            yield from _rows(child, depth + 1)

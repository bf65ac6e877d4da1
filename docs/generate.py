"""Writes the parts of the documentation that follow from the code; `--check` fails when they are stale."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from parley.errors import ParleyError
from parley.formats.json import schema
from parley.settings import Settings

DOCS = Path(__file__).parent


def settings_page() -> str:
    """One row per key of the settings."""
    rows = ["# Settings", "", "Generated from `src/parley/settings.py` by `make docs`.", ""]
    rows += [
        "Keys stand in `parley.toml` (in the working directory, or the file `PARLEY_CONFIG` names) and in",
        "the environment as `PARLEY_<KEY>`. Flags win over the environment, the environment over the file.",
        "",
        "| key | default | meaning |",
        "|---|---|---|",
    ]
    for name, field in Settings.model_fields.items():
        default = "" if field.default_factory is not None else json.dumps(field.default, default=str)
        rows.append(f"| `{name}` | {f'`{default}`' if default else ''} | {field.description} |")
    return "\n".join(rows) + "\n"


def errors_page() -> str:
    """One row per class of the error tree."""
    rows = ["# Errors", "", "Generated from `src/parley/errors.py` by `make docs`.", ""]
    rows += [
        "`permanent` means that trying again changes nothing.",
        "",
        "| code | exit code | HTTP | permanent | meaning |",
        "|---|---|---|---|---|",
    ]

    def walk(kind: type[ParleyError]) -> None:
        meaning = (kind.__doc__ or "").split("\n")[0]
        permanent = "yes" if kind.permanent else "no"
        rows.append(f"| `{kind.code}` | {kind.exit_code} | {kind.http_status} | {permanent} | {meaning} |")
        for child in kind.__subclasses__():
            walk(child)

    walk(ParleyError)
    return "\n".join(rows) + "\n"


def pages() -> dict[Path, str]:
    """Every generated file and its content."""
    return {
        DOCS / "settings.md": settings_page(),
        DOCS / "errors.md": errors_page(),
        DOCS / "formats" / "transcript.schema.json": json.dumps(schema(), indent=2, ensure_ascii=False)
        + "\n",
    }


def main() -> int:
    """Write the pages, or with --check name those that differ."""
    stale = [path for path, text in pages().items() if not path.exists() or path.read_text("utf-8") != text]
    if "--check" in sys.argv:
        for path in stale:
            sys.stderr.write(f"{path.relative_to(DOCS.parent)} is stale; run: make docs\n")
        return 1 if stale else 0
    for path, text in pages().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

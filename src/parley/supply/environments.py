"""Virtual environments that hold the libraries of one engine each."""

from __future__ import annotations

import json
from pathlib import Path


class Environments:
    """The environments in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def python(self, name: str) -> str | None:
        """The interpreter of an environment that is complete, else None."""
        try:
            current = json.loads((self.folder / name / "current.json").read_text("utf-8"))
            python = self.folder / name / str(current["python"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return str(python) if python.exists() else None

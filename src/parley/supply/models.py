"""Models on this machine: a folder for each, whole or not there."""

from __future__ import annotations

from pathlib import Path

from parley.engines.model import ModelSpec


class Models:
    """The models in one folder, `<folder>/<name>/`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def folder(self, model: ModelSpec) -> Path | None:
        """Where a model lies that has every file it needs, else None; a user may have filled it by hand."""
        place = self._folder / model.name
        return place if all(any(place.glob(pattern)) for pattern in model.needs) else None

    def identity(self, model: ModelSpec) -> str:
        """What tells these weights from others of the same name; "" where there are none."""
        return ""

"""Turns the name of a factory into an engine."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

from parley.engines.contract import Engine
from parley.engines.plugin import import_plugin
from parley.errors import EngineFailed


def load_engine(name: str, factory: str) -> Engine:
    """Import "module:attribute" or "/path/to/file.py:attribute" and call it without arguments.

    Raises EngineFailed when there is no such factory, and whatever the import or the factory raises.
    """
    place, _, attribute = factory.rpartition(":")
    module = _import_file(Path(place)) if place.endswith(".py") else importlib.import_module(place)
    make = getattr(module, attribute, None)
    if make is None:
        raise EngineFailed(f"The engine '{name}' has no factory; its file is broken.", detail=factory)
    return make()


def _import_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise EngineFailed("An engine file of your own is gone; check engine_dirs.", detail=str(path))
    return import_plugin(path)

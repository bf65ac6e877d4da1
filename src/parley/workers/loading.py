"""Turns the name of a factory into what it makes."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from parley.engines.contract import Engine
from parley.engines.plugin import import_plugin
from parley.engines.setup import Setup
from parley.errors import EngineFailed


def load_engine(name: str, factory: str, setup: Setup | None = None) -> Engine:
    """Call a factory, with a Setup where one is given.

    Raises EngineFailed when there is no such factory, and whatever the import or the factory raises.
    """
    make = find_factory(name, factory)
    return make() if setup is None else make(setup)


def find_factory(name: str, factory: str) -> Callable[..., Any]:
    """Import "module:attribute" or "/path/to/file.py:attribute".

    Raises EngineFailed when there is no such thing, and whatever the import raises.
    """
    place, _, attribute = factory.rpartition(":")
    module = _import_file(Path(place)) if place.endswith(".py") else importlib.import_module(place)
    make = getattr(module, attribute, None)
    if make is None:
        raise EngineFailed(f"The engine '{name}' has no factory; its file is broken.", detail=factory)
    return make


def _import_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise EngineFailed("An engine file of your own is gone; check engine_dirs.", detail=str(path))
    return import_plugin(path)

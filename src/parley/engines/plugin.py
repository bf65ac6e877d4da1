"""Imports an engine file of the user's; the parent reads its facts, a worker its factory."""

from __future__ import annotations

import importlib.util
import os
import sys
import zlib
from pathlib import Path
from types import ModuleType


def import_plugin(path: Path) -> ModuleType:
    """The module of a plug-in file, imported once per process and entered in `sys.modules`.

    The entry is needed by dataclasses and pickles inside the file. Raises whatever the import raises.
    """
    name = f"parley_plugin_{path.stem}_{zlib.crc32(os.fsencode(path)):08x}"
    if name in sys.modules:
        return sys.modules[name]
    described = importlib.util.spec_from_file_location(name, path)
    if described is None or described.loader is None:
        raise ImportError(f"{path.name} is not a Python file")
    module = importlib.util.module_from_spec(described)
    sys.modules[name] = module
    try:
        described.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module

"""Finds engine files without importing a model library.

An engine file is any module under `parley.engines.<role>` that exports `SPEC`, or `SPECS` where one
file serves several models, or a `*.py` file in a folder of the user's that does so; there the factory
and the backend may be written ":Name", meaning this file.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import traceback
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType, ModuleType

from parley import engines
from parley.engines.contract import EngineSpec, Role
from parley.engines.plugin import import_plugin
from parley.errors import InvalidSettings


def discover(folders: Iterable[Path] = ()) -> Mapping[str, EngineSpec]:
    """Every engine by name: those that ship with Parley, then those in the user's folders.

    Raises InvalidSettings when a folder is missing, a file cannot be imported or a name is taken twice.
    """
    found: dict[str, EngineSpec] = {}
    for spec in (*_shipped(), *_plugged_in(folders)):
        if spec.name in found:
            raise InvalidSettings(f"Two engine files call themselves '{spec.name}'; rename or remove one.")
        found[spec.name] = spec
    return MappingProxyType(found)


def missing_packages(spec: EngineSpec) -> tuple[str, ...]:
    """Importable names the engine needs and this interpreter lacks."""
    return tuple(name for name in spec.requires if not _is_importable(name))


def _is_importable(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def _shipped() -> Iterable[EngineSpec]:
    for role in pkgutil.iter_modules(engines.__path__, f"{engines.__name__}."):
        if not role.ispkg:
            continue
        package = importlib.import_module(role.name)
        for module in pkgutil.iter_modules(package.__path__, f"{role.name}."):
            yield from _spec_of(importlib.import_module(module.name))


def _plugged_in(folders: Iterable[Path]) -> Iterable[EngineSpec]:
    for folder in folders:
        if not folder.is_dir():
            raise InvalidSettings("A folder in engine_dirs does not exist; correct the setting.")
        for path in sorted(folder.resolve().glob("*.py")):
            for spec in _spec_of(_import_file(path)):
                yield replace(spec, factory=_placed(spec.factory, path), backend=_placed(spec.backend, path))


def _placed(factory: str, path: Path) -> str:
    return f"{path}{factory}" if factory.startswith(":") else factory


def _import_file(path: Path) -> ModuleType:
    try:
        return import_plugin(path)
    except (Exception, SystemExit) as error:
        # Somebody else's file may raise anything, and the door tells whose it is.
        what = f"{type(error).__name__}{_place_in(path, error)}"
        raise InvalidSettings(
            f"The engine file {path.name} cannot be imported: {what}.", detail=str(error)
        ) from error


def _place_in(path: Path, error: BaseException) -> str:
    """Where in the file, as the end of a sentence. What an error says itself may hold paths."""
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return f" in line {error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == str(path)]
    return f" in line {lines[-1]}" if lines else ""


def _spec_of(module: ModuleType) -> Iterable[EngineSpec]:
    for spec in (getattr(module, "SPEC", None), *getattr(module, "SPECS", ())):
        if isinstance(spec, EngineSpec):
            yield spec


def by_role(specs: Mapping[str, EngineSpec], role: Role) -> list[EngineSpec]:
    """The engines of one role, by name."""
    return sorted((spec for spec in specs.values() if spec.role == role), key=lambda spec: spec.name)

"""The same suite over every engine that speaks: see tests/engines/speaking.py."""

from __future__ import annotations

import importlib
import pkgutil
import re
from pathlib import Path

import pytest

from parley.engines.registry import discover
from parley.fleet.spec import PoolSpec
from tests.engines import cases
from tests.engines.conformance import Case, pool_of
from tests.engines.speaking import LONGEST_S, conform_speaking

PLUGINS = Path(__file__).parents[2] / "plugins"


def voices() -> list[Case]:
    """Those of every library, by name of the engine."""
    modules = [
        importlib.import_module(f"{cases.__name__}.{module.name}")
        for module in pkgutil.iter_modules(cases.__path__)
    ]
    found = [case for module in modules for case in getattr(module, "VOICES", ())]
    return sorted(found, key=lambda case: case.engine)


def marked(case: Case) -> object:
    """What needs an environment runs with the slow ones."""
    slow = [pytest.mark.slow] if case.spec.environment else []
    return pytest.param(case, id=case.engine, marks=slow)


@pytest.mark.parametrize("case", [marked(case) for case in voices()])
def test_conforms(case: Case) -> None:
    conform_speaking(case.spec, pool_of(case), min(case.long_s, LONGEST_S))


def test_a_plug_in_conforms() -> None:
    spec = discover([PLUGINS])["tone"]
    conform_speaking(spec, PoolSpec(name="main", engines=(spec,), workers=1))


@pytest.mark.parametrize("document", ["engines.md", "engines.zh-CN.md"])
def test_the_engine_in_the_documents_conforms(document: str, tmp_path: Path) -> None:
    text = (Path(__file__).parents[3] / "docs" / document).read_text("utf-8")
    [code] = [each for each in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "class Hum" in each]
    (tmp_path / "hum.py").write_text(code, "utf-8")
    spec = discover([tmp_path])["hum"]
    conform_speaking(spec, PoolSpec(name="main", engines=(spec,), workers=1))

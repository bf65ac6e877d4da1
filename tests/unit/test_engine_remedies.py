"""What `parley engines list` tells to run for an engine that lacks something."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from parley.cli.engines import _facts, _show
from parley.engines.contract import EngineSpec, Role
from parley.engines.model import ModelSpec
from parley.supply.environments import Environments
from parley.supply.models import Models
from parley.supply.readiness import Supplies

ONE = ModelSpec(name="one", sources=(), needs=("a.bin",), size_mib=1, licence="MIT")
TWO = replace(ONE, name="two")
SPEC = EngineSpec(
    name="both",
    role=Role.ASR,
    factory="m:C",
    revision="1",
    summary="",
    licence="MIT",
    models=(ONE, TWO),
    environment="elsewhere",
    requires=("no_such_package",),
)


def remedy(spec: EngineSpec, folder: Path) -> object:
    supplies = Supplies(environments=Environments(folder / "environments"), models=Models(folder / "models"))
    return _facts(spec, supplies)["install"]


def test_the_environment_comes_first_then_every_model_that_lacks(tmp_path: Path) -> None:
    assert remedy(SPEC, tmp_path) == "parley engines install elsewhere"
    importable = replace(SPEC, requires=("json",))
    assert remedy(importable, tmp_path) == "parley models pull one two"
    (tmp_path / "models" / "one").mkdir(parents=True)
    (tmp_path / "models" / "one" / "a.bin").touch()
    assert remedy(importable, tmp_path) == "parley models pull two"


def test_what_lacks_and_what_brings_it_have_a_line_of_their_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    supplies = Supplies(environments=Environments(tmp_path), models=Models(tmp_path))
    _show(_facts(SPEC, supplies))
    about, lacks = capsys.readouterr().out.splitlines()
    assert about.split() == ["asr", "both", "missing", "(MIT)", "in", "elsewhere"]
    assert lacks.strip() == (
        "lacks environment elsewhere, model one, model two; run: parley engines install elsewhere"
    )

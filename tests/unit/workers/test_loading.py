"""Plug-in files: read by the parent and by a worker in the same way."""

from __future__ import annotations

from pathlib import Path

import pytest

from parley.engines.registry import discover
from parley.errors import EngineFailed, InvalidSettings
from parley.workers.loading import load_engine

PLUGIN = """
from __future__ import annotations
from dataclasses import dataclass, field
from typing import ClassVar
from parley.engines.contract import EngineSpec, Role
SPEC = EngineSpec(name="mine", role=Role.ASR, factory=":Mine", revision="1", summary="", licence="MIT")

@dataclass
class Mine:
    kind: ClassVar[str] = "a dataclass looks its annotations up in sys.modules"
    seen: list[str] = field(default_factory=list)
"""


def test_a_plugin_may_be_a_dataclass_with_postponed_annotations(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(PLUGIN)
    factory = discover([tmp_path])["mine"].factory
    assert type(load_engine("mine", factory)).__name__ == "Mine"


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("\ndef broken(:", "SyntaxError in line 2"),
        ("\n\nopen('/root/secret/weights.bin')", "Error in line 3"),
        ("from os import nothing_like_that", "ImportError in line 1"),
        ("raise KeyError('x')", "KeyError in line 1"),
        ("assert False", "AssertionError in line 1"),
        ("import sys\nsys.exit(3)", "SystemExit in line 2"),
        ("x = '\0'", "Error"),
    ],
)
def test_a_file_that_cannot_be_imported_is_named_without_its_folder(
    tmp_path: Path, source: str, says: str
) -> None:
    (tmp_path / "bad.py").write_text(source)
    with pytest.raises(
        InvalidSettings, match=rf"^The engine file bad\.py cannot be imported: .*{says}"
    ) as caught:
        discover([tmp_path])
    assert "/" not in caught.value.message


def test_a_file_that_was_mended_is_read_anew(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("raise ValueError")
    with pytest.raises(InvalidSettings):
        discover([tmp_path])
    (tmp_path / "mine.py").write_text(PLUGIN)
    assert "mine" in discover([tmp_path])


def test_a_file_or_factory_that_is_gone_is_the_engine_s_failure(tmp_path: Path) -> None:
    with pytest.raises(EngineFailed, match="is gone"):
        load_engine("mine", f"{tmp_path / 'mine.py'}:Mine")
    (tmp_path / "mine.py").write_text(PLUGIN)
    with pytest.raises(EngineFailed, match="'mine' has no factory"):
        load_engine("mine", f"{tmp_path / 'mine.py'}:Yours")

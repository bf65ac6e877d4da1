"""What can go wrong between pip and the look at the result."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from parley.errors import InstallFailed
from parley.supply import building, ourselves
from parley.supply.recipes import RECIPES
from parley.supply.wishing import Wish

WISH = Wish(recipe=RECIPES["sherpa-onnx"])


def ignore(*arguments: object) -> None:
    pass


@pytest.fixture(autouse=True)
def everything_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "_make_venv", lambda folder, log: Path(sys.executable))
    monkeypatch.setattr(building, "_require_index", ignore)
    monkeypatch.setattr(building, "install", ignore)


def test_what_cannot_be_copied_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(site_packages: Path) -> bool:
        raise shutil.Error([("a", "b", "[Errno 28] No space left on device")])

    monkeypatch.setattr(ourselves, "bring", fail)
    with pytest.raises(InstallFailed, match="look for room on the disk") as caught:
        building.build(WISH, tmp_path, ignore, ignore)
    assert "Errno 28" in caught.value.detail


def test_a_python_that_does_not_run_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)
    monkeypatch.setattr(building, "_make_venv", lambda folder, log: broken)
    with pytest.raises(InstallFailed, match="does not run"):
        building.build(WISH, tmp_path, ignore, ignore)

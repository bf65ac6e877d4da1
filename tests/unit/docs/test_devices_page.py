"""What the pages about devices say can be written, can be written."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from parley.app import load_profiles
from parley.settings import load_settings
from parley.speech.placing import is_wanted

DOCS = Path(__file__).parents[3] / "docs"
PAGES = ["devices.md", "devices.zh-CN.md"]


@pytest.mark.parametrize("page", PAGES)
def test_every_piece_of_configuration_is_valid(page: str, tmp_path: Path) -> None:
    pieces = re.findall(r"```toml\n(.*?)```", (DOCS / page).read_text("utf-8"), re.DOTALL)
    assert len(pieces) >= 4
    for piece in pieces:
        assert tomllib.loads(piece)
        (tmp_path / "x.toml").write_text(piece)
        load_profiles(load_settings(config=tmp_path / "x.toml"))


@pytest.mark.parametrize("page", PAGES)
def test_devices_on_command_lines_exist(page: str) -> None:
    named = re.findall(r"--devices? ([\w:,]+)", (DOCS / page).read_text("utf-8"))
    assert len(named) >= 4
    assert all(is_wanted(device) for device in named)

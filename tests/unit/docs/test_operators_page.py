"""What the operators' page says can be run, can be run."""

from __future__ import annotations

import re
import time
import tomllib
from pathlib import Path
from typing import Any

import pytest

from parley.notify.signing import sign
from parley.settings import load_settings
from parley.telemetry.names import METRICS

DOCS = Path(__file__).parents[3] / "docs"
PAGES = ["operators.md", "operators.zh-CN.md"]


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (DOCS / page).read_text("utf-8"), re.DOTALL)


@pytest.mark.parametrize("page", PAGES)
def test_the_configuration_file_is_valid(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    [text] = blocks(page, "toml")
    assert tomllib.loads(text)
    (tmp_path / "x.toml").write_text(text)
    monkeypatch.chdir(tmp_path)
    settings = load_settings(config=tmp_path / "x.toml")
    assert settings.auth.enabled


@pytest.mark.parametrize("page", PAGES)
def test_the_receiver_knows_our_signature(page: str) -> None:
    [code] = blocks(page, "python")
    names: dict[str, Any] = {}
    exec(code, names)
    is_from_parley = names["is_from_parley"]
    now = int(time.time())
    assert is_from_parley(b"secret", sign(b"secret", b"{}", now), b"{}")
    assert not is_from_parley(b"other", sign(b"secret", b"{}", now), b"{}")
    assert not is_from_parley(b"secret", sign(b"secret", b"{}", now), b"{ }")
    assert not is_from_parley(b"secret", sign(b"secret", b"{}", now - 900), b"{}")


@pytest.mark.parametrize("page", PAGES)
def test_metrics_that_are_named_exist(page: str) -> None:
    named = set(re.findall(r"`?(parley_[a-z0-9_]+)", (DOCS / page).read_text("utf-8")))
    assert named
    buckets = {f"{metric.name}_bucket" for metric in METRICS if metric.kind == "histogram"}
    assert named <= {metric.name for metric in METRICS} | buckets


@pytest.mark.parametrize("page", PAGES)
def test_settings_that_are_named_exist(page: str) -> None:
    from parley.settings.names import every_key, groups

    text = (DOCS / page).read_text("utf-8")
    named = set(re.findall(rf"`((?:{'|'.join(groups())})\.[a-z_]+)`", text))
    assert len(named) > 20
    assert named - {"server.lock"} <= {".".join(path) for path in every_key()}
    variables = set(re.findall(r"PARLEY_[A-Z_]+", text)) - {"PARLEY_CONFIG"}
    assert variables <= {"PARLEY_" + "__".join(path).upper() for path in every_key()}


@pytest.mark.parametrize("page", PAGES)
def test_every_folder_of_the_data_directory_is_told(page: str) -> None:
    source = DOCS.parent / "src"
    made = {
        name
        for file in source.rglob("*.py")
        for name in re.findall(r"data_dir / \"([a-z]+)\"", file.read_text("utf-8"))
    }
    assert {"recordings", "voices", "window"} <= made
    assert made <= set(re.findall(r"`([a-z]+)/`", (DOCS / page).read_text("utf-8")))

"""What Parley takes over of the hubs' own variables."""

from pathlib import Path

import pytest

from parley.settings import Origin, load_settings, load_with_origins

OTHERS = ("HF_ENDPOINT", "HF_TOKEN", "HF_HUB_OFFLINE", "MODELSCOPE_ENDPOINT")


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("PARLEY_CONFIG", *OTHERS):
        monkeypatch.delenv(name, raising=False)


def test_the_hubs_own_variables_are_heeded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "https://hf-mirror.com")
    monkeypatch.setenv("HF_TOKEN", "hf_abc")
    monkeypatch.setenv("MODELSCOPE_ENDPOINT", "https://mirror.example")
    settings, origins = load_with_origins(None, {})
    assert settings.models.hf_endpoint == "https://hf-mirror.com"
    assert settings.models.hf_token is not None
    assert settings.models.hf_token.get_secret_value() == "hf_abc"
    assert settings.models.modelscope_endpoint == "https://mirror.example"
    assert origins[("models", "hf_endpoint")] == Origin.ENVIRONMENT
    assert origins[("models", "hub")] == Origin.DEFAULT


def test_what_parley_itself_is_told_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "parley.toml").write_text('[models]\nhf_endpoint = "https://own.example"\n')
    monkeypatch.setenv("HF_ENDPOINT", "https://hf-mirror.com")
    monkeypatch.setenv("HF_TOKEN", "theirs")
    monkeypatch.setenv("PARLEY_MODELS__HF_TOKEN", "ours")
    settings = load_settings()
    assert settings.models.hf_endpoint == "https://own.example"
    assert settings.models.hf_token is not None
    assert settings.models.hf_token.get_secret_value() == "ours"


@pytest.mark.parametrize(
    ("value", "offline"),
    [("1", True), ("on", True), ("Yes", True), ("TRUE", True), ("0", False), ("", False)],
)
def test_offline_is_read_as_the_hub_reads_it(
    monkeypatch: pytest.MonkeyPatch, value: str, offline: bool
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", value)
    assert load_settings().models.offline is offline


def test_without_any_of_them_the_group_has_its_defaults() -> None:
    models = load_settings().models
    assert (models.hf_endpoint, models.hf_token, models.offline) == ("", None, False)

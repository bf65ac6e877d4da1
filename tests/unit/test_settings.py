import os
from pathlib import Path

import pytest

from parley.errors import InvalidSettings
from parley.settings import load_settings


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PARLEY_CONFIG", raising=False)


def test_flags_win_over_environment_over_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "parley.toml").write_text('workers = 2\nunit_seconds = 20\nprofile = "mine"\n')
    monkeypatch.setenv("PARLEY_WORKERS", "3")
    settings = load_settings(profile="embedded", data_dir=None)
    assert (settings.workers, settings.unit_seconds, settings.profile) == (3, 20.0, "embedded")


def test_a_profile_may_be_declared_in_the_file(tmp_path: Path) -> None:
    (tmp_path / "parley.toml").write_text('[profiles.mine]\nasr = "other"\n')
    assert load_settings().profiles == {"mine": {"asr": "other"}}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("wokers = 2", "did you mean 'workers'"),
        ("workers = -1", "The setting 'workers' is not valid"),
        ("workers =", "not valid TOML"),
    ],
)
def test_a_wrong_file_is_named_in_one_sentence(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "parley.toml").write_text(text)
    with pytest.raises(InvalidSettings, match=complaint):
        load_settings()


def test_a_misspelt_variable_is_not_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLEY_WORKRES", "2")
    with pytest.raises(InvalidSettings, match="did you mean 'PARLEY_WORKERS'"):
        load_settings()


def test_a_named_file_must_exist(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PARLEY_CONFIG", str(tmp_path / "nowhere.toml"))
    with pytest.raises(InvalidSettings, match="does not exist") as caught:
        load_settings()
    assert str(tmp_path) not in caught.value.message


@pytest.mark.parametrize("text", [os.pathsep.join(["/one", "/two"]), '["/one", "/two"]'])
def test_engine_folders_in_the_environment_stand_as_in_path(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("PARLEY_ENGINE_DIRS", text)
    assert load_settings().engine_dirs == (Path("/one"), Path("/two"))


def test_a_variable_that_is_no_json_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLEY_PROFILES", "mine")
    with pytest.raises(InvalidSettings, match="PARLEY_PROFILES is not valid JSON, for instance"):
        load_settings()


def test_workers_follow_the_processors_granted(monkeypatch: pytest.MonkeyPatch) -> None:
    def granted(process: int) -> set[int]:
        return {3}

    monkeypatch.setattr(os, "sched_getaffinity", granted, raising=False)
    assert load_settings().worker_count() == 1


def test_an_empty_variable_means_nothing_and_a_tilde_the_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLEY_DATA_DIR", "")
    monkeypatch.setenv("PARLEY_LOG_LEVEL", "DEBUG")
    settings = load_settings()
    assert settings.data_dir.is_absolute()
    assert settings.log_level == "debug"
    assert load_settings(data_dir=Path("~/parley-data")).data_dir == Path.home() / "parley-data"

import json
import os
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from parley.cli.commands import app
from parley.errors import InvalidSettings
from parley.settings import Origin, load_settings, load_with_origins
from parley.settings.names import every_key


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


def test_every_source_fills_in_what_the_stronger_ones_leave_open(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "parley.toml").write_text("[server]\nport = 1\nhost = 'a'\nping_interval_s = 1\n")
    (tmp_path / ".env").write_text("PARLEY_SERVER__PORT=2\nPARLEY_SERVER__HOST=b\nOTHER__THING=x\n")
    monkeypatch.setenv("PARLEY_SERVER__PORT", "3")
    assert load_settings().server.port == 3
    server = load_settings(server={"port": 4, "tls": None}).server
    assert (server.port, server.host, server.ping_interval_s, server.tls) == (4, "b", 1.0, "off")


def test_each_key_knows_where_it_came_from(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "parley.toml").write_text("workers = 1\n[server]\nport = 1\n")
    (tmp_path / ".env").write_text("PARLEY_QUEUE__MODE=lock\nPARLEY_WORKERS=2\n")
    monkeypatch.setenv("PARLEY_WORKERS", "3")
    settings, origins = load_with_origins(None, {"auth": {"enabled": True}, "profile": None})
    assert settings.workers == 3
    assert {".".join(path): origin for path, origin in origins.items() if origin != Origin.DEFAULT} == {
        "workers": Origin.ENVIRONMENT,
        "server.port": Origin.FILE,
        "auth.enabled": Origin.FLAG,
        "queue.mode": Origin.DOTENV,
    }


def test_a_misspelt_variable_of_a_group_is_not_ignored(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PARLEY_SERVER__PROT", "1")
    with pytest.raises(InvalidSettings, match="did you mean 'PARLEY_SERVER__PORT'"):
        load_settings()
    monkeypatch.delenv("PARLEY_SERVER__PROT")
    (tmp_path / ".env").write_text("PARLEY_QEUE__MODE=lock\n")
    with pytest.raises(
        InvalidSettings, match=r"PARLEY_QEUE__MODE in \.env is not .* mean 'PARLEY_QUEUE__MODE'"
    ):
        load_settings()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[server]\nprot = 1", r"'server\.prot' is not a setting; did you mean 'server\.port'\?"),
        ("[sever]\nport = 1", "'sever' is not a setting; did you mean 'server'"),
        ("[server]\nport = 'x'", r"The setting 'server\.port' is not valid: input should be a valid integer"),
        (
            "[notify]\nevents = ['told']",
            r"The setting 'notify\.events\.0' is not valid: input should be 'ser",
        ),
        ("server = 1", "The setting 'server' is not valid"),
    ],
)
def test_a_wrong_group_is_named_in_one_sentence(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "parley.toml").write_text(text)
    with pytest.raises(InvalidSettings, match=complaint):
        load_settings()


@pytest.mark.parametrize("text", ["a.example,b.example", "a.example b.example", '["a.example", "b.example"]'])
def test_lists_in_the_environment_are_words_or_json(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("PARLEY_SERVER__HOSTS", text)
    assert load_settings().server.hosts == ("a.example", "b.example")


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("compact", "compact"),
        ("original", "original"),
        ("true", "original"),
        ("none", "none"),
        ("False", "none"),
    ],
)
def test_keeping_media_was_once_a_yes_or_no(
    said: str, meant: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert load_settings().uploads.keep_media == "compact"
    monkeypatch.setenv("PARLEY_UPLOADS__KEEP_MEDIA", said)
    assert load_settings().uploads.keep_media == meant
    monkeypatch.delenv("PARLEY_UPLOADS__KEEP_MEDIA")
    word = said.lower() if said.lower() in ("true", "false") else f"'{said}'"
    (tmp_path / "parley.toml").write_text(f"[uploads]\nkeep_media = {word}\n")
    assert load_settings().uploads.keep_media == meant


def test_commas_belong_to_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLEY_NOTIFY__URLS", "mailto://x?to=a,b json://y")
    urls = load_settings().notify.urls
    assert [url.get_secret_value() for url in urls] == ["mailto://x?to=a,b", "json://y"]


def test_the_file_may_be_named_by_flag_by_variable_or_in_dotenv(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for number, name in enumerate(("flag", "variable", "dotenv"), 1):
        (tmp_path / f"{name}.toml").write_text(f"workers = {number}\n")
    (tmp_path / ".env").write_text("PARLEY_CONFIG=dotenv.toml\n")
    assert load_settings().workers == 3
    monkeypatch.setenv("PARLEY_CONFIG", "variable.toml")
    assert load_settings().workers == 2
    assert load_settings(config=tmp_path / "flag.toml").workers == 1
    with pytest.raises(InvalidSettings, match="--config names does not exist"):
        load_settings(config=tmp_path / "nowhere.toml")


def test_a_value_in_dotenv_is_taken_as_it_stands(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PARLEY_AUTH__SECRET='a${HOME}b'\n")
    secret = load_settings().auth.secret
    assert secret is not None
    assert secret.get_secret_value() == "a${HOME}b"


def test_a_dotenv_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"PARLEY_WORKERS=\xff\xfe\n")
    with pytest.raises(InvalidSettings, match=r"The file \.env cannot be read"):
        load_settings()


def test_a_profile_may_be_declared_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLEY_PROFILES__MINE", '{"asr": "other"}')
    assert load_settings().profiles == {"mine": {"asr": "other"}}


def shown(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["config", "show", *arguments])
    assert result.exit_code == 0, result.output
    return result.output


def test_config_show_masks_secrets_and_names_origins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLEY_AUTH__SECRET", "hush-hush")
    monkeypatch.setenv("PARLEY_NOTIFY__URLS", "wecombot://hush-hush")
    facts = json.loads(shown("--json", "--origin"))
    assert facts["auth.secret"] == {"value": "******", "origin": "environment"}
    assert facts["notify.urls"] == {"value": ["******"], "origin": "environment"}
    assert facts["server.port"] == {"value": 8767, "origin": "default"}
    assert set(facts) == {".".join(path) for path in every_key()}
    text = shown("--origin")
    assert "hush-hush" not in text + json.dumps(facts)
    assert re.search(r'^auth\.secret +"\*{6}"  \(environment\)$', text, re.MULTILINE)
    assert json.loads(shown("--json"))["queue.mode"] == "pool"

"""Other people's code that Parley starts is not told Parley's secrets."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import UnionType
from typing import Union, get_args, get_origin

import pytest
from pydantic import BaseModel, SecretStr

from parley.fleet.spec import PoolSpec, worker_environment
from parley.settings import Settings
from parley.settings.secrets import without_secrets
from parley.supply.packages import run_module

SECRET = {
    "HF_TOKEN": "hush",
    "PARLEY_MODELS__HF_TOKEN": "hush",
    "PARLEY_AUTH__SECRET": "hush",
    "parley_notify__urls": "wecombot://hush",
}
PLAIN = {
    "PIP_INDEX_URL": "https://mirror.example/simple",
    "PARLEY_LOG_LEVEL": "debug",
    "HTTPS_PROXY": "proxy",
}


def secret_keys(model: type[BaseModel], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, field in model.model_fields.items():
        for kind in kinds(field.annotation):
            if kind is SecretStr:
                yield (*path, name)
            elif isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from secret_keys(kind, (*path, name))


def kinds(annotation: object) -> Iterator[object]:
    if get_origin(annotation) in (Union, UnionType, tuple):
        for inner in get_args(annotation):
            yield from kinds(inner)
    else:
        yield annotation


def test_every_secret_setting_is_left_out() -> None:
    keys = set(secret_keys(Settings))
    assert ("models", "hf_token") in keys
    assert ("notify", "urls") in keys
    variables = {"PARLEY_" + "__".join(key).upper(): "hush" for key in keys}
    assert without_secrets(variables | PLAIN) == PLAIN


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (SECRET | PLAIN).items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("told")
def test_workers_are_told_none() -> None:
    environment = worker_environment(PoolSpec(name="main", engines=(), workers=1))
    assert "hush" not in str(environment)
    assert PLAIN.items() <= environment.items()


@pytest.mark.usefixtures("told")
def test_pip_and_what_it_builds_are_told_none() -> None:
    heard: list[str] = []
    said = run_module(
        sys.executable, ["timeit", "-n1", "-r1", "import os; print(dict(os.environ))"], heard.append
    )
    assert "hush" not in said
    assert "mirror.example" in said

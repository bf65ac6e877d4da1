"""`parley token` and `parley key`, and the authority that knows what they made."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from parley.cli.commands import app
from parley.errors import AuthFailed, InvalidOption
from parley.jobs.principal import Principal
from parley.server.authority import Authority, AuthorityOptions
from parley.storage.store import Store


@pytest.fixture(autouse=True)
def data_dir(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PARLEY_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


def parley(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout.strip()


def identify(data_dir: Path, token: str) -> Principal:
    async def main() -> Principal:
        store = await Store.open(data_dir)
        try:
            authority = Authority.open(data_dir, AuthorityOptions(enabled=True), store.keys)
            return await authority.identify(token)
        finally:
            await store.close()

    return asyncio.run(main())


def test_a_token_is_all_that_is_printed_and_the_server_knows_it(data_dir: Path) -> None:
    token = parley("token", "create", "--subject", "anna", "--expires", "1h", "--scope", "admin")
    assert re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+", token)
    assert identify(data_dir, token) == Principal(user="anna", scopes=frozenset({"admin"}))


def test_a_token_for_ever_is_refused_as_the_server_would(data_dir: Path) -> None:
    with pytest.raises(InvalidOption, match="refuses tokens that never expire"):
        parley("token", "create", "--subject", "anna", "--expires", "never")


def test_a_key_is_shown_once_and_ends_when_it_is_revoked(data_dir: Path) -> None:
    key = parley("key", "create", "--name", "build server", "--subject", "anna").splitlines()[-1]
    assert identify(data_dir, key).user == "anna"
    [row] = json.loads(parley("key", "list", "--json"))
    assert (row["name"], row["subject"], row["state"], row["expires"]) == (
        "build server", "anna", "valid", None,
    )  # fmt: skip
    secret = key.split("_", 2)[2]
    assert secret not in parley("key", "list", "--json") + parley("key", "list")
    parley("key", "revoke", row["id"])
    with pytest.raises(AuthFailed):
        identify(data_dir, key)
    assert "revoked" in parley("key", "list")
    with pytest.raises(InvalidOption, match="No key of that id"):
        parley("key", "revoke", row["id"])

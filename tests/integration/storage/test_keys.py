"""API keys: who holds one gets in until it is revoked or too old; the database does not give them away."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from parley.storage.store import Store


def test_a_key_is_known_by_its_text_alone(tmp_path: Path):
    async def main() -> None:
        store = await Store.open(tmp_path)
        key, text = await store.keys.create("anna", name="laptop", scopes=["read", "admin", "read"])
        assert text.startswith(f"pk_{key.id}_") and len(text) > 50
        found = await store.keys.find(text)
        assert found == key and found.scopes == ("admin", "read") and found.name == "laptop"
        for wrong in (
            text[:-1],
            text + "x",
            text[:-1] + ("a" if text[-1] != "a" else "b"),
            text.replace(key.id, "0" * 12),
            f"pk_{key.id}_",
            "pk_",
            "",
            text.upper(),
            f"pk_{key.id}_{'x' * 43}",
        ):
            assert await store.keys.find(wrong) is None
        await store.close()
        content = sqlite3.connect(tmp_path / "parley.db").execute("SELECT * FROM api_keys").fetchall()
        assert text.rpartition("_")[2] not in str(content)

    asyncio.run(main())


def test_keys_end(tmp_path: Path):
    async def main() -> None:
        store = await Store.open(tmp_path)
        old, old_text = await store.keys.create("anna", expires_s=-1)
        new, new_text = await store.keys.create("bert", expires_s=3600)
        assert await store.keys.find(old_text) is None
        assert await store.keys.find(new_text) is not None
        # Another process may revoke it.
        other = await Store.open(tmp_path)
        assert await other.keys.revoke(new.id)
        assert not await other.keys.revoke(new.id) and not await other.keys.revoke("nobody")
        assert await store.keys.find(new_text) is None
        listed = await store.keys.list()
        assert [key.id for key in listed] == [old.id, new.id]
        assert listed[1].revoked_at is not None
        await other.close()
        await store.close()

    asyncio.run(main())


def test_files_of_secrets_are_whole_or_absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from parley.storage import secret_files

    path = tmp_path / ".secret"

    def fail(*arguments: object) -> None:
        raise OSError(28, "no space")

    monkeypatch.setattr(secret_files.os, "fsync", fail)
    with pytest.raises(OSError, match="no space"):
        secret_files.read_or_create(path, lambda: b"x")
    assert not list(tmp_path.iterdir())


def test_a_file_system_without_links_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from parley.storage import secret_files

    def refuse(*arguments: object) -> None:
        raise PermissionError("no links here")

    monkeypatch.setattr(secret_files.os, "link", refuse)
    path = tmp_path / ".secret"
    assert secret_files.read_or_create(path, lambda: b"one") == b"one"
    assert secret_files.read_or_create(path, lambda: b"two") == b"one"
    assert [found.name for found in tmp_path.iterdir()] == [".secret"]

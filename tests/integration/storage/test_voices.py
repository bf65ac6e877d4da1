"""Enrolled voices: of one user, by name and engine."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from parley.errors import InvalidOption
from parley.storage import voices
from parley.storage.store import Store

VECTOR = np.arange(4, dtype="<f4").tobytes()
OTHER = np.ones(4, dtype="<f4").tobytes()


def test_a_voice_is_its_users_own_and_the_last_one_counts(tmp_path: Path) -> None:
    async def main() -> None:
        store = await Store.open(tmp_path)
        first = (await store.voices.enroll("anna", "王芳", "x 1", VECTOR, 7.5)).voice
        second = (await store.voices.enroll("anna", "王芳", "y 1", VECTOR, 7.5)).voice
        await store.voices.enroll("bert", "王芳", "x 1", VECTOR, 7.5)
        assert await store.voices.known("anna") == (first, second)
        assert await store.voices.known("nobody") == ()
        assert await store.voices.vectors([first.key, "gone"]) == {first.key: VECTOR}
        again = (await store.voices.enroll("anna", "王芳", "x 1", OTHER, 9.0)).voice
        assert again.key != first.key
        assert [each.speech_s for each in await store.voices.list("anna")] == [9.0, 7.5]
        assert [each.user for each in await store.voices.list()] == ["anna", "anna", "bert"]
        assert await store.voices.remove("anna", "王芳")
        assert not await store.voices.remove("anna", "王芳")
        assert await store.voices.known("anna") == ()
        assert len(await store.voices.known("bert")) == 1
        await store.close()

    asyncio.run(main())


def test_there_are_only_so_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voices, "MOST_VOICES", 2)

    async def main() -> None:
        store = await Store.open(tmp_path)
        for name in ("a", "b", "b"):
            await store.voices.enroll("anna", name, "x 1", VECTOR, 7.5)
        with pytest.raises(InvalidOption, match="remove one first"):
            await store.voices.enroll("anna", "c", "x 1", VECTOR, 7.5)
        await store.voices.enroll("anna", "b", "y 1", VECTOR, 7.5)
        await store.voices.enroll("bert", "c", "x 1", VECTOR, 7.5)
        await store.close()

    asyncio.run(main())

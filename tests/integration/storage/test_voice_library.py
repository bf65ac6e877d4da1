"""Voices to speak with: rows and files together, whatever happens between them."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from parley.errors import DiskFull, InvalidOption
from parley.storage import voice_library
from parley.storage.voice_library import KeptVoice
from tests.integration.storage.test_disk_full import SMALL, fill
from tests.integration.storage.test_leases import opened

WAV = bytes(range(256)) * 64

VOICE = KeptVoice(
    voice_id="",
    user="anna",
    name="小明",
    kind="cloned",
    engine="tone",
    model="m",
    revision="1",
    language="zh",
    transcript="你好",
    consent_at=5.0,
    created_at=10.0,
)


def folders(data_dir: Path) -> set[str]:
    folder = data_dir / "voices"
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def age(path: Path) -> None:
    long_ago = time.time() - 7200
    os.utime(path, (long_ago, long_ago))


def test_a_voice_is_its_users_own(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            shelf = store.voice_shelf
            kept = await shelf.add(VOICE, 5, WAV, b"prompt", "1")
            assert replace(kept, voice_id="") == VOICE
            assert await shelf.list("anna") == [kept] and await shelf.list("bert") == []
            assert await shelf.prompt(kept.voice_id) == (b"prompt", "1")
            assert await shelf.reference(kept.voice_id) == WAV
            await shelf.keep_prompt(kept.voice_id, b"better", "2")
        async with opened(tmp_path) as store:
            shelf = store.voice_shelf
            assert await shelf.prompt(kept.voice_id) == (b"better", "2")
            assert await shelf.prompt("gone") == (b"", "")
            assert await shelf.reference("gone") is None
            assert not await shelf.remove("bert", kept.voice_id)
            assert await shelf.remove("anna", kept.voice_id)
            assert not await shelf.remove("anna", kept.voice_id)
            assert await shelf.list("anna") == [] and folders(tmp_path) == set()

    asyncio.run(main())


def test_names_are_a_users_own_and_numbers_are_bounded(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            shelf = store.voice_shelf
            await shelf.add(replace(VOICE, name="Ann"), 2)
            with pytest.raises(InvalidOption, match="already"):
                await shelf.add(replace(VOICE, name="ANN"), 2, WAV)
            await shelf.add(replace(VOICE, name="Bob", created_at=5.0), 2)
            with pytest.raises(InvalidOption, match="2 voices"):
                await shelf.add(replace(VOICE, name="Carl"), 2, WAV)
            with pytest.raises(InvalidOption, match="already"):
                await shelf.require_place("anna", "bob", 5)
            await shelf.require_place("anna", "Carl", 5)
            await shelf.add(replace(VOICE, user="bert", name="Ann"), 2)
            assert [voice.name for voice in await shelf.list("anna")] == ["Bob", "Ann"]
            assert len(folders(tmp_path)) == 3, "who was refused leaves nothing"

    asyncio.run(main())


def test_of_many_that_come_at_once_as_many_stay_as_may(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            adding = [store.voice_shelf.add(replace(VOICE, name=f"v{n % 6}"), 4, WAV) for n in range(12)]
            ends = await asyncio.gather(*adding, return_exceptions=True)
            kept = await store.voice_shelf.list("anna")
            assert len(kept) == 4 == len({voice.name for voice in kept})
            assert sum(isinstance(end, KeptVoice) for end in ends) == 4
            assert folders(tmp_path) == {voice.voice_id for voice in kept}

    asyncio.run(main())


_DIES = """
import asyncio, os, sys
from pathlib import Path
from parley.storage.database import Database
from parley.storage.store import Store
from tests.integration.storage.test_voice_library import VOICE, WAV

async def main():
    store = await Store.open(Path(sys.argv[1]))
    async def die(self, work, **options):
        os._exit(7)
    Database.write = die
    await store.voice_shelf.add(VOICE, 5, WAV)

asyncio.run(main())
"""


def test_a_crash_between_the_files_and_the_row_leaves_what_is_swept(tmp_path: Path) -> None:
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", _DIES, str(tmp_path / "data")], cwd=root, timeout=120)
    assert done.returncode == 7

    async def main() -> None:
        data = tmp_path / "data"
        async with opened(data) as store:
            shelf = store.voice_shelf
            assert await shelf.list("anna") == []
            [orphan] = folders(data)
            kept = await shelf.add(VOICE, 5, WAV)
            await shelf.sweep()
            assert folders(data) == {orphan, kept.voice_id}, "somebody may be about to write the row"
            for path in (data / "voices").iterdir():
                age(path)
            stranger = data / "voices" / "stranger"
            stranger.mkdir()
            age(stranger)
            async with shelf.workspace() as working:
                await shelf.sweep()
                assert folders(data) == {kept.voice_id, "stranger", working.name}
            await store.tidy(pcm_bytes=0, cache_bytes=0, cache_age_s=1.0)
            assert folders(data) == {kept.voice_id, "stranger"}
            assert await shelf.reference(kept.voice_id) == WAV

    asyncio.run(main())


def test_a_workspace_that_a_crash_leaves_is_swept(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            async with store.voice_shelf.workspace() as working:
                (working / "mix.pcm").write_bytes(WAV)
            assert folders(tmp_path) == set()
            working.mkdir()
            age(working)
            await store.voice_shelf.sweep()
            assert folders(tmp_path) == set()

    asyncio.run(main())


def test_a_full_disk_keeps_nothing_half(mount: Callable[[str], Path]) -> None:
    folder = mount(SMALL)

    async def main() -> None:
        async with opened(folder / "data") as store:
            shelf = store.voice_shelf
            ballast = fill(folder)
            with pytest.raises(DiskFull):
                await shelf.add(VOICE, 5, bytes(200_000))
            ballast.unlink()
            assert folders(folder / "data") == set() and await shelf.list("anna") == []
            kept = await shelf.add(VOICE, 5, WAV)
            ballast = fill(folder)
            preview = shelf.preview_path("key", kept.voice_id)
            with pytest.raises(DiskFull):
                await shelf.keep_preview(preview, bytes(200_000))
            ballast.unlink()
            assert [path.name for path in preview.parent.iterdir()] == ["reference.wav"]
            await shelf.keep_preview(preview, WAV)
            assert preview.read_bytes() == WAV and await shelf.find_preview(preview)

    asyncio.run(main())


def test_previews_of_presets_are_bounded_and_the_oldest_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(voice_library, "MOST_PREVIEWS", 3)

    async def main() -> None:
        async with opened(tmp_path) as store:
            shelf = store.voice_shelf
            paths = [shelf.preview_path(f"key{number}", None) for number in range(4)]
            for number, path in enumerate(paths):
                assert not await shelf.find_preview(path)
                if number == 3:
                    for old in paths[:3]:
                        age(old)
                    assert await shelf.find_preview(paths[0]), "who is heard stays"
                await shelf.keep_preview(path, WAV)
            there = {path.name for path in (tmp_path / "previews").iterdir()}
            assert len(there) == 3 and {"key0.wav", "key3.wav"} <= there

    asyncio.run(main())


def test_a_preview_of_a_voice_that_was_removed_is_gone_with_it(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            shelf = store.voice_shelf
            kept = await shelf.add(VOICE, 5, WAV)
            preview = shelf.preview_path("key", kept.voice_id)
            await shelf.keep_preview(preview, WAV)
            await shelf.remove("anna", kept.voice_id)
            assert not await shelf.find_preview(preview) and folders(tmp_path) == set()

    asyncio.run(main())

"""Files of other formats in mode `offline`."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.unit.server.funasr.rehearsal import Message, ScriptedRoom, Stage, said

from parley.errors import ParleyError, UndecodableMedia
from parley.server.funasr.files import Spool, SpooledFile

START: Message = {
    "mode": "offline",
    "chunk_size": [5, 10, 5],
    "chunk_interval": 10,
    "audio_fs": 8000,
    "wav_name": "a",
    "wav_format": "others",
    "is_speaking": True,
}
END: Message = {"is_speaking": False}


class Backwards:
    """A decoder that gives the bytes of a file in reverse."""

    def __init__(self, folder: Path, error: ParleyError | None = None) -> None:
        self.sources: list[Path] = []
        self._folder = folder
        self._error = error

    @asynccontextmanager
    async def decoded(self, source: Path) -> AsyncGenerator[Path]:
        self.sources.append(source)
        if self._error is not None:
            raise self._error
        decoded = self._folder / f"{len(self.sources)}.pcm"
        await asyncio.to_thread(self._reverse, source, decoded)
        yield decoded

    def _reverse(self, source: Path, decoded: Path) -> None:
        decoded.write_bytes(source.read_bytes()[::-1])


def test_a_file_is_decoded_and_heard_as_a_whole(tmp_path: Path):
    decoder = Backwards(tmp_path)
    stage = Stage(ScriptedRoom(last=[said(0, "One.")]), decoder=decoder)
    client = stage.play(START, b"ab", b"cdef", END, {**START, "wav_name": "b"}, b"gh", END)
    assert [(each["wav_name"], each["text"]) for each in client.answers] == [("a", "One."), ("b", "One.")]
    first, second = stage.room.sessions
    assert (bytes(first.heard), bytes(second.heard)) == (b"fedcba", b"hg")
    # What was decoded has a rate of its own.
    assert first.wish.sample_rate_hz == 16000
    assert not any(source.exists() for source in decoder.sources)


def test_a_file_that_cannot_be_decoded_costs_nothing_but_itself(tmp_path: Path):
    decoder = Backwards(tmp_path, UndecodableMedia("The file is broken."))
    client = Stage(decoder=decoder).play(
        START, b"ab", {"is_end": True}, {**START, "wav_format": "pcm"}, b"ab", END
    )
    assert client.answers[0]["error"] == "undecodable_media"
    assert client.answers[1]["is_final"] is False
    assert "error" not in client.answers[2]
    assert not decoder.sources[0].exists()


@pytest.mark.parametrize("mode", ["online", "2pass"])
def test_live_speech_comes_as_samples(mode: str, tmp_path: Path):
    client = Stage(decoder=Backwards(tmp_path)).play({**START, "mode": mode}, b"ab", END)
    assert [each.get("error") for each in client.answers] == ["unsupported_media"]


def test_files_take_no_more_of_the_disk_than_the_bound(tmp_path: Path):
    decoder = Backwards(tmp_path)
    stage = Stage(decoder=decoder, max_spooled_bytes=1000)
    large = [START, bytes(600), bytes(600), bytes(600), END]
    client = stage.play(*large, START, bytes(900), END)
    assert [each.get("error") for each in client.answers] == ["media_too_large", None]
    assert len(stage.room.sessions[0].heard) == 900


def test_a_file_is_there_until_it_is_closed():
    async def main() -> tuple[Path, bytes]:
        spool = Spool(2**20)
        file = SpooledFile(spool)
        for _ in range(3):
            await file.write(bytes(300 * 1024))
        path = await file.finish()
        content = await asyncio.to_thread(path.read_bytes)
        await file.close()
        spool.take(2**20)
        return path, content

    path, content = asyncio.run(main())
    assert content == bytes(900 * 1024)
    assert not path.exists()


def test_a_file_that_was_not_finished_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    stage = Stage(decoder=Backwards(tmp_path), max_spooled_bytes=2**20)
    stage.play(START, bytes(300 * 1024))
    assert not list(tmp_path.iterdir())
    assert not stage.room.sessions


def test_without_a_decoder_there_are_samples_only():
    client = Stage().play(START, b"ab", END)
    assert [each["error"] for each in client.answers] == ["unsupported_media"]

"""What `parley speak` takes and where its speech goes, without an engine."""

from __future__ import annotations

import asyncio
import os
import sys
import types
import wave
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from parley.cli.commands import app
from parley.cli.loudspeaker import Loudspeaker
from parley.cli.server_options import check_place
from parley.cli.speak import _text
from parley.cli.texts import piped, read_argument, read_file
from parley.cli.voiced import WavFile, destination_of
from parley.errors import DeviceUnavailable, FileNotFound, InvalidOption, StorageError
from parley.formats.wav import wav_header


@pytest.mark.parametrize(
    ("text", "file", "sentence"),
    [
        (None, None, "one of them"),
        ("one", "a.txt", "one of them"),
        (" \n", None, "nothing to say"),
        ("a\udcff", None, "not UTF-8"),
    ],
)
def test_a_text_that_is_none_is_refused(text: str | None, file: str | None, sentence: str) -> None:
    with pytest.raises(InvalidOption, match=sentence):
        _text(text, file)


def test_a_file_is_read_as_text(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("早上好", "utf-8-sig")
    assert read_file(path) == read_argument("早上好") == "早上好"
    path.write_bytes("早上好".encode("gb18030"))
    with pytest.raises(InvalidOption, match=r"not UTF-8.*byte 0 of 'a.txt'"):
        read_file(path)
    with pytest.raises(FileNotFound, match=r"'none.txt'"):
        read_file(tmp_path / "none.txt")
    path.write_bytes(b"")
    with pytest.raises(InvalidOption, match="nothing to say"):
        read_file(path)


def test_standard_input_is_read_as_it_comes_though_letters_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    def heard(data: list[bytes]) -> str:
        reading, writing = os.pipe()

        async def main() -> str:
            said = ""
            async for piece in piped():
                said += piece
            return said

        with open(reading) as stdin:  # noqa: PTH123 - a descriptor
            monkeypatch.setattr(sys, "stdin", stdin)
            for piece in data:
                os.write(writing, piece)
            os.close(writing)
            return asyncio.run(main())

    letter = "早".encode()
    assert heard([b"\xef\xbb\xbfone ", letter[:1], letter[1:]]) == "one 早"
    for wrong in ([b"one\xff"], [letter[:2]]):
        with pytest.raises(InvalidOption, match="not UTF-8"):
            heard(wrong)
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(InvalidOption, match="closed"):
        asyncio.run(anext(piped()))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("output", "play", "sentence"),
    [
        ("a.wav", True, "leave one out"),
        ("a.mp3", False, "Only WAV"),
        (".", False, "names a folder"),
        ("x/", False, "folder"),
    ],
)
def test_a_place_that_is_none_is_refused(output: str, play: bool, sentence: str) -> None:
    with pytest.raises(InvalidOption, match=sentence):
        destination_of(output, play, [])


def test_options_of_a_server_want_one() -> None:
    with pytest.raises(InvalidOption, match="--server"):
        check_place(None, token="x", tls_ca=None, data_dir=None)
    with pytest.raises(InvalidOption, match="--data-dir"):
        check_place("host", token=None, tls_ca=None, data_dir=Path())


def write(file: WavFile, *pieces: bytes, finishes: bool = True) -> None:
    async def main() -> None:
        async with file:
            await file.begin(8000)
            for piece in pieces:
                await file.take(piece)
            if finishes:
                await file.finish()

    asyncio.run(main())


def test_a_wav_is_whole_or_the_old_one(tmp_path: Path) -> None:
    target = tmp_path / "new" / ("x" * 200 + ".wav")
    write(WavFile(target), b"\1\0" * 100, b"\2\0")
    with wave.open(str(target)) as read:
        assert (read.getframerate(), read.getnframes()) == (8000, 101)
    before = target.read_bytes()
    write(WavFile(target), b"\3\0", finishes=False)
    assert target.read_bytes() == before
    assert list(target.parent.iterdir()) == [target]
    with pytest.raises(StorageError, match=r"'a.wav'"):
        write(WavFile(target / "a.wav"), b"")


def test_a_device_is_written_as_it_is() -> None:
    write(WavFile(Path(os.devnull)), b"\1\0")
    assert not Path(os.devnull).is_file()


def test_the_header_says_how_long_it_is_where_that_is_known() -> None:
    assert wav_header(8000, 4)[4:8] == (40).to_bytes(4, "little")
    assert wav_header(8000)[40:] == wav_header(8000, 2**32)[40:] == b"\xff" * 4


class Device(types.ModuleType):
    """An audio library with one device, or none."""

    PortAudioError = type("PortAudioError", (Exception,), {})

    def __init__(self, *, broken: bool = False) -> None:
        super().__init__("sounddevice")
        self.broken = broken
        self.heard = b""
        self.calls: list[str] = []

    def query_devices(self, device: None, kind: str) -> dict[str, float]:
        if self.broken:
            raise self.PortAudioError("none")
        return {"default_samplerate": 96000.0}

    def RawOutputStream(self, **how: Any) -> Device:
        self.calls.append(f"open {how['samplerate']}")
        return self

    def write(self, data: bytes) -> None:
        self.heard += data

    def start(self) -> None:
        self.calls.append("start")

    def stop(self) -> None:
        self.calls.append("stop")

    def close(self) -> None:
        self.calls.append("close")


def test_a_loudspeaker_plays_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    library = Device()
    monkeypatch.setitem(sys.modules, "sounddevice", library)
    speech = bytes(range(256)) * 100

    async def main() -> None:
        async with Loudspeaker() as loud:
            assert loud.wanted_rate_hz() == 48000
            await loud.begin(48000)
            await loud.take(speech)
            await loud.finish()

    asyncio.run(main())
    assert library.heard == speech
    assert library.calls == ["open 48000", "start", "stop", "close"]


def test_a_machine_without_a_loudspeaker_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", Device(broken=True))
    with pytest.raises(DeviceUnavailable, match="no loudspeaker"):
        Loudspeaker().wanted_rate_hz()
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(DeviceUnavailable, match=r"A loudspeaker needs .*parley\[mic\]"):
        destination_of(None, True, [])


def test_the_commands_explain_themselves() -> None:
    for command in (["speak"], ["voices"], ["voices", "list"], ["voices", "add"], ["voices", "preview"]):
        done = CliRunner().invoke(app, [*command, "--help"])
        assert done.exit_code == 0, done.output

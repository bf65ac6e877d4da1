"""A microphone that is there, one that is not, one that is pulled out; the audio library is played."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest

from parley.cli import microphone
from parley.cli.microphone import Tape, open_microphone
from parley.errors import DeviceUnavailable


class PortAudioError(Exception):
    pass


class Stream:
    """Plays its blocks from a thread of its own, as PortAudio does."""

    blocks: tuple[bytes, ...] = (b"aa", b"bb", b"cc")
    opened: dict[str, Any]
    closed = False

    def __init__(self, *, callback: Any, finished_callback: Any, **options: Any) -> None:
        if options["device"] == "lost":
            raise ValueError("No input device matching 'lost'")
        type(self).opened = options
        self._callback, self._finished = callback, finished_callback

    def start(self) -> None:
        threading.Thread(target=self._play).start()

    def _play(self) -> None:
        buffer = bytearray(2)
        for block in self.blocks:
            # PortAudio uses its buffer again.
            buffer[:] = block
            self._callback(buffer, 1, None, None)
        self._finished()

    def close(self) -> None:
        type(self).closed = True


def library(*rates: int) -> SimpleNamespace:
    def check(**options: Any) -> None:
        if options["samplerate"] not in rates:
            raise PortAudioError("Invalid sample rate")

    return SimpleNamespace(
        PortAudioError=PortAudioError,
        RawInputStream=Stream,
        check_input_settings=check,
        query_devices=lambda device, kind: {"default_samplerate": float(rates[0])},
    )


async def to_end(pieces: AsyncIterator[bytes]) -> tuple[list[bytes], str]:
    heard: list[bytes] = []
    with pytest.raises(DeviceUnavailable) as ended:
        while True:
            heard.append(await anext(pieces))
    return heard, ended.value.message


def hear(device: str | None = None) -> tuple[list[bytes], int, str]:
    """The blocks, the rate, and what ended them."""

    async def main() -> tuple[list[bytes], int, str]:
        async with open_microphone(device, print) as sound:
            heard, end = await to_end(sound.pieces)
            return heard, sound.sample_rate_hz, end

    return asyncio.run(main())


def test_what_it_hears_comes_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", library(16000, 48000))
    heard, rate_hz, end = hear()
    assert heard == [b"aa", b"bb", b"cc"]
    assert "unplugged" in end
    assert (rate_hz, Stream.opened["device"], Stream.opened["channels"]) == (16000, None, 1)
    assert Stream.closed


def test_a_device_with_a_rate_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", library(44100))
    assert hear("3")[1] == 44100
    assert (Stream.opened["device"], Stream.opened["blocksize"]) == (3, 4410)
    monkeypatch.setitem(sys.modules, "sounddevice", library(96000))
    assert hear("USB")[1] == 48000
    assert Stream.opened["device"] == "USB"


def test_no_such_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", library(16000))
    with pytest.raises(DeviceUnavailable, match="--mic-device"):
        hear("lost")


def test_no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(DeviceUnavailable, match=r"parley\[mic\]"):
        hear()


def test_no_portaudio(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def find_spec(self, name: str, *_: object) -> None:
            if name == "sounddevice":
                raise OSError("PortAudio library not found")

    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Broken(), *sys.meta_path])
    with pytest.raises(DeviceUnavailable, match="libportaudio2"):
        hear()


def test_what_waits_is_bounded_and_a_loss_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(microphone, "MOST_WAITING", 2)

    async def main() -> list[str]:
        notices: list[str] = []
        tape = Tape(asyncio.get_running_loop(), notices.append)
        for block in (b"1", b"2", b"3", b"4"):
            tape.hear(block)
        tape.finish()
        await asyncio.sleep(0)
        heard, _ = await to_end(tape.pieces())
        assert heard == [b"1", b"2"]
        return notices

    [notice] = asyncio.run(main())
    assert "lost" in notice

"""A file may bring its own bytes and nothing else: no request is made, no other file is touched."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import pytest
from av.error import FFmpegError

from parley.errors import UndecodableMedia, UnsupportedMedia
from tests.integration.media.conftest import Decode
from tests.integration.media.makers import FORMATS, Making, make, wav, with_external_sound
from tests.integration.media.watching import Server, Watch

SECRET = np.full((16_000, 1), 12_345, np.int16)


@dataclass
class Traps:
    """A secret recording in the file's own folder and on a server, both watched."""

    folder: Path
    server: Server
    watch: Watch

    @property
    def secret(self) -> Path:
        return self.folder / "secret.wav"


@pytest.fixture
def traps(tmp_path: Path) -> Iterator[Traps]:
    (tmp_path / "secret.wav").write_bytes(wav(SECRET))
    try:
        watch = Watch(tmp_path / "secret.wav")
    except OSError as error:
        pytest.skip(str(error))
    with Server(wav(SECRET)).running() as server:
        traps = Traps(tmp_path, server, watch)
        (tmp_path / "secret.wav").read_bytes()
        assert watch.visits() > 0, "the trap works"
        yield traps
    watch.close()


def texts(traps: Traps) -> dict[str, str]:
    """Files that only name others, each with a local path and an address in it."""
    path, address = traps.secret, f"{traps.server.address}/secret.wav"
    name = path.name
    return {
        "remote.m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{address}\n#EXT-X-ENDLIST\n",
        "local.m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{name}\n#EXT-X-ENDLIST\n",
        "absolute.m3u8": f"\n #EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://{path}\n#EXT-X-ENDLIST\n",
        "key.m3u8": f'#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="{address}"\n#EXTINF:1,\n{name}\n',
        "list.m3u": f"{path}\n",
        "list.pls": f"[playlist]\nFile1={address}\nNumberOfEntries=1\n",
        "manifest.mpd": f'<?xml version="1.0"?><MPD type="static"><BaseURL>{address}</BaseURL></MPD>',
        "manifest.ism": f'<SmoothStreamingMedia Url="{address}"/>',
        "session.sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n",
        "script.ffconcat": f"ffconcat version 1.0\nfile '{path}'\n",
        "relative.ffconcat": f"ffconcat version 1.0\nfile {name}\n",
        "concat.txt": f"file '{path}'\nfile '{address}'\n",
        "link.url": f"[InternetShortcut]\nURL={address}\n",
        "stream.asx": f'<asx version="3.0"><entry><ref href="{address}"/></entry></asx>',
        "stream.ram": f"{address}\n",
        "cpl.xml": f'<?xml version="1.0"?><CompositionPlaylist><Id>{address}</Id></CompositionPlaylist>',
        "picture.svg": f'<svg><image href="{address}"/></svg>',
    }


NAMES = sorted(texts(Traps(Path(), type("None", (), {"address": ""}), None)))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("ending", ["", ".wav", ".mp3", "%03d.png"])
def test_files_that_name_other_files(name: str, ending: str, traps: Traps, decode: Decode) -> None:
    hostile = traps.folder / f"{name}{ending}"
    hostile.write_text(texts(traps)[name])
    with pytest.raises((UnsupportedMedia, UndecodableMedia)) as refused:
        decode(hostile)
    assert "playlist" in refused.value.message or "text" in refused.value.message
    assert traps.server.requests == []
    assert traps.watch.visits() == 0


@pytest.mark.parametrize("name", NAMES)
def test_they_are_refused_even_when_they_do_not_look_like_text(
    name: str, traps: Traps, decode: Decode
) -> None:
    """A byte that is no text, further down, gets past our own look: then FFmpeg's allow-list refuses."""
    hostile = traps.folder / name
    hostile.write_bytes(b"\n" * 40 + texts(traps)[name].encode() + b"\n#\xff\xfe\0\n")
    with pytest.raises((UnsupportedMedia, UndecodableMedia)):
        decode(hostile)
    assert traps.server.requests == []
    assert traps.watch.visits() == 0


def test_ffmpeg_left_to_itself_would_follow_them(traps: Traps) -> None:
    """The control: these same files do reach the traps when FFmpeg is opened without our guards."""
    for name in ("local.m3u8", "script.ffconcat"):
        hostile = traps.folder / name
        hostile.write_text(texts(traps)[name])
        options = {"safe": "0", "allowed_extensions": "ALL", "extension_picky": "0"}
        with suppress(FFmpegError), av.open(str(hostile), options=options) as container:
            next(container.decode(audio=0))
        assert traps.watch.visits() > 0, name
    remote = traps.folder / "remote.m3u8"
    remote.write_text(texts(traps)["remote.m3u8"])
    with suppress(FFmpegError):
        av.open(str(remote), options={"protocol_whitelist": "file,http,tcp"}).close()
    assert traps.server.requests


def referring(traps: Traps, target: str) -> Path:
    mov = make(traps.folder / "sound.mov", Making("pcm_s16le", "mov", rate=16_000, channels=1), 1.0)
    hostile = traps.folder / "hostile.mov"
    hostile.write_bytes(with_external_sound(mov.read_bytes(), target))
    return hostile


@pytest.mark.parametrize("target", ["secret", "secret.wav", "address", "/etc/passwd"])
def test_a_mov_whose_sound_lies_elsewhere(target: str, traps: Traps, decode: Decode) -> None:
    known = {"secret": str(traps.secret), "address": f"{traps.server.address}/secret.wav"}
    hostile = referring(traps, known.get(target, target))
    with pytest.raises((UnsupportedMedia, UndecodableMedia)):
        decode(hostile)
    assert traps.server.requests == []
    assert traps.watch.visits() == 0


def test_ffmpeg_left_to_itself_would_open_the_other_sound(traps: Traps) -> None:
    options = {"enable_drefs": "1", "use_absolute_path": "1"}
    with av.open(str(referring(traps, str(traps.secret))), options=options) as container:
        frame = next(container.decode(audio=0))
        assert 12_345 in frame.to_ndarray()
    assert traps.watch.visits() > 0


def test_the_second_lock_holds_too(traps: Traps, decode: Decode, monkeypatch: pytest.MonkeyPatch) -> None:
    """Should the option be ignored one day, there is still nobody who opens a second file."""
    from parley.engines.media import containers

    open_all = {**containers._GUARDS, "enable_drefs": "1", "use_absolute_path": "1"}
    monkeypatch.setattr(containers, "_GUARDS", open_all)
    with pytest.raises(UnsupportedMedia, match="refers to another file"):
        decode(referring(traps, str(traps.secret)))
    assert traps.watch.visits() == 0


def test_image_sequences_are_not_looked_for(traps: Traps, decode: Decode) -> None:
    for index in range(3):
        shutil.copy(traps.secret, traps.folder / f"frame{index:03d}.png")
    watch = Watch(traps.folder / "frame001.png")
    (traps.folder / "frame%03d.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    with pytest.raises(UnsupportedMedia):
        decode(traps.folder / "frame%03d.png")
    assert watch.visits() == 0
    watch.close()


@pytest.mark.parametrize(
    "name", ["http://127.0.0.1:9/x.wav", "concat:secret.wav|secret.wav", "data:audio,x", "-", "pipe:0"]
)
def test_names_are_only_names(name: str, traps: Traps, decode: Decode) -> None:
    flat = traps.folder / name.replace("/", "_")
    shutil.copy(make(traps.folder / "good", FORMATS["flac"], 0.5), flat)
    assert decode(flat).duration == 0.5
    assert traps.watch.visits() == 0


def test_only_the_file_itself_is_opened(traps: Traps, decode: Decode) -> None:
    """Every descriptor that is open while decoding is known."""
    opened: set[str] = set()

    def look(seconds: float) -> None:
        for descriptor in Path("/proc/self/fd").iterdir():
            with suppress(OSError):
                opened.add(str(descriptor.readlink()))

    from parley.engines.media.pyav import PyavEngine
    from parley.speech.media import DecodeOptions

    look(0.0)
    before = opened.copy()
    source = make(traps.folder / "long.mka", FORMATS["mkv"], 2.0)
    PyavEngine().decode(source, traps.folder, DecodeOptions(), look)
    new = {path for path in opened - before if "/proc/" not in path}
    assert new <= {str(source), str(traps.folder / "mix.pcm.part"), str(traps.folder / "mix.pcm")}
    assert str(source) in new

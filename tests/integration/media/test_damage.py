"""Cut, flipped and overwritten files: a result with a warning or a clear refusal, soon."""

from __future__ import annotations

import random
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parley.engines.media.pyav import PyavEngine
from parley.errors import InputError, UndecodableMedia
from parley.speech.media import DecodeOptions
from tests.integration.media.conftest import Decode, samples_of
from tests.integration.media.makers import FORMATS, make, wav

DECODABLE_WHEN_CUT = [
    "wav",
    "flac",
    "mp3",
    "adts",
    "mkv",
    "webm",
    "opus",
    "vorbis",
    "mpegts",
    "au",
    "caf",
    "flv",
]
SAYS_SO = [
    "wav",
    "flac",
    "mp3",
    "adts",
    "mkv",
    "opus",
    "vorbis",
    "au",
    "caf",
    "flv",
    "aiff",
    "wavpack",
    "tta",
]
PROMPT_S = 10.0


@pytest.mark.parametrize("name", sorted({*DECODABLE_WHEN_CUT, *SAYS_SO}))
def test_a_file_that_breaks_off(name: str, tmp_path: Path, decode: Decode) -> None:
    whole_file = make(tmp_path / "recording", FORMATS[name], 6.0).read_bytes()
    whole = samples_of(decode(whole_file).tracks[0])
    for share in (0.35, 0.6, 0.85):
        media = decode(whole_file[: int(len(whole_file) * share)])
        # Quiet and loud seconds take different numbers of bytes, so the share is only about that.
        assert media.duration / 6.0 == pytest.approx(share, abs=0.25)
        part = samples_of(media.tracks[0])
        sure = len(part) - 4000
        assert np.abs(part[:sure].astype(int) - whole[:sure]).max() <= 1
        if name in SAYS_SO:
            assert any("breaks off" in warning for warning in media.warnings)


@pytest.mark.parametrize("name", ["m4a", "alac", "3gp"])
def test_an_mp4_without_its_index(name: str, tmp_path: Path, decode: Decode) -> None:
    whole_file = make(tmp_path / "recording", FORMATS[name], 3.0).read_bytes()
    with pytest.raises(UndecodableMedia, match="index"):
        decode(whole_file[: len(whole_file) // 2])


def test_an_mp4_with_its_index_in_front(tmp_path: Path, decode: Decode) -> None:
    making = replace(FORMATS["m4a"], mux_options={"movflags": "faststart"})
    whole = make(tmp_path / "fast.m4a", making, 6.0).read_bytes()
    media = decode(whole[: len(whole) * 6 // 10])
    assert 2.5 < media.duration < 4.5
    assert "breaks off" in " ".join(media.warnings)


@pytest.mark.parametrize(
    "name", ["whisper/jfk.mp3", "whisper/jfk.flac", "whisper/jfk_441khz.m4a", "whisper/jfk.wav"]
)
def test_real_files_cut_anywhere(name: str, audio: Path, decode: Decode) -> None:
    whole_file = (audio / name).read_bytes()
    chance = random.Random(name)
    for _ in range(8):
        cut = chance.randrange(1, len(whole_file))
        try:
            media = decode(whole_file[:cut])
        except InputError as error:
            assert error.code in ("undecodable_media", "unsupported_media")
        else:
            assert 0 < media.duration <= 11.02


def test_a_hole_of_zeros_in_the_middle(tmp_path: Path, decode: Decode) -> None:
    """What a download manager leaves when it gave up."""
    for name in ("mp3", "flac", "adts", "mpegts", "m4a"):
        data = bytearray(make(tmp_path / "recording", FORMATS[name], 6.0).read_bytes())
        first, last = len(data) * 4 // 10, len(data) * 6 // 10
        data[first:last] = bytes(last - first)
        media = decode(bytes(data))
        assert 3.0 < media.duration <= 6.1, name


def test_time_goes_on_behind_damage(tmp_path: Path, decode: Decode) -> None:
    """FLAC numbers its frames: what comes after the damage keeps its place."""
    data = bytearray(make(tmp_path / "recording", FORMATS["flac"], 6.0).read_bytes())
    whole = samples_of(decode(bytes(data)).tracks[0])
    first = len(data) * 4 // 10
    data[first : first + len(data) // 10] = bytes(len(data) // 10)
    media = decode(bytes(data))
    damaged = samples_of(media.tracks[0])
    assert abs(len(damaged) - len(whole)) < 0.12 * 16_000
    tail = slice(-16_000, -2000)
    shift = len(whole) - len(damaged)
    assert np.abs(damaged[tail].astype(int) - np.roll(whole, -shift)[: len(damaged)][tail]).max() <= 1


def test_noise_that_passes_for_mp3_is_refused(decode: Decode) -> None:
    noise = np.random.default_rng(5).integers(0, 256, 300_000, np.uint8).tobytes()
    for head in (b"", b"\xff\xfb\x90\x64", b"ID3\x03\0\0\0\0\0\x0a"):
        try:
            media = decode(head + noise)
        except InputError as error:
            assert error.code in ("undecodable_media", "unsupported_media")
            assert "--raw" in error.message or "damaged" in error.message
        else:
            assert media.warnings


def test_more_damage_than_sound_is_refused(tmp_path: Path, decode: Decode) -> None:
    data = bytearray(make(tmp_path / "recording", FORMATS["mkv"], 3.0).read_bytes())
    chance = random.Random(3)
    for position in range(1000, len(data) - 1000):
        if chance.random() < 0.3:
            data[position] = chance.randrange(256)
    try:
        media = decode(bytes(data))
    except UndecodableMedia as error:
        assert "damaged" in error.message
    else:
        assert media.warnings


@pytest.fixture(scope="module")
def victims(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("victims")
    names = ("wav", "flac", "mp3", "m4a", "webm", "opus", "mpegts", "caf", "avi", "flv")
    return {name: make(folder / name, FORMATS[name], 1.0).read_bytes() for name in names}


flips = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=30)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(["wav", "flac", "mp3", "m4a", "webm", "opus", "mpegts", "caf", "avi", "flv"]),
    head_only=st.booleans(),
    changes=flips,
    keep=st.floats(0.05, 1),
    channel=st.sampled_from(["mix", "split", "0"]),
)
def test_flipped_bytes(
    name: str,
    head_only: bool,
    changes: list[tuple[float, int]],
    keep: float,
    channel: str,
    victims: dict[str, bytes],
    tmp_path: Path,
) -> None:
    data = bytearray(victims[name])
    reach = min(len(data), 600) if head_only else len(data)
    for place, value in changes:
        data[int(place * reach)] = value
    (tmp_path / "victim").write_bytes(data[: max(1, int(len(data) * keep))])
    began = time.monotonic()
    try:
        media = PyavEngine().decode(
            tmp_path / "victim", tmp_path, DecodeOptions(channel=channel), lambda _: None
        )
    except InputError as error:
        assert error.message.endswith((".", "1."))
        assert not list(tmp_path.glob("*.pcm*"))
    else:
        for track in media.tracks:
            assert len(samples_of(track)) == track.samples
            Path(track.path).unlink()
    assert time.monotonic() - began < PROMPT_S


def test_a_wav_header_with_too_much_announced(decode: Decode) -> None:
    samples = np.zeros((16_000, 1), np.int16)
    assert decode(wav(samples, size=64_000)).warnings
    # Recorders that write to a pipe cannot know the length and put all ones, or nothing.
    assert decode(wav(samples, size=2**32 - 1)).warnings == ()

"""Which channels and which seconds: exact to the sample, refused where there are none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.engines.media.conversion import Window
from parley.errors import InvalidOption, MediaTooLarge, UndecodableMedia, UnsupportedMedia
from tests.integration.media.conftest import Decode, samples_of
from tests.integration.media.makers import FORMATS, Making, make, speechlike, wav

LEFT_RIGHT = np.stack([np.arange(0, 16_000), np.arange(16_000, 0, -1)], axis=1).astype(np.int16)


def test_mix_split_and_one(decode: Decode) -> None:
    sound = wav(LEFT_RIGHT)
    mixed = decode(sound)
    assert [track.channel for track in mixed.tracks] == [None]
    assert np.all(samples_of(mixed.tracks[0]) == 8000)
    split = decode(sound, channel="split")
    assert [track.channel for track in split.tracks] == [0, 1]
    assert np.array_equal(np.stack([samples_of(track) for track in split.tracks], axis=1), LEFT_RIGHT)
    right = decode(sound, channel="1")
    assert [track.channel for track in right.tracks] == [1]
    assert np.array_equal(samples_of(right.tracks[0]), LEFT_RIGHT[:, 1])


@pytest.mark.parametrize("rate_hz", [8_000, 22_050, 24_000, 48_000])
def test_another_rate_for_who_learns_a_voice(rate_hz: int, decode: Decode) -> None:
    sound = wav(LEFT_RIGHT)
    media = decode(sound, sample_rate_hz=rate_hz)
    assert media.tracks[0].samples == rate_hz and media.duration == 1.0
    part = decode(sound, sample_rate_hz=rate_hz, start=0.25, end=0.5)
    assert part.tracks[0].samples == round(0.5 * rate_hz) - round(0.25 * rate_hz)
    assert np.array_equal(
        samples_of(part.tracks[0]),
        samples_of(decode(sound, sample_rate_hz=rate_hz).tracks[0])[
            round(0.25 * rate_hz) : round(0.5 * rate_hz)
        ],
    )
    with pytest.raises(InvalidOption, match="is 1"):
        decode(sound, sample_rate_hz=rate_hz, start=2.0)
    with pytest.raises(InvalidOption, match="rate"):
        decode(sound, sample_rate_hz=0)


def test_split_of_a_mono_file_is_one_track(decode: Decode) -> None:
    split = decode(wav(LEFT_RIGHT[:, :1]), channel="split")
    assert [track.channel for track in split.tracks] == [0]


@pytest.mark.parametrize("channel", ["2", "17", "-1", "left", "", "1.0", "²", "9" * 50])
def test_channels_that_are_not_there(channel: str, decode: Decode) -> None:
    with pytest.raises(InvalidOption):
        decode(wav(LEFT_RIGHT), channel=channel)


def test_more_channels_than_two(audio: Path, decode: Decode) -> None:
    """Eight planar channels: PyAV's own conversion to arrays reads beyond its planes here."""
    eight = decode(audio / "formats" / "whisperkit_8_Channel_ID.m4a", channel="split")
    assert [track.channel for track in eight.tracks] == list(range(8))
    loudness = [float(np.abs(samples_of(track).astype(int)).mean()) for track in eight.tracks]
    assert sum(level > 50 for level in loudness) >= 6
    four = decode(audio / "formats" / "speechbrain_4ch_speech.flac", channel="3")
    assert four.duration == 10.0


def test_split_speakers_differ(audio: Path, decode: Decode) -> None:
    media = decode(audio / "formats" / "speechbrain_stereo_spk1_and_2_snt5.wav", channel="split")
    left, right = (samples_of(track).astype(float) for track in media.tracks)
    assert abs(np.corrcoef(left, right)[0, 1]) < 0.2


@pytest.mark.parametrize(
    "name", ["wav", "flac", "mp3", "m4a", "webm", "opus", "vorbis", "mkv", "wma", "mpegts"]
)
def test_a_range_is_cut_from_the_whole(name: str, tmp_path: Path, decode: Decode) -> None:
    path = make(tmp_path / "recording", FORMATS[name], 4.0)
    whole = samples_of(decode(path).tracks[0])
    for start, end in ((0.0, 1.0), (0.5, 0.50007), (1.23456, 3.21), (2.0, None), (3.9, 3.95)):
        media = decode(path, start=start, end=end)
        first, last = round(start * 16_000), len(whole) if end is None else round(end * 16_000)
        assert np.array_equal(samples_of(media.tracks[0]), whole[first:last])
        assert media.origin == pytest.approx(start, abs=1 / 32_000)
        assert media.warnings == ()


def test_ranges_of_split_channels(decode: Decode) -> None:
    media = decode(wav(LEFT_RIGHT), channel="split", start=0.25, end=0.75)
    both = np.stack([samples_of(track) for track in media.tracks], axis=1)
    assert np.array_equal(both, LEFT_RIGHT[4000:12_000])
    assert media.duration == 0.5


def test_a_range_that_reaches_beyond_the_end(decode: Decode) -> None:
    media = decode(wav(LEFT_RIGHT), start=0.5, end=2.0)
    assert media.duration == 0.5
    assert media.warnings == ("The range was to end at 2 s, but the recording is 1.000 s long.",)


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        (1.0, None, "1.000 s long"),
        (5.0, 6.0, "1.000 s long"),
        (0.5, 0.5, "not after its start"),
        (0.5, 0.1, "not after its start"),
        (-1.0, None, "0 or more"),
        (float("nan"), None, "0 or more"),
        (0.0, float("inf"), "0 or more"),
    ],
)
def test_ranges_outside(start: float, end: float | None, said: str, decode: Decode) -> None:
    with pytest.raises(InvalidOption, match=said):
        decode(wav(LEFT_RIGHT), start=start, end=end)


@given(st.integers(0, 1000), st.integers(1, 1000), st.lists(st.integers(0, 300), max_size=20))
def test_windows_cut_what_a_slice_would(first: int, length: int, pieces: list[int]) -> None:
    window, position, kept = Window(first, first + length), 0, list[int]()
    for count in pieces:
        kept += list(range(position, position + count))[window.cut(position, count)]
        position += count
    assert kept == list(range(position))[first : first + length]


def test_the_sound_of_a_video(tmp_path: Path, audio: Path, decode: Decode) -> None:
    made = make(tmp_path / "film.mp4", Making("aac", "mp4", pictures=True))
    assert decode(made).duration == pytest.approx(3.0, abs=0.03)
    assert decode(audio / "formats" / "big_buck_bunny_small.mp4").codec == "aac"


def test_a_video_without_sound(tmp_path: Path, decode: Decode) -> None:
    import av

    path = tmp_path / "silent.mkv"
    with av.open(str(path), "w", format="matroska") as container:
        stream = container.add_stream("mpeg4", rate=5)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(5):
            frame = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(UndecodableMedia, match="pictures but no sound"):
        decode(path)


def two_sounds(path: Path, default: int) -> Path:
    import av
    from av.stream import Disposition

    with av.open(str(path), "w", format="matroska") as container:
        streams = [container.add_stream("pcm_s16le", rate=16_000, layout="mono") for _ in range(2)]
        for index, stream in enumerate(streams):
            stream.disposition = Disposition.default if index == default else Disposition(0)
        for index, stream in enumerate(streams):
            samples = np.full((1, 16_000), 1000 * (index + 1), np.int16)
            frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
            frame.sample_rate = 16_000
            for packet in (*stream.encode(frame), *stream.encode(None)):
                container.mux(packet)
    return path


@pytest.mark.parametrize("default", [0, 1])
def test_the_default_sound_is_taken(default: int, tmp_path: Path, decode: Decode) -> None:
    media = decode(two_sounds(tmp_path / "film.mkv", default))
    assert np.all(samples_of(media.tracks[0]) == 1000 * (default + 1))
    assert media.warnings == (f"The file has 2 audio streams; number {default} was taken.",)


@pytest.mark.parametrize("container", ["matroska", "mp4"])
def test_missing_time_becomes_silence(container: str, tmp_path: Path, decode: Decode) -> None:
    """A call whose sender was muted: no packets, but time goes on."""
    making = Making("aac", container, rate=16_000, holes=((1.0, 5.0), (2.0, 2.5)))
    media = decode(make(tmp_path / "call", making, 3.0))
    assert media.duration == pytest.approx(10.5, abs=0.15)
    assert media.warnings == ("7.5 s that are missing in the file were filled with silence.",)
    samples = np.abs(samples_of(media.tracks[0]).astype(int))
    assert samples[20_000:90_000].max() == 0
    assert samples[100_000:110_000].max() > 1000


def test_a_jump_of_the_clock_is_no_silence(tmp_path: Path, decode: Decode) -> None:
    making = Making("aac", "matroska", rate=16_000, holes=((1.0, 50_000.0),))
    assert decode(make(tmp_path / "glued", making, 3.0)).duration == pytest.approx(3.0, abs=0.2)


def test_limits(tmp_path: Path, decode: Decode) -> None:
    with pytest.raises(MediaTooLarge, match=r"limit of 0\.5 s"):
        decode(wav(LEFT_RIGHT), max_duration_s=0.5)
    assert decode(wav(LEFT_RIGHT), max_duration_s=1.0).duration == 1.0
    assert decode(wav(LEFT_RIGHT), max_duration_s=0.6, end=0.4).duration == 0.4
    with pytest.raises(MediaTooLarge, match="2 channels"):
        decode(wav(LEFT_RIGHT), max_channels=1)
    with pytest.raises(MediaTooLarge, match="200 channels"):
        decode(wav(np.zeros((100, 200), np.int16)))
    many = wav(np.zeros((16_000, 16), np.int16))
    assert len(decode(many, channel="split").tracks) == 16


def test_a_header_that_lies_about_the_length(decode: Decode) -> None:
    short = wav(LEFT_RIGHT, size=2**31)
    assert decode(short, max_duration_s=2.0).duration == 1.0
    with pytest.raises(MediaTooLarge):
        decode(wav(LEFT_RIGHT, size=2**32 - 1), max_duration_s=0.9)


def test_streams_are_counted(tmp_path: Path, decode: Decode) -> None:
    import av

    path = tmp_path / "many.mkv"
    with av.open(str(path), "w", format="matroska") as container:
        streams = [container.add_stream("pcm_s16le", rate=16_000, layout="mono") for _ in range(65)]
        for stream in streams:
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 160), np.int16), format="s16", layout="mono")
            frame.sample_rate = 16_000
            container.mux(stream.encode(frame))
    with pytest.raises(MediaTooLarge, match="65 streams"):
        decode(path)


@pytest.mark.parametrize("rate", [1, 900, 1_000_000])
def test_absurd_sample_rates(rate: int, decode: Decode) -> None:
    with pytest.raises(UnsupportedMedia, match="sample rate"):
        decode(wav(LEFT_RIGHT, rate))


@pytest.mark.parametrize("rate", [1000, 8000, 11_025, 22_050, 48_000, 96_000, 192_000, 768_000])
def test_odd_sample_rates(rate: int, decode: Decode) -> None:
    samples = (speechlike(0.7, rate, 1).T * 32767).astype(np.int16)
    assert decode(wav(samples, rate)).duration == pytest.approx(len(samples) / rate, abs=0.0001)

"""Every kind of file is decoded with its exact length, or refused with a way out."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from parley.errors import FileNotFound, InvalidOption, ParleyError, UndecodableMedia, UnsupportedMedia
from parley.speech.media import RawFormat
from tests.integration.media.conftest import Decode, samples_of
from tests.integration.media.makers import (
    FORMATS,
    Making,
    caf,
    make,
    shortened,
    speechlike,
    sphere,
    wav,
    write,
)

PADDING_S = {
    "amr": 0.03,
    "3gp": 0.03,
    "adts": 0.05,
    "mpegts": 0.05,
    "mpeg": 0.05,
    "mp2": 0.05,
    "avi": 0.05,
    "flv": 0.05,
    "wma": 0.05,
}
"""What a codec or container adds at the ends and does not say: whole frames and the encoder's delay."""


def manifest(audio: Path, *folders: str) -> list[dict[str, object]]:
    rows = [json.loads(line) for line in (audio / "manifest.jsonl").read_text().splitlines()]
    return [row for row in rows if str(row["path"]).split("/")[0] in folders]


@pytest.mark.parametrize("folder", ["formats", "sr_formats", "whisper", "other_lang", "noise"])
def test_real_recordings_have_their_length(audio: Path, folder: str, decode: Decode) -> None:
    rows = manifest(audio, folder)
    assert rows
    for row in rows:
        try:
            media = decode(audio / str(row["path"]))
        except UnsupportedMedia as error:
            assert "--raw" in error.message, row["path"]
            assert row["codec"] == "pcm_s16le" and "raw" in str(row["tags"])
            continue
        assert media.duration == pytest.approx(row["duration_s"], abs=0.001), row["path"]
        assert media.codec == row["codec"]
        assert media.warnings == ()
        assert len(samples_of(media.tracks[0])) / 16_000 == media.duration


def test_broken_recordings_end_in_a_documented_way(audio: Path, decode: Decode) -> None:
    for row in manifest(audio, "malformed"):
        try:
            media = decode(audio / str(row["path"]))
        except ParleyError as error:
            assert error.code in ("undecodable_media", "unsupported_media"), row["path"]
            assert not row["decodes"]
        else:
            assert row["decodes"]
            assert media.duration == pytest.approx(row["duration_s"], abs=0.001)


@pytest.mark.parametrize("name", FORMATS)
def test_made_recordings(name: str, tmp_path: Path, decode: Decode) -> None:
    # The ending lies: the bytes alone decide.
    media = decode(make(tmp_path / "recording.txt", FORMATS[name], seconds=3.0))
    assert media.duration == pytest.approx(3.0, abs=PADDING_S.get(name, 0.025))
    assert media.warnings == ()
    assert media.codec
    assert media.container
    wanted = speechlike(3.0, 16_000, FORMATS[name].channels).mean(axis=0)
    got = samples_of(media.tracks[0])[: len(wanted)] / 32768
    # Loudness in steps of 50 ms follows the original: nothing lost, doubled, moved or scaled.
    ours, theirs = (np.sqrt((x[:46_400].reshape(-1, 800) ** 2).mean(axis=1)) for x in (got, wanted))
    assert np.corrcoef(ours, theirs)[0, 1] > 0.9
    assert ours.mean() == pytest.approx(theirs.mean(), rel=0.25)


@pytest.mark.parametrize(
    "name", ["wav", "flac", "alac", "caf", "w64", "tta", "wavpack", "aiff", "mp3", "opus"]
)
def test_lengths_are_exact(name: str, tmp_path: Path, decode: Decode) -> None:
    for seconds in (0.5, 1.2345, 2.9):
        media = decode(make(tmp_path / "recording", FORMATS[name], seconds))
        assert media.duration == pytest.approx(seconds, abs=0.001)


def test_16_khz_mono_passes_through_unchanged(decode: Decode) -> None:
    samples = np.random.default_rng(1).integers(-32768, 32767, (50_000, 1), np.int16)
    media = decode(wav(samples))
    assert np.array_equal(samples_of(media.tracks[0]), samples[:, 0])


def test_resampling_keeps_speech_and_folds_nothing_back(tmp_path: Path, decode: Decode) -> None:
    time = np.arange(44_100 * 2) / 44_100
    for hertz, loss_db in ((1000, 0.0), (7000, 0.0), (8500, 60.0), (12_000, 60.0)):
        tone = (0.5 * np.sin(2 * np.pi * hertz * time))[None].astype(np.float32)
        write(tmp_path / "tone", Making("pcm_f32le", "wav", channels=1), tone)
        got = samples_of(decode(tmp_path / "tone").tracks[0])[4000:-4000] / 32768
        level_db = 20 * np.log10(max(1e-9, float(np.sqrt((got**2).mean()) * np.sqrt(2) / 0.5)))
        if loss_db:
            assert level_db < -loss_db
        else:
            assert level_db == pytest.approx(0.0, abs=0.1)


def test_float_samples_are_clipped_and_made_finite(decode: Decode) -> None:
    samples = np.array([[0.5], [np.nan], [np.inf], [-np.inf], [1.5], [-7.0], [-0.25]], np.float32)
    got = samples_of(decode(wav(samples)).tracks[0])
    assert got.tolist() == [16384, 0, 0, 0, 32767, -32768, -8192]


def test_sphere_files(decode: Decode) -> None:
    samples = np.random.default_rng(4).integers(-9000, 9000, 256 * 60).astype(np.int16)
    compressed = sphere(shortened(samples), "pcm,embedded-shorten-v2.00", len(samples))
    for content in (sphere(samples.tobytes(), "pcm", len(samples)), compressed):
        assert np.array_equal(samples_of(decode(content).tracks[0]), samples)
    with pytest.raises(UnsupportedMedia, match="cannot be decoded"):
        decode(sphere(bytes(3000), "pcm,embedded-wavpack", 1500))
    with pytest.raises(UndecodableMedia, match="damaged"):
        decode(sphere(b"ajkg\x02" + bytes(3000), "pcm,embedded-shorten-v2.00", 1500))


def test_not_a_number_does_not_spread_when_resampling(decode: Decode) -> None:
    samples = np.full((44_100, 1), 0.25, np.float64)
    samples[20_000] = np.nan
    got = samples_of(decode(wav(samples, 44_100)).tracks[0])
    assert np.all(np.abs(got[1000:7000] - 8192) <= 1)
    assert np.all(np.abs(got[7500:-1000] - 8192) <= 1)


@pytest.mark.parametrize(
    ("sample_format", "encode"),
    [
        ("s16le", lambda x: (x * 32768).astype("<i2")),
        ("s16be", lambda x: (x * 32768).astype(">i2")),
        ("s8", lambda x: (x * 128).astype("i1")),
        ("u8", lambda x: (x * 128 + 128).astype("u1")),
        ("s24le", lambda x: (x * 2.0**31).astype("<i4").reshape(-1, 1).view("u1")[:, 1:]),
        ("s32le", lambda x: (x * 2.0**31).astype("<i4")),
        ("f32le", lambda x: x.astype("<f4")),
        ("f64le", lambda x: x.astype("<f8")),
    ],
)
def test_headerless_pcm(sample_format: str, encode: object, decode: Decode) -> None:
    left = 0.5 * np.sin(np.arange(8000) / 20)
    both = np.stack([left, -left / 2], axis=1)
    data = encode(both).tobytes()  # type: ignore[operator]
    media = decode(
        data, raw=RawFormat(sample_rate_hz=16_000, sample_format=sample_format, channels=2), channel="0"
    )
    assert media.duration == 0.5
    assert media.warnings == ()
    assert np.abs(samples_of(media.tracks[0]) / 32768 - left).max() < 0.01


@pytest.mark.parametrize(("sample_format", "silence"), [("mulaw", 0xFF), ("alaw", 0xD5)])
def test_headerless_telephone_sound(sample_format: str, silence: int, decode: Decode) -> None:
    raw = RawFormat(sample_rate_hz=8000, sample_format=sample_format, channels=1)
    media = decode(bytes([silence]) * 8000, raw=raw)
    assert media.duration == 1.0
    assert np.abs(samples_of(media.tracks[0])).max() <= 9


def test_the_real_headerless_recording(audio: Path, decode: Decode) -> None:
    path = audio / "formats" / "speechbrain_example4.raw"
    with pytest.raises(UnsupportedMedia, match="--raw"):
        decode(path)
    raw = RawFormat(sample_rate_hz=16_000, sample_format="s16le", channels=1)
    assert decode(path, raw=raw).duration == pytest.approx(2.188, abs=0.001)


def test_a_raw_format_that_does_not_fit(decode: Decode) -> None:
    raw = RawFormat(sample_rate_hz=16_000, sample_format="s16le", channels=2)
    assert "fill no sample" in decode(bytes(4003), raw=raw).warnings[0]


@pytest.mark.parametrize(
    "raw",
    [("s17le", 16_000, 1), ("s16le", 0, 1), ("s16le", 10**7, 1), ("s16le", 16_000, 0), ("s16le", 16_000, 99)],
)
def test_raw_formats_that_mean_nothing(raw: tuple[str, int, int], decode: Decode) -> None:
    name, rate, channels = raw
    with pytest.raises(InvalidOption):
        decode(bytes(100), raw=RawFormat(sample_rate_hz=rate, sample_format=name, channels=channels))


def test_channels_in_an_order_of_their_own(decode: Decode) -> None:
    """PyAV 18 frees such a layout twice; the process died here."""
    samples = np.stack([np.full(16_000, 1000), np.full(16_000, 3000)], axis=1).astype(np.int16)
    for labels in ([1, 2], [2, 1], [3, 2]):
        media = decode(caf(samples, labels), channel="split")
        assert [samples_of(track)[5] for track in media.tracks] == [1000, 3000]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"Dear Sir or Madam,\nplease find the recording attached.", "text"),
        (wav(np.zeros((0, 1), np.int16)), "no audio samples"),
        (b"RIFF\x10\0\0\0WAVEnonsense and so on", "damaged"),
        (b"\0\0\0\x18ftypM4A \0\0\0\0isom\0\0\0\0", "moov"),
        (b"fLaC" + bytes(100), "damaged"),
    ],
)
def test_refusals_say_why(content: bytes, said: str, decode: Decode) -> None:
    with pytest.raises(UndecodableMedia, match=said):
        decode(content)


@pytest.mark.parametrize(
    "content",
    [bytes(5000), b"\x89PNG\r\n\x1a\n" + bytes(200), b"%PDF-1.7\n\xff\xff\0", b"PK\3\4" + bytes(90)],
)
def test_unknown_bytes_are_told_of_raw(content: bytes, decode: Decode) -> None:
    with pytest.raises(UnsupportedMedia, match="--raw rate,format,channels"):
        decode(content)


def test_what_is_not_a_file(tmp_path: Path, decode: Decode) -> None:
    import os

    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FileNotFound):
        decode(tmp_path / "missing.wav")
    for path in (tmp_path, tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(UnsupportedMedia, match="not a recording"):
            decode(path)


def test_titles_in_another_encoding(tmp_path: Path, decode: Decode) -> None:
    path = make(tmp_path / "song.mp3", FORMATS["mp3"], 1.0)
    tag = b"TAG" + "Käse".encode("latin-1").ljust(125, b"\0")
    assert decode(path.read_bytes() + tag).duration == pytest.approx(1.0, abs=0.001)
    flac = make(tmp_path / "song.flac", FORMATS["flac"], 1.0).read_bytes()
    assert b"encoder=" in flac
    assert decode(flac.replace(b"encoder=L", b"encoder=\xff")).duration == 1.0

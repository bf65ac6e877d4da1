"""The compact copy of a recording: as long as the recording, far smaller, or not there at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pytest

from parley.engines.media import opus
from parley.engines.media.pyav import SPEC, PyavEngine
from parley.errors import DiskFull, MediaTooLarge, ParleyError, StorageError, UndecodableMedia
from parley.speech.media import DecodeOptions
from tests.integration.media.conftest import Decode, samples_of

PLENTY = 1 << 30


def compact(source: Path, target: Path, max_bytes: int = PLENTY) -> tuple[float, int, list[float]]:
    told: list[float] = []
    copy = PyavEngine().compact(source, target, DecodeOptions(), max_bytes, told.append)
    assert target.stat().st_size == copy.size_bytes
    return copy.duration, copy.size_bytes, told


@pytest.mark.parametrize(
    "name",
    [
        "joined/en_2spk.flac",
        "formats/speechbrain_stereo_spk1_and_2_snt5.wav",
        "formats/pocketsphinx_chan3.sph",
    ],
)
def test_as_long_as_the_recording_and_far_smaller(
    name: str, audio: Path, tmp_path: Path, decode: Decode
) -> None:
    source, target = audio / name, tmp_path / "copy"
    duration, size, told = compact(source, target)
    assert SPEC.compacts
    assert told and told == sorted(told)
    before = decode(source)
    loudness = _loudness(samples_of(before.tracks[0]))
    after = decode(target)
    assert (after.container, after.codec, after.warnings) == ("ogg", "opus", ())
    assert duration == pytest.approx(before.duration, abs=0.1)
    assert after.duration == pytest.approx(before.duration, abs=0.1)
    assert size < source.stat().st_size / 4
    heard = _loudness(samples_of(after.tracks[0]))
    length = min(len(loudness), len(heard))
    assert np.corrcoef(loudness[:length], heard[:length])[0, 1] > 0.95, "the same sound at the same times"


def test_a_copy_that_saves_nothing_is_not_made(audio: Path, tmp_path: Path) -> None:
    source = audio / "formats" / "lhotse_stereo.mp3"
    with pytest.raises(MediaTooLarge):
        compact(source, tmp_path / "copy", max_bytes=1000)
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_decoded_has_no_copy(tmp_path: Path) -> None:
    source = tmp_path / "noise"
    source.write_bytes(os.urandom(50_000))
    with pytest.raises(ParleyError) as refused:
        compact(source, tmp_path / "copy")
    assert refused.value.permanent
    silent = tmp_path / "empty"
    silent.touch()
    with pytest.raises(UndecodableMedia):
        compact(silent, tmp_path / "copy")
    assert {path.name for path in tmp_path.iterdir()} == {"noise", "empty"}


@pytest.mark.parametrize(
    ("call", "number", "kind"),
    [
        ("write", errno.ENOSPC, DiskFull),
        ("fsync", errno.ENOSPC, DiskFull),
        ("write", errno.EIO, StorageError),
    ],
)
def test_a_full_disk(
    call: str,
    number: int,
    kind: type[StorageError],
    audio: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> int:
        raise OSError(number, "no")

    monkeypatch.setattr(opus.os, call, fail)
    with pytest.raises(kind) as refused:
        compact(audio / "formats" / "speechbrain_example5.wav", tmp_path / "copy")
    assert isinstance(refused.value, DiskFull) == (kind is DiskFull)
    assert str(tmp_path) not in str(refused.value)
    assert list(tmp_path.iterdir()) == []


def _loudness(samples: np.ndarray) -> np.ndarray:
    """Every 50 ms."""
    whole = samples[: len(samples) // 800 * 800].astype(np.float64)
    return np.sqrt((whole.reshape(-1, 800) ** 2).mean(axis=1))

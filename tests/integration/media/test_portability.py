"""Without what only POSIX has, as on Windows."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from parley.engines.media.pyav import PyavEngine
from parley.speech.media import DecodeOptions
from tests.integration.media.conftest import samples_of
from tests.integration.media.makers import FORMATS, make, wav

POSIX_ONLY = ("pread", "O_NONBLOCK", "O_CLOEXEC", "O_DIRECTORY")


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in POSIX_ONLY:
        monkeypatch.delattr(os, name)


@pytest.mark.usefixtures("elsewhere")
def test_a_wav_file_is_decoded(tmp_path: Path) -> None:
    samples = np.random.default_rng(2).integers(-9000, 9000, (40_000, 1), np.int16)
    (tmp_path / "source.wav").write_bytes(wav(samples))
    media = PyavEngine().decode(tmp_path / "source.wav", tmp_path, DecodeOptions(), lambda seconds: None)
    assert np.array_equal(samples_of(media.tracks[0]), samples[:, 0])
    assert media.warnings == ()


def test_looking_ahead_does_not_move_the_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = make(tmp_path / "source.ogg", FORMATS["opus"], 3.0)
    here = PyavEngine().decode(source, tmp_path, DecodeOptions(), lambda seconds: None)
    expected = samples_of(here.tracks[0])
    for name in POSIX_ONLY:
        monkeypatch.delattr(os, name)
    there = PyavEngine().decode(source, tmp_path, DecodeOptions(), lambda seconds: None)
    assert np.array_equal(samples_of(there.tracks[0]), expected)
    assert there == here

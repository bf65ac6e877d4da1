import hashlib
from pathlib import Path

import numpy as np
import pytest

from parley.engines.speakers import xvector
from parley.engines.speakers.xvector import LEAST_SAMPLES, _cut, read_model
from parley.engines.speakers.xvector_mean import mean_voice
from parley.errors import ProfileNotInstalled

MODEL = b"\x20\0\0\0ORTM" + bytes(range(200))


@pytest.fixture
def small_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xvector, "MODEL_BYTES", len(MODEL))
    monkeypatch.setattr(xvector, "MODEL_SHA256", hashlib.sha256(MODEL).hexdigest())


@pytest.mark.usefixtures("small_model")
@pytest.mark.parametrize("before", [b"", b"ORTM", b"ORTM not this one, ORTM neither "])
@pytest.mark.parametrize("name", xvector.LIBRARIES)
def test_the_model_is_found_wherever_it_lies_in_the_library(tmp_path: Path, before: bytes, name: str):
    (tmp_path / name).write_bytes(before + MODEL + b"more code ORTM")
    assert read_model(tmp_path) == MODEL


@pytest.mark.usefixtures("small_model")
@pytest.mark.parametrize("library", [None, b"", b"no model", MODEL[:-1], MODEL[:-1] + b"x"])
def test_another_model_or_none_is_refused_with_the_command_that_helps(tmp_path: Path, library: bytes | None):
    if library is not None:
        (tmp_path / "libmoonshine.so").write_bytes(library or b"\0")
    with pytest.raises(ProfileNotInstalled, match=r"pip install moonshine-voice==0\.0\.49") as refusal:
        read_model(tmp_path)
    assert str(tmp_path) not in refusal.value.message


def test_a_short_window_is_widened_with_what_is_around_it():
    samples = np.arange(1, 32_001, dtype=np.float32)
    assert _cut(samples, 0.0, 1.5).tolist() == samples[:24_000].tolist()
    short = _cut(samples, 1.0, 1.1)
    assert len(short) == LEAST_SAMPLES
    assert short[LEAST_SAMPLES // 2] == samples[round(1.05 * 16_000)]


def test_beyond_the_audio_there_is_silence():
    samples = np.ones(1_600, dtype=np.float32)
    cut = _cut(samples, 0.0, 0.1)
    assert (len(cut), cut.sum()) == (LEAST_SAMPLES, 1_600)
    assert cut.dtype == np.float32


def test_the_mean_voice_is_short_because_strangers_differ():
    mean = mean_voice()
    assert mean.shape == (512,)
    assert np.linalg.norm(mean) == pytest.approx(0.263, abs=0.01)

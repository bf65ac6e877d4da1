"""The same suite over every engine that hears live audio: see tests/engines/live.py."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from parley.speech.media import SAMPLE_RATE_HZ
from tests.engines.conformance import Case, all_cases
from tests.engines.live import run

SECONDS = 25
MINUTES = 8
STREAMING = [case for case in all_cases() if case.spec.streams]
EMBEDDED = next(case for case in STREAMING if case.engine == "silero")


@pytest.fixture(scope="module")
def talk(audio: Path) -> np.ndarray:
    """People talking, with pauses, and a length that is no whole number of any step."""
    frames = SECONDS * SAMPLE_RATE_HZ + 77
    samples, rate_hz = soundfile.read(audio / "joined" / "zh_2spk.flac", frames=frames, dtype="float32")
    assert rate_hz == SAMPLE_RATE_HZ and len(samples) == frames
    return samples


def test_the_embedded_detector_hears_live_audio(talk: np.ndarray) -> None:
    run(EMBEDDED, talk, minutes=3)


def test_every_streaming_engine_is_here() -> None:
    """A line in `tests/engines/cases/` puts an engine through this suite."""
    from parley.engines.registry import discover

    assert {case.engine for case in STREAMING} == {name for name, spec in discover().items() if spec.streams}


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("case", [pytest.param(case, id=case.engine) for case in STREAMING])
def test_hears_live_audio(case: Case, talk: np.ndarray) -> None:
    run(case, talk, minutes=MINUTES)

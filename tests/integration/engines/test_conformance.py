"""The same suite over every engine: see tests/engines/conformance.py."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from parley.engines.vad.silero import Silero
from parley.speech.media import SAMPLE_RATE_HZ
from parley.speech.span import Span
from tests.engines.conformance import LONG_S, Case, all_cases, conform

TALK = "joined/zh_long_2spk.flac"


@pytest.fixture(scope="module")
def talk(audio: Path) -> tuple[np.ndarray, list[Span]]:
    """Ten minutes of people talking, and where they do."""
    samples, rate_hz = soundfile.read(audio / TALK, frames=LONG_S * SAMPLE_RATE_HZ, dtype="float32")
    assert rate_hz == SAMPLE_RATE_HZ
    assert len(samples) == LONG_S * SAMPLE_RATE_HZ
    return samples, Silero().find_speech(samples, lambda _: None)


def marked(case: Case) -> object:
    """What needs an environment, or takes long, runs with the slow ones."""
    return pytest.param(case, id=case.engine, marks=[pytest.mark.slow])


@pytest.mark.parametrize("case", [marked(case) for case in all_cases()])
def test_conforms(case: Case, talk: tuple[np.ndarray, list[Span]], tmp_path: Path) -> None:
    conform(case, *talk, tmp_path)

"""How islands become windows and vectors, with the library imitated."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from parley.engines import sherpa_models
from parley.engines.setup import Setup
from parley.engines.speakers.sherpa_speakers import make_campplus
from parley.speech.media import SAMPLE_RATE_HZ
from parley.speech.span import Span


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the imitated library was asked, in order."""
    asked: list[str] = []

    class Extractor:
        dim = 2

        def __init__(self, config: object) -> None: ...

        def create_stream(self) -> Any:
            return SimpleNamespace(accept_waveform=lambda rate, samples: None, input_finished=lambda: None)

        def compute(self, stream: object) -> list[float]:
            asked.append("vector")
            return [3.0, 4.0]

    class Segmentation:
        def __init__(self, config: object) -> None: ...

        def process(self, samples: np.ndarray) -> Any:
            asked.append("borders")
            return SimpleNamespace(sort_by_start_time=list)

    class Config:
        def __init__(self, **_: object) -> None: ...

    names = (
        *("SpeakerEmbeddingExtractorConfig", "OfflineSpeakerSegmentationPyannoteModelConfig"),
        *("OfflineSpeakerDiarizationConfig", "OfflineSpeakerSegmentationModelConfig", "FastClusteringConfig"),
    )
    library = SimpleNamespace(
        SpeakerEmbeddingExtractor=Extractor,
        OfflineSpeakerDiarization=Segmentation,
        **dict.fromkeys(names, Config),
    )
    monkeypatch.setattr(sherpa_models, "library", lambda: library)
    monkeypatch.setattr(sherpa_models, "file_of", lambda *_: "file")
    return asked


def test_progress_is_told_between_islands(told: list[str]) -> None:
    samples = np.ones(10 * SAMPLE_RATE_HZ, dtype=np.float32)
    islands = [Span(0.0, 4.0), Span(5.0, 9.0)]
    heard = make_campplus(Setup()).embed(samples, islands, lambda at: told.append(f"{at:g}"))
    assert told.index("4") < len(told) - told[::-1].index("borders") - 1, (
        "the first is told before the second"
    )
    assert told[-1] == "9"
    assert heard.windows.shape == (len(heard.vectors), 2)
    assert np.allclose(heard.vectors, [0.6, 0.8])


def test_no_islands_have_no_voices(told: list[str]) -> None:
    heard = make_campplus(Setup()).embed(np.zeros(10, dtype=np.float32), [], lambda _: None)
    assert heard.windows.shape == (0, 2)
    assert heard.vectors.shape == (0, 2)
    assert not told

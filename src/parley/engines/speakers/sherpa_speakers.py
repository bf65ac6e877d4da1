"""Voices through sherpa-onnx: CAM++ or ERes2Net vectors, with pyannote's segmentation for their borders.

Segmentation hears where, inside an island, somebody else goes on; windows do not reach over such a border, so
that each vector is one person's. Who is who in the whole recording is decided by Parley's own clustering.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from parley.engines import sherpa_models as models
from parley.engines.contract import Embeddings, EngineSpec, Progress, Role, Samples
from parley.engines.model import ModelSpec
from parley.engines.setup import Setup
from parley.signal.clustering import cluster_windows
from parley.signal.turns import find_turns
from parley.signal.voice_borders import borders_between, split_at
from parley.signal.voices import VoiceModel
from parley.signal.windows import cut_windows, thin
from parley.speech.media import SAMPLE_RATE_HZ
from parley.speech.recognition import SpeakerCount
from parley.speech.span import Span, SpeakerTurn

WINDOW_S = 1.5
HOP_S = 0.75
"""The publishers' own for telling voices apart (3D-Speaker's diarization recipe)."""

LEAST_SAMPLES = 8_000
"""Half a second; a shorter window is repeated until it is as long, as 3D-Speaker does."""


SHIFT_RATIO = 0.5
"""Segmentation hears ten seconds at once, every five; the library would every second: five times the cost."""

MOST_WINDOWS = 40_000

VOICES = VoiceModel(noise_s=1.0, dimensions=100.0, alike=0.55)
"""These vectors say more in little time than the x-vectors that `VoiceModel` was measured on. Not measured
here, but taken from the publishers' threshold: 0.55 comes to a cosine of 0.33 between windows of 1.5 s."""


def _spec(name: str, factory: str, model: ModelSpec, title: str) -> EngineSpec:
    return EngineSpec(
        name=name,
        role=Role.SPEAKERS,
        factory=f"parley.engines.speakers.sherpa_speakers:{factory}",
        revision=f"{model.name}+{models.SEGMENTATION.name}/1",
        summary=f"{title} with pyannote segmentation through sherpa-onnx: tells voices apart.",
        licence=f"{model.licence}; {models.SEGMENTATION.licence}",
        requires=models.REQUIRES,
        environment=models.ENVIRONMENT,
        install=models.INSTALL,
        models=(model, models.SEGMENTATION),
        backend=models.BACKEND,
        devices=models.DEVICES,
        memory_mib=200,
    )


SPECS = (
    _spec("sherpa-campplus", "make_campplus", models.CAMPPLUS, "CAM++"),
    _spec("sherpa-eres2net", "make_eres2net", models.ERES2NET, "ERes2Net"),
)


class SherpaSpeakers:
    """Tells voices apart."""

    def __init__(self, setup: Setup, model: ModelSpec) -> None:
        sherpa_onnx = models.library()
        vectors = sherpa_onnx.SpeakerEmbeddingExtractorConfig(
            model=models.file_of(setup, model, "*.onnx"), **models.compute(setup)
        )
        self._extractor = sherpa_onnx.SpeakerEmbeddingExtractor(vectors)
        pyannote = sherpa_onnx.OfflineSpeakerSegmentationPyannoteModelConfig(
            model=models.file_of(setup, models.SEGMENTATION, "model*.onnx"), window_shift_ratio=SHIFT_RATIO
        )
        self._segmentation = sherpa_onnx.OfflineSpeakerDiarization(
            sherpa_onnx.OfflineSpeakerDiarizationConfig(
                segmentation=sherpa_onnx.OfflineSpeakerSegmentationModelConfig(
                    pyannote=pyannote, **models.compute(setup)
                ),
                embedding=vectors,
                clustering=sherpa_onnx.FastClusteringConfig(num_clusters=-1, threshold=0.5),
                min_duration_on=0.2,
                min_duration_off=0.2,
            )
        )

    def embed(self, samples: Samples, islands: Sequence[Span], progress: Progress) -> Embeddings:
        """Unit vectors of windows of up to 1.5 s inside islands, none over a change of speakers."""
        windows: list[tuple[float, float]] = []
        vectors: list[npt.NDArray[np.float32]] = []
        # Island by island, because borders take as long to find as vectors, and whoever waits is to see it.
        for island in islands:
            parts = list(self._parts(samples, island))
            for start, end in cut_windows(parts, WINDOW_S, HOP_S).tolist():
                windows.append((start, end))
                vectors.append(self._vector(_cut(samples, start, end)))
                progress(end)
        return Embeddings(
            windows=np.array(windows, dtype=np.float64).reshape(-1, 2),
            vectors=np.array(vectors, dtype=np.float32).reshape(-1, int(self._extractor.dim)),
        )

    def cluster(self, embeddings: Embeddings, count: SpeakerCount) -> list[SpeakerTurn]:
        """Turns of speakers numbered by first appearance; sorted and disjoint."""
        order = np.argsort(embeddings.windows[:, 0], kind="stable")
        windows, vectors = thin(embeddings.windows[order], embeddings.vectors[order], MOST_WINDOWS)
        labels = cluster_windows(windows, vectors, VOICES, count)
        return find_turns(windows, labels)

    def _parts(self, samples: Samples, island: Span) -> Iterator[Span]:
        """The island, cut where somebody else goes on; too short for that it is one part."""
        if island.duration < 2 * WINDOW_S:
            return iter([island])
        inside = samples[round(island.start * SAMPLE_RATE_HZ) : round(island.end * SAMPLE_RATE_HZ)]
        found = self._segmentation.process(inside).sort_by_start_time()
        turns = [SpeakerTurn(each.start, each.end, each.speaker) for each in found]
        return split_at(island, [island.start + border for border in borders_between(turns)])

    def _vector(self, samples: Samples) -> npt.NDArray[np.float32]:
        stream: Any = self._extractor.create_stream()
        stream.accept_waveform(SAMPLE_RATE_HZ, samples)
        stream.input_finished()
        vector = np.asarray(self._extractor.compute(stream), dtype=np.float32)
        # Digital silence has no voice; what is not a number must not reach the others.
        length = float(np.linalg.norm(vector))
        return vector / length if np.isfinite(length) and length > 0 else np.zeros_like(vector)


def _cut(samples: Samples, start: float, end: float) -> Samples:
    """Samples of a window, repeated up to `LEAST_SAMPLES`."""
    inside = samples[max(0, round(start * SAMPLE_RATE_HZ)) : max(0, round(end * SAMPLE_RATE_HZ))]
    if not len(inside):
        return np.zeros(LEAST_SAMPLES, dtype=np.float32)
    times = -(-LEAST_SAMPLES // len(inside))
    return np.tile(inside, times) if times > 1 else inside


def make_campplus(setup: Setup) -> SherpaSpeakers:
    """The engine `sherpa-campplus`."""
    return SherpaSpeakers(setup, models.CAMPPLUS)


def make_eres2net(setup: Setup) -> SherpaSpeakers:
    """The engine `sherpa-eres2net`."""
    return SherpaSpeakers(setup, models.ERES2NET)

"""CAM++ speaker vectors through FunASR, clustered as FunASR and 3D-Speaker cluster them.

Model card: https://modelscope.cn/models/iic/speech_campplus_sv_zh-cn_16k-common (Apache-2.0), 192 numbers per
window, trained on 200,000 speakers of Mandarin.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from parley.engines.contract import Embeddings, EngineSpec, Progress, Role, Samples
from parley.engines.funasr_models import (
    BACKEND,
    DEVICES,
    ENVIRONMENT,
    INSTALL,
    REQUIRES,
    open_model,
    tensor,
)
from parley.engines.model import Hub, ModelSource, ModelSpec
from parley.engines.setup import Setup
from parley.signal.spectral import Spectral, cluster_spectral
from parley.signal.turns import find_turns
from parley.speech.media import SAMPLE_RATE_HZ
from parley.speech.recognition import SpeakerCount
from parley.speech.span import Span, SpeakerTurn

_REPO = "iic/speech_campplus_sv_zh-cn_16k-common"
_FILES = ("config.yaml", "configuration.json", "campplus_cn_common.bin")

MODEL = ModelSpec(
    name="campplus",
    sources=(
        ModelSource(hub=Hub.MODELSCOPE, repo=_REPO, revision="v2.0.2", files=_FILES),
        ModelSource(
            hub=Hub.HUGGINGFACE,
            repo="funasr/campplus",
            revision="e4b6ede7ce16997aff4ae69fbca1f0175e2afede",
            files=_FILES,
        ),
    ),
    needs=_FILES,
    size_mib=28,
    licence="Apache-2.0",
)

SPEC = EngineSpec(
    name="funasr-campplus",
    role=Role.SPEAKERS,
    factory="parley.engines.speakers.funasr_campplus:CamPlus",
    revision="campplus-cn-common-funasr-1.4/1",
    summary="CAM++ through FunASR: tells voices apart.",
    licence="MIT; Apache-2.0",
    requires=REQUIRES,
    environment=ENVIRONMENT,
    install=INSTALL,
    models=(MODEL,),
    backend=BACKEND,
    devices=DEVICES,
    memory_mib=600,
    public_names=("cam++", "campplus", _REPO),
)

WINDOW_S = 1.5
HOP_S = 0.75

TOGETHER = 32
"""Windows that go through the network at once; all have the same length, so nothing is padded."""


class CamPlus:
    """Tells voices apart."""

    def __init__(self, setup: Setup) -> None:
        self._opened = open_model(MODEL.name, setup)

    def embed(self, samples: Samples, islands: Sequence[Span], progress: Progress) -> Embeddings:
        """Vectors (n, 192) of unit length, of windows of 1.5 s every 0.75 s of speech."""
        windows = [window for island in islands for window in cut(island)]
        vectors: list[Samples] = []
        for first in range(0, len(windows), TOGETHER):
            batch = windows[first : first + TOGETHER]
            vectors.append(self._vectors([_window(samples, start, end) for start, end in batch]))
            progress(batch[-1][1])
        dimension = vectors[0].shape[1] if vectors else 1
        joined = np.concatenate(vectors) if vectors else np.zeros((0, dimension), dtype=np.float32)
        return Embeddings(windows=np.array(windows, dtype=np.float64).reshape(-1, 2), vectors=joined)

    def cluster(self, embeddings: Embeddings, count: SpeakerCount) -> list[SpeakerTurn]:
        """Turns of speakers numbered by first appearance; sorted and disjoint."""
        order = np.argsort(embeddings.windows[:, 0], kind="stable")
        labels = cluster_spectral(embeddings.vectors[order], count, Spectral())
        return find_turns(embeddings.windows[order], labels)

    def _vectors(self, audio: Sequence[Samples]) -> Samples:
        (answer,) = self._opened.infer([tensor(window) for window in audio])
        found = answer["spk_embedding"].float().cpu().numpy()
        lengths = np.linalg.norm(found, axis=1, keepdims=True)
        # What is not a number must not reach the others.
        unit = np.where(np.isfinite(lengths) & (lengths > 0), found / np.maximum(lengths, 1e-9), 0.0)
        return np.nan_to_num(unit).astype(np.float32)


def cut(island: Span) -> Iterator[tuple[float, float]]:
    """Windows as FunASR cuts them: the last one ends where the island ends."""
    first, after = round(island.start * SAMPLE_RATE_HZ), round(island.end * SAMPLE_RATE_HZ)
    length, hop = int(WINDOW_S * SAMPLE_RATE_HZ), int(HOP_S * SAMPLE_RATE_HZ)
    until = first
    for start in range(first, after, hop):
        end = min(start + length, after)
        if end <= until:
            break
        until = end
        yield max(first, end - length) / SAMPLE_RATE_HZ, end / SAMPLE_RATE_HZ


def _window(samples: Samples, start: float, end: float) -> Samples:
    """Samples of a window, with silence behind them where it is shorter than the others."""
    length = int(WINDOW_S * SAMPLE_RATE_HZ)
    inside = samples[round(start * SAMPLE_RATE_HZ) : round(end * SAMPLE_RATE_HZ)][:length]
    return np.pad(inside, (0, length - len(inside))).astype(np.float32, copy=False)

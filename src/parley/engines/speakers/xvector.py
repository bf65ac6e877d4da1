"""X-vectors that the `moonshine-voice` package carries, run by onnxruntime; no torch, no download.

Model: pyannote/embedding (MIT, https://huggingface.co/pyannote/embedding), an x-vector network on SincNet
features trained on VoxCeleb. The package's library holds it as an ONNX Runtime flatbuffer, the constant
`speaker_embedding_model_ort_bytes`; its own `identify_speakers` recognises everything twice (ADR 008). The
library is not loaded, only read.
"""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np
import numpy.typing as npt

from parley.engines.carried import open_session, package_folder
from parley.engines.contract import Embeddings, EngineSpec, Progress, Role, Samples
from parley.engines.speakers.xvector_mean import mean_voice
from parley.errors import ProfileNotInstalled
from parley.signal.clustering import cluster_windows
from parley.signal.turns import find_turns
from parley.signal.voices import VoiceModel
from parley.signal.windows import cut_windows, thin
from parley.speech.media import SAMPLE_RATE_HZ
from parley.speech.recognition import SpeakerCount
from parley.speech.span import Span, SpeakerTurn

SPEC = EngineSpec(
    name="xvector",
    role=Role.SPEAKERS,
    factory="parley.engines.speakers.xvector:XVector",
    revision="pyannote-embedding-moonshine-0.0.49/1",
    summary="X-vectors on the CPU: tells voices apart in any language, no download.",
    licence="MIT",
    requires=("moonshine_voice", "onnxruntime"),
    install="pip install moonshine-voice==0.0.49 onnxruntime",
    # Single utterances of 3 s or more of 12 people in LibriSpeech and AISHELL, 30 more of AISHELL-3: of
    # 3,107 pairs of different people none is as alike, of 296 of the same 12 % are less.
    same_voice=0.4,
)

LIBRARIES = ("libmoonshine.so", "libmoonshine.dylib", "moonshine.dll")
MODEL_BYTES = 0x10D2708
MODEL_SHA256 = "0ec8d36d8e19b4a7035f1b71d35e651d9cb8e8cf2e456c559da3d22105c8050d"
MARK = b"ORTM"
"""The file identifier of an ONNX Runtime flatbuffer, four bytes behind its beginning."""

WINDOW_S = 1.5
HOP_S = 0.5
"""Longer windows tell voices apart better but blur changes; 1.5, 2 and 3 s end up alike (ADR 008), and
this costs least: three seconds through the network per second of speech."""

LEAST_SAMPLES = 6_400
"""0.4 s; shorter windows are widened, because the network's answer to less is noise."""

DIMENSION = 512

MEAN_SHARE = 0.6
"""How much of the mean voice is taken away: it was measured on 42 people, whose own voices are in it."""

MOST_WINDOWS = 40_000
"""5.5 h of speech. Beyond, neighbouring windows are joined, so that a day costs no more memory."""


class XVector:
    """Tells voices apart."""

    def __init__(self) -> None:
        self._session = open_session(read_model(package_folder("moonshine_voice")), is_ort=True)
        self._mean = MEAN_SHARE * mean_voice()
        self._model = VoiceModel()

    def embed(self, samples: Samples, islands: Sequence[Span], progress: Progress) -> Embeddings:
        """Centred vectors (n, 512) of windows of up to 1.5 s, every half second of speech."""
        windows = cut_windows(islands, WINDOW_S, HOP_S)
        vectors = np.zeros((len(windows), DIMENSION), dtype=np.float32)
        for index, (start, end) in enumerate(windows.tolist()):
            vectors[index] = self._vector(_cut(samples, start, end))
            progress(end)
        return Embeddings(windows=windows, vectors=vectors)

    def cluster(self, embeddings: Embeddings, count: SpeakerCount) -> list[SpeakerTurn]:
        """Turns of speakers numbered by first appearance; sorted and disjoint."""
        order = np.argsort(embeddings.windows[:, 0], kind="stable")
        windows, vectors = thin(embeddings.windows[order], embeddings.vectors[order], MOST_WINDOWS)
        labels = cluster_windows(windows, vectors, self._model, count)
        return find_turns(windows, labels)

    def _vector(self, samples: Samples) -> npt.NDArray[np.float32]:
        (found,) = self._session.run(None, {"waveform": samples[None]})
        vector = np.asarray(found, dtype=np.float32)[0]
        # Digital silence has no voice; what is not a number must not reach the others.
        length = float(np.linalg.norm(vector))
        return vector / length - self._mean if np.isfinite(length) and length > 0 else -self._mean


def read_model(folder: Path) -> bytes:
    """The model inside the shared library in `folder`, checked; raises ProfileNotInstalled without it."""
    for name in LIBRARIES:
        library = folder / name
        if library.is_file() and (model := _model_in(library)):
            return model
    raise ProfileNotInstalled(
        f"The speaker model is not where moonshine-voice 0.0.49 has it; run: {SPEC.install}.",
        detail=f"no {', '.join(LIBRARIES)} in {folder} holds a model with SHA-256 {MODEL_SHA256}",
    )


def _model_in(library: Path) -> bytes | None:
    with library.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
        at = view.find(MARK)
        while at >= 0:
            model = view[at - 4 : at - 4 + MODEL_BYTES] if at >= 4 else b""
            if sha256(model).hexdigest() == MODEL_SHA256:
                return model
            at = view.find(MARK, at + 1)
    return None


def _cut(samples: Samples, start: float, end: float) -> Samples:
    """Samples of a window, widened on both sides to `LEAST_SAMPLES`; silence where there are none."""
    first, last = round(start * SAMPLE_RATE_HZ), round(end * SAMPLE_RATE_HZ)
    missing = max(0, LEAST_SAMPLES - (last - first))
    first, last = first - missing // 2, last + missing - missing // 2
    inside = samples[max(0, first) : max(0, last)]
    before = max(0, -first)
    return np.pad(inside, (before, max(0, last - first - before - len(inside)))).astype(
        np.float32, copy=False
    )

"""What the sherpa-onnx engines share: where their models lie, and how to open them.

The weights are the ONNX exports of sherpa-onnx's maintainers, int8 where there is one. Every commit has been
seen in public use; where none could be verified, the branch is named (ADR 013).
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from parley.engines.contract import Samples
from parley.engines.devices.sherpa import provider
from parley.engines.model import Hub, ModelSource, ModelSpec
from parley.engines.setup import Setup
from parley.errors import ProfileNotInstalled
from parley.speech.media import SAMPLE_RATE_HZ

ENVIRONMENT = "sherpa-onnx"
BACKEND = "parley.engines.devices.sherpa:SherpaOnnx"
DEVICES = ("cuda", "cpu")
REQUIRES = ("sherpa_onnx",)
INSTALL = "parley engines install sherpa-onnx"

LEAST_S = 0.3
"""Shorter audio is filled up with silence: below seven frames the library reads beyond its own memory."""


def _model(
    name: str,
    repo: str,
    revision: str,
    files: tuple[str, ...],
    size_mib: int,
    licence: str,
    mirror: tuple[str, str] | None = None,
) -> ModelSpec:
    sources = [ModelSource(hub=Hub.HUGGINGFACE, repo=repo, revision=revision, files=files)]
    if mirror is not None:
        sources.append(ModelSource(hub=Hub.MODELSCOPE, repo=mirror[0], revision=mirror[1], files=files))
    return ModelSpec(name=name, sources=tuple(sources), needs=files, size_mib=size_mib, licence=licence)


PARAFORMER = _model(
    "sherpa-paraformer-zh",
    "csukuangfj/sherpa-onnx-paraformer-zh-2023-09-14",
    "def027084691107096b5ebba69785756d63de6c5",
    ("model.int8.onnx", "tokens.txt"),
    232,
    "Apache-2.0",
)
"""The export of 2023-09-14 gives times; the later one of 2024-03-09 does not."""

SENSE_VOICE = _model(
    "sherpa-sense-voice",
    "csukuangfj/sherpa-onnx-sense-voice-zh-en-ja-ko-yue-2024-07-17",
    "2365baeacb507f821a0c8120fcee3d484dba7a07",
    ("model.int8.onnx", "tokens.txt"),
    229,
    "FunASR Model License 1.1",
    mirror=(
        "pengzhendong/sherpa-onnx-sense-voice-zh-en-ja-ko-yue",
        "73eca47697f980daa3d16112404174b6b950b514",
    ),
)

WHISPER_SMALL = _model(
    "sherpa-whisper-small",
    "csukuangfj/sherpa-onnx-whisper-small",
    "8f3c18b358db4d1f2fc1eae49d75cd20989e4309",
    ("small-encoder.int8.onnx", "small-decoder.int8.onnx", "small-tokens.txt"),
    358,
    "MIT",
    mirror=("pengzhendong/sherpa-onnx-whisper-small", "893b50bd57565edb13eb1dfe84d33bfef77b0102"),
)

ZIPFORMER = _model(
    "sherpa-zipformer-zh-en",
    "csukuangfj/sherpa-onnx-streaming-zipformer-bilingual-zh-en-2023-02-20",
    "98590b7ed6443e77b714204da2757d75e1a642f4",
    (
        "encoder-epoch-99-avg-1.int8.onnx",
        "decoder-epoch-99-avg-1.onnx",
        "joiner-epoch-99-avg-1.int8.onnx",
        "tokens.txt",
        "bpe.vocab",
    ),
    190,
    "Apache-2.0",
)
"""Its publisher takes the decoder as it is: quantising it makes it hardly smaller, and worse."""

STREAMING_PARAFORMER = _model(
    "sherpa-paraformer-streaming",
    "csukuangfj/sherpa-onnx-streaming-paraformer-bilingual-zh-en",
    "8e40c43232a1c5c66c82111efc5820d3accca11b",
    ("encoder.int8.onnx", "decoder.int8.onnx", "tokens.txt"),
    226,
    "Apache-2.0",
)

SILERO = _model(
    "sherpa-silero-vad",
    "csukuangfj/vad",
    "fba88cd2e921609e7675c3aaf51e0b9b295da4bc",
    ("silero_vad.onnx",),
    2,
    "MIT",
)

TEN = _model(
    "sherpa-ten-vad",
    "streamkit/vad-models",
    "main",
    ("ten-vad.onnx",),
    1,
    "Apache-2.0 with conditions of TEN",
)

SEGMENTATION = _model(
    "sherpa-pyannote-segmentation",
    "csukuangfj/sherpa-onnx-pyannote-segmentation-3-0",
    "9403a6902bb58e3d5ae8c7e77c3422de279db2e0",
    ("model.onnx",),
    6,
    "MIT",
)

CAMPPLUS = _model(
    "sherpa-campplus-zh-en",
    "csukuangfj/speaker-embedding-models",
    "0743f301363dec56491a490f6d6cbc9d67f9a3bf",
    ("3dspeaker_speech_campplus_sv_zh_en_16k-common_advanced.onnx",),
    27,
    "Apache-2.0",
)

ERES2NET = _model(
    "sherpa-eres2net-zh",
    "csukuangfj/speaker-embedding-models",
    "0743f301363dec56491a490f6d6cbc9d67f9a3bf",
    ("3dspeaker_speech_eres2net_base_200k_sv_zh-cn_16k-common.onnx",),
    38,
    "Apache-2.0",
)

CT_PUNC = _model(
    "sherpa-ct-punc",
    "csukuangfj/sherpa-onnx-punct-ct-transformer-zh-en-vocab272727-2024-04-12",
    "432aeba669265e7aeb06b9359753419683b38597",
    ("model.onnx",),
    268,
    "Apache-2.0",
)


def file_of(setup: Setup, model: ModelSpec, pattern: str) -> str:
    """A file of a model's folder; raises ProfileNotInstalled where it is not there.

    Looked for before the library is, because that ends the process on a file it cannot open.
    """
    folder = setup.models.get(model.name)
    found = sorted(Path(folder).glob(pattern)) if folder is not None else []
    if not found or not found[0].is_file():
        raise ProfileNotInstalled(
            f"The model '{model.name}' lacks a file; run: parley models pull {model.name}"
        )
    return str(found[0])


def library() -> Any:
    """The library; it carries no types."""
    return import_module("sherpa_onnx")


def compute(setup: Setup) -> dict[str, str | int]:
    """The arguments by which every class of the library is told where to compute."""
    return {"num_threads": setup.threads, "provider": provider(setup.device)}


def padded(samples: Samples) -> Samples:
    """At least `LEAST_S` of audio."""
    lacking = int(LEAST_S * SAMPLE_RATE_HZ) - len(samples)
    return np.pad(samples, (0, lacking)) if lacking > 0 else samples

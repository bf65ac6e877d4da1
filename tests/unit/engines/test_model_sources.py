"""What every engine says of where its weights lie."""

from __future__ import annotations

import re
from fnmatch import fnmatch

from parley.engines.model import ModelSpec
from parley.engines.registry import discover

MODELS: dict[str, ModelSpec] = {model.name: model for spec in discover().values() for model in spec.models}

BRANCHES = {
    ("paraformer-zh", "JunHowie/speech_seaco_paraformer_large_asr_nat-zh-cn-16k-common-vocab8404-pytorch"),
    ("moonshine-base-es", "UsefulSensors/moonshine-es"),
    ("sherpa-ten-vad", "streamkit/vad-models"),
    ("sherpa-matcha-zh-baker", "csukuangfj/matcha-icefall-zh-baker"),
    ("sherpa-hifigan-v2", "csukuangfj/sherpa-onnx-hifigan"),
    ("sensevoice-small", "iic/SenseVoiceSmall"),
    ("qwen3-asr-0.6b", "Qwen/Qwen3-ASR-0.6B"),
    ("glm-asr-nano-2512", "ZhipuAI/GLM-ASR-Nano-2512"),
    *(
        (f"qwen3-tts-{kind.lower()}", f"Qwen/Qwen3-TTS-12Hz-{kind}")
        for kind in ("1.7B-CustomVoice", "0.6B-CustomVoice", "1.7B-Base", "0.6B-Base", "1.7B-VoiceDesign")
    ),
    *(
        (f"faster-whisper-{size}", f"pengzhendong/faster-whisper-{size}")
        for size in ("tiny", "base", "small", "medium", "large-v3")
    ),
}
"""Where nobody could name a commit that others use too: the one of the first download is written down."""


def test_models_are_pinned_but_for_those_whose_commits_are_not_known() -> None:
    on_branches = {
        (model.name, source.repo)
        for model in MODELS.values()
        for source in model.sources
        if not re.fullmatch(r"[0-9a-f]{40}|v\d+\.\d+\.\d+", source.revision)
    }
    assert on_branches <= BRANCHES


def test_models_of_one_name_are_the_same_wherever_an_engine_names_them() -> None:
    for spec in discover().values():
        for model in spec.models:
            assert model == MODELS[model.name], spec.name


def test_what_a_model_needs_comes_with_each_of_its_sources() -> None:
    for model in MODELS.values():
        assert model.needs and model.licence and model.size_mib > 0
        for source in model.sources:
            for needed in model.needs:
                assert any(
                    fnmatch(needed, pattern) or fnmatch(pattern, needed.removeprefix("**/"))
                    or fnmatch(pattern, needed)
                    for pattern in source.files or ("*",)
                ), (model.name, source.repo, needed)  # fmt: skip

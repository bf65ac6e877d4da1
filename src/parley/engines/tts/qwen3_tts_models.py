"""Where the models of Qwen3-TTS lie: https://huggingface.co/collections/Qwen/qwen3-tts

Every commit has been seen in public use; ModelScope offers none (ADR 013).
"""

from __future__ import annotations

from parley.engines.model import Hub, ModelSource, ModelSpec

_FILES = ("*.json", "*.safetensors", "*.txt", "speech_tokenizer/*.json", "speech_tokenizer/*.safetensors")
_NEEDS = (
    *("config.json", "generation_config.json", "vocab.json", "merges.txt", "*.safetensors"),
    *("speech_tokenizer/config.json", "speech_tokenizer/*.safetensors"),
)


def _model(name: str, commit: str, size_mib: int) -> ModelSpec:
    repo = f"Qwen/Qwen3-TTS-12Hz-{name}"
    return ModelSpec(
        name=f"qwen3-tts-{name.lower()}",
        sources=(
            ModelSource(hub=Hub.HUGGINGFACE, repo=repo, revision=commit, files=_FILES),
            ModelSource(hub=Hub.MODELSCOPE, repo=repo, revision="master", files=_FILES),
        ),
        needs=_NEEDS,
        size_mib=size_mib,
        licence="Apache-2.0",
    )


CUSTOM_VOICE = _model("1.7B-CustomVoice", "0c0e3051f131929182e2c023b9537f8b1c68adfe", 4310)
CUSTOM_VOICE_SMALL = _model("0.6B-CustomVoice", "85e237c12c027371202489a0ec509ded67b5e4b5", 2390)
BASE = _model("1.7B-Base", "fd4b254389122332181a7c3db7f27e918eec64e3", 4330)
BASE_SMALL = _model("0.6B-Base", "5d83992436eae1d760afd27aff78a71d676296fc", 2410)
VOICE_DESIGN = _model("1.7B-VoiceDesign", "5ecdb67327fd37bb2e042aab12ff7391903235d3", 4310)

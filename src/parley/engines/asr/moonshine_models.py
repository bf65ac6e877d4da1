"""The Moonshine models there are to download: the same graphs for other languages, and English Base.

Weights by Moonshine AI (Useful Sensors). English is MIT; the other languages are under the Moonshine
Community License, which forbids commercial use. The files are as the authors' own library loads them;
where they lie without a token table, the one beside English Base is taken: all are Llama's.
"""

from __future__ import annotations

from dataclasses import dataclass

from parley.engines.model import Hub, ModelSource, ModelSpec

_REPO = "UsefulSensors/moonshine"
_REVISION = "48b4e427b587bcf67797a5be706d6ddc4a298149"
_MIT = "MIT"
_COMMUNITY = "Moonshine Community License (no commercial use)"
_TOKENS = "onnx/merged/base/quantized/tokenizer.bin"

TOKENS_PER_SECOND = 6.5
"""The model's authors stop there in English: more is a loop, not speech."""

OTHER_TOKENS_PER_SECOND = 13.0
"""What they advise for languages whose letters take several tokens."""


@dataclass(frozen=True, slots=True)
class Download:
    """A model and what it is for."""

    name: str
    title: str
    language: str
    spec: ModelSpec
    memory_mib: int

    @property
    def tokens_per_second(self) -> float:
        """More is a loop."""
        return TOKENS_PER_SECOND if self.language == "en" else OTHER_TOKENS_PER_SECOND


def _download(
    name: str, title: str, language: str, files: tuple[str, ...], size_mib: int, source: tuple[str, str]
) -> Download:
    spec = ModelSpec(
        name=name,
        sources=(ModelSource(hub=Hub.HUGGINGFACE, repo=source[0], revision=source[1], files=files),),
        needs=("**/encoder_model.*", "**/decoder_model_merged.*", "**/tokenizer.*"),
        size_mib=size_mib,
        licence=_MIT if language == "en" else _COMMUNITY,
    )
    return Download(name, title, language, spec, memory_mib=300 + 2 * size_mib)


def _optimised(folder: str) -> tuple[str, ...]:
    return tuple(
        f"{folder}/{name}" for name in ("encoder_model.ort", "decoder_model_merged.ort", "tokenizer.bin")
    )


def _float(folder: str) -> tuple[str, ...]:
    return (f"{folder}/encoder_model.onnx", f"{folder}/decoder_model_merged.onnx", _TOKENS)


_HERE = (_REPO, _REVISION)

DOWNLOADS = (
    _download("moonshine-tiny", "Tiny English", "en", _float("onnx/merged/tiny/float"), 141, _HERE),
    _download("moonshine-base", "Base English", "en", _optimised("onnx/merged/base/quantized"), 61, _HERE),
    _download("moonshine-tiny-ar", "Tiny Arabic", "ar", _optimised("onnx/merged/tiny-ar/float"), 37, _HERE),
    _download("moonshine-tiny-ja", "Tiny Japanese", "ja", _float("onnx/merged/tiny-ja/float"), 141, _HERE),
    _download("moonshine-tiny-ko", "Tiny Korean", "ko", _optimised("onnx/merged/tiny-ko/float"), 62, _HERE),
    _download("moonshine-tiny-uk", "Tiny Ukrainian", "uk", _float("onnx/merged/tiny-uk/float"), 141, _HERE),
    _download(
        "moonshine-tiny-vi", "Tiny Vietnamese", "vi", _optimised("onnx/merged/tiny-vi/float"), 62, _HERE
    ),
    _download("moonshine-tiny-zh", "Tiny Mandarin", "zh", _float("onnx/merged/tiny-zh/float"), 141, _HERE),
    _download(
        "moonshine-base-es",
        "Base Spanish",
        "es",
        _optimised("onnx/merged/base/float"),
        140,
        ("UsefulSensors/moonshine-es", "main"),
    ),
)

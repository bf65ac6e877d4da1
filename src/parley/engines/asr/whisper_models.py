"""The Whisper models in CTranslate2's format: where they lie, how large they are, what they know.

Weights by OpenAI (MIT), converted by SYSTRAN, Turbo by Mobius Labs. The mirrors on ModelScope are the
ones its users take these files from; only Turbo's has a commit that we could verify.
"""

from __future__ import annotations

from parley.engines.model import Hub, ModelSource, ModelSpec

_BEFORE_V3 = (
    "af am ar as az ba be bg bn bo br bs ca cs cy da de el en es et eu fa fi fo fr gl gu ha haw he hi hr ht "
    "hu hy id is it ja jv ka kk km kn ko la lb ln lo lt lv mg mi mk ml mn mr ms mt my ne nl nn no oc pa pl "
    "ps pt ro ru sa sd si sk sl sn so sq sr su sv sw ta te tg th tk tl tr tt uk ur uz vi yi yo zh"
)

LANGUAGES = frozenset(_BEFORE_V3.split())
LANGUAGES_V3 = LANGUAGES | {"yue"}

OWN_CODES = {"jv": "jw"}
"""Languages that Whisper has another code for."""

_FILES = ("config.json", "model.bin", "tokenizer.json", "vocabulary.*")
_FILES_V3 = (*_FILES, "preprocessor_config.json")
"""Without the last one faster-whisper would give these models 80 mel bands; they want 128."""


def _model(name: str, repo: str, revision: str, size_mib: int, mirror_revision: str = "master") -> ModelSpec:
    files = _FILES_V3 if "v3" in repo else _FILES
    mirror = f"pengzhendong/{repo.partition('/')[2]}"
    return ModelSpec(
        name=name,
        sources=(
            ModelSource(hub=Hub.HUGGINGFACE, repo=repo, revision=revision, files=files),
            ModelSource(hub=Hub.MODELSCOPE, repo=mirror, revision=mirror_revision, files=files),
        ),
        needs=files,
        size_mib=size_mib,
        licence="MIT",
    )


TINY = _model(
    "faster-whisper-tiny", "Systran/faster-whisper-tiny", "d90ca5fe260221311c53c58e660288d3deb8d356", 75
)
BASE = _model(
    "faster-whisper-base", "Systran/faster-whisper-base", "ebe41f70d5b6dfa9166e2c581c45c9c0cfc57b66", 142
)
SMALL = _model(
    "faster-whisper-small", "Systran/faster-whisper-small", "536b0662742c02347bc0e980a01041f333bce120", 464
)
MEDIUM = _model(
    "faster-whisper-medium",
    "Systran/faster-whisper-medium",
    "08e178d48790749d25932bbc082711ddcfdfbc4f",
    1460,
)
LARGE_V3 = _model(
    "faster-whisper-large-v3",
    "Systran/faster-whisper-large-v3",
    "edaa852ec7e145841d8ffdb056a99866b5f0a478",
    2950,
)
TURBO = _model(
    "faster-whisper-turbo",
    "mobiuslabsgmbh/faster-whisper-large-v3-turbo",
    "0a363e9161cbc7ed1431c9597a8ceaf0c4f78fcf",
    1546,
    "c312f538745ce1237d0b0c8eef0b81d91ea1fce6",
)

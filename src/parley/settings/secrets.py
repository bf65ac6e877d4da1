"""What processes that run other people's code are not told: secret settings, tokens of hubs, keys."""

from __future__ import annotations

from collections.abc import Mapping

_SECTION = "PARLEY_"
_INSIDE = "__"
_TOKENS = frozenset(
    {
        "HF_TOKEN",
        "LLM_API_KEY",
        "OPENAI_API_KEY",
        "HUGGING_FACE_HUB_TOKEN",
        "HUGGINGFACE_HUB_TOKEN",
        "MODELSCOPE_API_TOKEN",
        "MODELSCOPE_SDK_TOKEN",
    }
)


def without_secrets(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables without tokens and keys and without settings of a section (`PARLEY_AUTH__SECRET`),
    where every setting that is secret lies."""
    return {name: value for name, value in variables.items() if not _is_secret(name.upper())}


def _is_secret(name: str) -> bool:
    return name in _TOKENS or (name.startswith(_SECTION) and _INSIDE in name)

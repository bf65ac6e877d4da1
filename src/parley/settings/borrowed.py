"""Variables of other tools that Parley heeds where nothing of its own says otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_TRUE = ("1", "ON", "YES", "TRUE")
"""What `huggingface_hub` takes for true."""

_SAME = {
    "HF_ENDPOINT": "hf_endpoint",
    "HF_TOKEN": "hf_token",
    "MODELSCOPE_ENDPOINT": "modelscope_endpoint",
}


_KEYS = ("LLM_API_KEY", "OPENAI_API_KEY")
"""Where the key of a language model is looked for, in this order."""


def borrowed(variables: Mapping[str, str]) -> dict[str, Any]:
    """What they say, as a source of settings that is weaker than all others but the defaults."""
    models: dict[str, Any] = {
        key: value for name, key in _SAME.items() if (value := variables.get(name, "").strip())
    }
    if variables.get("HF_HUB_OFFLINE", "").upper() in _TRUE:
        models["offline"] = True
    key = next((value for name in _KEYS if (value := variables.get(name, "").strip())), None)
    assistant = {"llm_api_key": key} if key else {}
    return {name: values for name, values in (("models", models), ("assistant", assistant)) if values}

"""Variables of the hubs' own tools that Parley heeds where nothing of its own says otherwise."""

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


def borrowed(variables: Mapping[str, str]) -> dict[str, Any]:
    """What they say, as a source of settings that is weaker than all others but the defaults."""
    models: dict[str, Any] = {
        key: value for name, key in _SAME.items() if (value := variables.get(name, "").strip())
    }
    if variables.get("HF_HUB_OFFLINE", "").upper() in _TRUE:
        models["offline"] = True
    return {"models": models} if models else {}

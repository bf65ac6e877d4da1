"""The keys of engines, models and devices: `[engines]`, `[models]`, `[devices]`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator

from parley.settings.server import Group


class EnginesSettings(Group):
    """Engines that live in environments of their own."""

    dir: Path | None = Field(
        default=None, description="Folder of the engine environments; default: `environments` in `data_dir`."
    )
    torch_index: str = Field(
        default="https://download.pytorch.org/whl",
        description="Where `parley engines install --torch` finds PyTorch's builds, a folder for each.",
    )
    workers: dict[str, int] = Field(
        default_factory=dict,
        description="Worker processes of an engine environment: `{funasr = 2}`; default: 1, because each "
        "holds its models.",
    )
    idle_unload_s: float = Field(
        default=0.0,
        ge=0,
        description="Workers that hold models and had nothing to do for so long end, and come back on "
        "demand; 0: the ones that `queue.min_workers` keeps stay.",
    )


class ModelsSettings(Group):
    """Models that are downloaded."""

    dir: Path | None = Field(
        default=None, description="Folder of the models; default: `models` in `data_dir`."
    )
    hub: Literal["auto", "huggingface", "modelscope"] = Field(
        default="auto",
        description="Hub to download from; `auto` takes the first that answers, where a model is on both.",
    )
    hf_endpoint: str = Field(
        default="",
        description="Hugging Face or a mirror of it; default: `HF_ENDPOINT`, else https://huggingface.co.",
    )
    hf_token: SecretStr | None = Field(
        default=None,
        description="Token for models that Hugging Face gives to registered users only; default: `HF_TOKEN`. "
        "It is sent to `hf_endpoint` and to nobody else.",
    )
    modelscope_endpoint: str = Field(
        default="",
        description="ModelScope or a mirror of it; default: `MODELSCOPE_ENDPOINT`, else "
        "https://www.modelscope.cn.",
    )
    offline: bool = Field(
        default=False,
        description="Never ask a hub; only what is here is used. `HF_HUB_OFFLINE=1` switches it on too.",
    )


WANTED = re.compile(r"(auto|cpu|mps|cuda(:\d{1,3})?)(,(auto|cpu|mps|cuda(:\d{1,3})?))*")
"""What may be asked for, in one place and the other: `speech.placing` knows the same."""


class DevicesSettings(Group):
    """What computes."""

    default: str = Field(
        default="auto",
        description="Device of engines that can choose: `auto` (CUDA, then Apple MPS, then the processor), "
        "`cpu`, `mps`, `cuda:0`, or several: `cuda:0,cuda:1`. A profile may say it by role: "
        '`[profiles.mine.devices] asr = "cuda:0"`.',
    )
    strict: bool = Field(
        default=False, description="Fail when a device cannot be used, instead of taking the processor."
    )
    threads: int = Field(
        default=0,
        ge=0,
        le=256,
        description="Threads of a worker that holds a downloaded model; 0 shares the cores between them.",
    )
    memory_mib: dict[str, int] = Field(
        default_factory=dict,
        description="Memory that models may take by device: `{cpu = 8000}`; idle workers end to make room.",
    )

    @field_validator("default", mode="after")
    @classmethod
    def _is_device(cls, value: str) -> str:
        if WANTED.fullmatch(value) is None:
            raise ValueError("use auto, cpu, mps, cuda:0, or several with commas between them")
        return value

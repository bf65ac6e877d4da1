"""What the engines on FunASR's classes share: opening a model folder, and giving audio to it.

A model is built by FunASR's own `AutoModel.build_model` out of a folder on this disk, so that nothing
is looked up on a hub. `AutoModel` itself is left alone: it keeps what a call was given in the object
(FunASR issue 865). Here every call gets a copy of the settings and every stream its own cache.
"""

from __future__ import annotations

import importlib
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from parley.engines.contract import Samples
from parley.engines.setup import Setup
from parley.errors import ProfileNotInstalled

ENVIRONMENT = "funasr"
BACKEND = "parley.engines.devices.pytorch:PyTorch"
DEVICES = ("cuda", "mps", "cpu")
REQUIRES = ("funasr", "torch", "kaldi_native_fbank")
INSTALL = "parley engines install funasr"

MODEL_LICENCE = "FunASR Model License 1.1"
"""https://github.com/modelscope/FunASR/blob/main/MODEL_LICENSE: free use, with attribution.

ModelScope's cards of all but SenseVoice say Apache-2.0 besides; what asks for more is told.
"""

LEAST_SAMPLES = 1_600
"""0.1 s; what is shorter holds no word, and FunASR's features fail on less than a frame."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A model and the settings it was built with, which hold its tokenizer and frontend too."""

    model: Any
    settings: Mapping[str, Any]

    @property
    def frontend(self) -> Any:
        """What turns samples into features."""
        return self.settings["frontend"]

    @property
    def tokenizer(self) -> Any:
        """What turns numbers into text."""
        return self.settings["tokenizer"]

    def infer(self, items: Sequence[Any], **how: Any) -> list[dict[str, Any]]:
        """What the model's own `inference` answers, one entry per item (none where it heard nothing)."""
        keys = [str(index) for index in range(len(items))]
        with without_gradients():
            answer = self.model.inference(data_in=list(items), key=keys, **{**self.settings, **how})
        return list(answer[0]) if len(answer) else []


def open_model(name: str, setup: Setup, **changes: Any) -> Opened:
    """Open the folder of a model; raises ProfileNotInstalled where its weights are not there."""
    torch = library("torch")
    folder = setup.models[name]
    # The libraries of one worker share the processor with those of others.
    torch.set_num_threads(setup.threads)
    model, settings = library("funasr").AutoModel.build_model(
        model=str(folder),
        device=setup.device,
        ncpu=setup.threads,
        disable_update=True,
        check_latest=False,
        # FunASR would otherwise leave what does not fit at random values and say nothing.
        ignore_init_mismatch=False,
        **changes,
    )
    _check_weights(name, settings)
    frontend = settings.get("frontend")
    if hasattr(frontend, "dither"):
        # Noise that is added to the sound makes every answer another one.
        frontend.dither = 0.0
    return Opened(model=model, settings=settings)


def _check_weights(name: str, settings: Mapping[str, Any]) -> None:
    weights = settings.get("init_param")
    if not weights or not Path(weights).is_file():
        raise ProfileNotInstalled(f"The model '{name}' is not complete; run: parley models pull {name}")


def library(name: str) -> Any:
    """A module of a library that only the engine environment has."""
    return importlib.import_module(name)


@contextmanager
def without_gradients() -> Generator[None]:
    """No memory for training is kept inside."""
    torch = library("torch")

    with torch.inference_mode():
        yield


def tensor(samples: Samples) -> Any:
    """Samples as PyTorch wants them; a copy, because FunASR works in place."""
    torch = library("torch")

    return torch.from_numpy(samples.copy())

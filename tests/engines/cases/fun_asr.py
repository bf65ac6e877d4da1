"""FunASR's engines: the real FSMN-VAD, the others tiny and random."""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.engines.conformance import Case
from tests.engines.environments import environment

ENVIRONMENT = "funasr"
TINY = Path(__file__).parents[1] / "tiny" / "fun_asr.py"
_BESIDE = Path(__file__).parents[4] / "shared" / "models"


@functools.cache
def tiny_models() -> Path:
    """A folder with a tiny random model of each kind, made once for all tests."""
    folder = Path(tempfile.mkdtemp(prefix="parley-tiny-funasr-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    command = [str(environment(ENVIRONMENT)), str(TINY), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return folder


def fsmn_vad() -> Path:
    """The real model: PARLEY_TEST_MODELS, or shared/models beside the checkout."""
    folder = Path(os.environ.get("PARLEY_TEST_MODELS") or _BESIDE) / "fsmn-vad-funasr"
    if not (folder / "model.pt").is_file():
        pytest.skip("no models: name their folder in PARLEY_TEST_MODELS")
    return folder


def models_of(*names: str) -> Mapping[str, Path]:
    """Folders of models by name."""
    return {name: fsmn_vad() if name == "fsmn-vad" else tiny_models() / name for name in names}


def _case(engine: str, model: str) -> Case:
    return Case(engine=engine, models=lambda: models_of(model))


CASES = (
    _case("funasr-fsmn-vad", "fsmn-vad"),
    _case("funasr-paraformer", "paraformer-zh"),
    _case("funasr-paraformer-streaming", "paraformer-zh-streaming"),
    _case("funasr-sensevoice", "sensevoice-small"),
    _case("funasr-ct-punc", "ct-punc"),
    _case("funasr-campplus", "campplus"),
)

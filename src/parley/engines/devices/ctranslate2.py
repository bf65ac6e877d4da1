"""CTranslate2, which runs Whisper: CUDA and the processor. It has nothing for Apple's GPUs."""

from __future__ import annotations

import gc
import importlib
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from parley.engines.devices.nvidia import load_carried_libraries
from parley.errors import EngineFailed
from parley.speech.device import CPU, DeviceFound

_WIDTH = 64
_CLOSE = 1e-2


class CTranslate2:
    """The devices of CTranslate2."""

    def devices(self) -> Sequence[DeviceFound]:
        """CUDA first, then the processor; it tells no names."""
        count = int(library().get_cuda_device_count())
        found = [DeviceFound(name=f"cuda:{index}", title="CUDA device") for index in range(count)]
        return [*found, DeviceFound(name=CPU, title="processor")]

    def probe(self, device: str) -> None:
        """Run a tiny Whisper encoder there and compare with the processor.

        Only that shows whether cuBLAS and cuDNN are there: it loads them when they are first needed.
        """
        with TemporaryDirectory(prefix="parley-probe-") as folder:
            _tiny_model().save(folder)
            expected, got = _encode(Path(folder), CPU), _encode(Path(folder), device)
        if not np.allclose(expected, got, atol=_CLOSE):
            raise EngineFailed("its results are wrong")

    def memory_mib(self, device: str) -> int:
        """It does not say."""
        return 0

    def release(self, device: str) -> None:
        """Models that are not referred to any more give their memory back."""
        gc.collect()


def place_of(device: str) -> dict[str, Any]:
    """A device as the arguments of CTranslate2's models."""
    kind, _, index = device.partition(":")
    return {"device": kind, "device_index": int(index or 0)}


def library() -> Any:
    """The library, with NVIDIA's loaded before it where packages carry them."""
    load_carried_libraries()
    return importlib.import_module("ctranslate2")


def _encode(folder: Path, device: str) -> Any:
    ctranslate2 = library()
    model = ctranslate2.models.Whisper(
        str(folder), compute_type="float32", intra_threads=1, **place_of(device)
    )
    ramp = np.linspace(-1, 1, 80 * 8, dtype=np.float32).reshape(1, 80, 8)
    features = ctranslate2.StorageView.from_array(ramp)
    return np.array(model.encode(features, to_cpu=True))


def _tiny_model() -> Any:
    """A Whisper of one layer with random weights, the same each time."""
    specs = importlib.import_module("ctranslate2.specs")
    model = specs.WhisperSpec(1, 1, 1, 1)
    random = np.random.default_rng(0)

    def fill(layer: Any, name: str, value: Any) -> None:
        if value is None or name.endswith("position_encodings/encodings"):
            weights = random.standard_normal(_shape(name)) * 0.1
            setattr(layer, name.rpartition("/")[2], weights.astype(np.float32))

    importlib.import_module("ctranslate2.specs.model_spec").visit_spec(model, fill)
    model.register_vocabulary([*map(str, range(14)), "<|startoftranscript|>", "<|endoftext|>"])
    model.validate()
    return model


_SHAPES: dict[str, tuple[int, ...]] = {
    "conv1/weight": (_WIDTH, 80, 3),
    "conv2/weight": (_WIDTH, _WIDTH, 3),
    "gamma": (_WIDTH,),
    "beta": (_WIDTH,),
    "encodings": (8, _WIDTH),
    "self_attention/linear_0/weight": (3 * _WIDTH, _WIDTH),
    "/attention/linear_1/weight": (2 * _WIDTH, _WIDTH),
    "embeddings/weight": (16, _WIDTH),
    "projection/weight": (16, _WIDTH),
}


def _shape(name: str) -> tuple[int, ...]:
    return next((shape for end, shape in _SHAPES.items() if name.endswith(end)), (_WIDTH, _WIDTH))

"""sherpa-onnx, which carries an ONNX Runtime of its own: the processor, and CUDA where its build has it."""

from __future__ import annotations

import ctypes
import gc
import importlib
import importlib.util
from collections.abc import Sequence
from pathlib import Path

from parley.engines.devices.driver import cuda_devices
from parley.errors import EngineFailed
from parley.speech.device import CPU, DeviceFound

_PROVIDERS = ("*onnxruntime_providers_shared*", "*onnxruntime_providers_cuda*")
"""Its parts, in the order in which they have to be loaded."""


class SherpaOnnx:
    """The devices of sherpa-onnx. Its Python interface cannot choose between several cards."""

    def devices(self) -> Sequence[DeviceFound]:
        """The first CUDA device where the build has CUDA, then the processor."""
        built = any("cuda" in library.name for library in _cuda_libraries())
        found = cuda_devices()[:1] if built else []
        return [*found, DeviceFound(name=CPU, title="processor")]

    def probe(self, device: str) -> None:
        """Load what it would load there; raises when something of that is missing.

        The package has no operation that runs without a model, so the rest shows when one is opened.
        """
        importlib.import_module("sherpa_onnx")
        if device == CPU:
            return
        for library in _cuda_libraries():
            try:
                ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL)
            except OSError as error:
                raise EngineFailed("a library that it needs does not load", detail=str(error)) from error

    def memory_mib(self, device: str) -> int:
        """It does not say."""
        return 0

    def release(self, device: str) -> None:
        """Models that are not referred to any more give their memory back."""
        gc.collect()


def provider(device: str) -> str:
    """A device as the `provider` of sherpa-onnx's configurations."""
    return device.partition(":")[0]


def _cuda_libraries() -> list[Path]:
    package = importlib.util.find_spec("sherpa_onnx")
    folders = package.submodule_search_locations if package is not None else None
    return [path for part in _PROVIDERS for folder in folders or () for path in Path(folder).rglob(part)]

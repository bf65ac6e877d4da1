"""ONNX Runtime: CUDA, Apple's Core ML and the processor."""

from __future__ import annotations

import gc
import importlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from parley.engines.devices import trial
from parley.engines.devices.driver import cuda_devices
from parley.errors import EngineFailed
from parley.speech.device import CPU, DeviceFound

_CUDA = "CUDAExecutionProvider"
_CORE_ML = "CoreMLExecutionProvider"
_CPU = "CPUExecutionProvider"


class Onnx:
    """The devices of ONNX Runtime, as far as its build has what they need."""

    def devices(self) -> Sequence[DeviceFound]:
        """CUDA first, then Core ML, which goes by the name of "mps", then the processor."""
        built = _library().get_available_providers()
        found = cuda_devices() if _CUDA in built else []
        if _CORE_ML in built:
            found.append(DeviceFound(name="mps", title="Apple GPU (Core ML)"))
        return [*found, DeviceFound(name=CPU, title="processor")]

    def probe(self, device: str) -> None:
        """Multiply two matrices in a session there. Asked for a provider that does not load, it takes the
        processor and says nothing, so look which one it took.
        """
        wanted = providers(device)
        session = _library().InferenceSession(_product(), providers=wanted)
        if session.get_providers()[0] != _name(wanted[0]):
            raise EngineFailed("a library that it needs does not load")
        left, right = trial.factors()
        (product,) = session.run(None, {"a": left, "b": right})
        trial.check(product, float(np.asarray(product).sum()))

    def memory_mib(self, device: str) -> int:
        """It does not say."""
        return 0

    def release(self, device: str) -> None:
        """Sessions that are not referred to any more give their memory back."""
        gc.collect()


def providers(device: str) -> list[Any]:
    """A device as the `providers` of a session; what one lacks runs on the processor."""
    kind, _, index = device.partition(":")
    if kind == "cuda":
        return [(_CUDA, {"device_id": int(index or 0)}), _CPU]
    return [_CORE_ML, _CPU] if kind == "mps" else [_CPU]


def _library() -> Any:
    return importlib.import_module("onnxruntime")


def _name(provider: Any) -> str:
    return provider if isinstance(provider, str) else provider[0]


def _product() -> bytes:
    """An ONNX model of one MatMul, in protobuf by hand: nothing else would need the package `onnx`."""
    sizes = b"".join(_field(1, _number(1, trial.SIDE)) for _ in range(2))
    kind = _field(1, _number(1, 1) + _field(2, sizes))  # float
    node = b"".join(_field(1, name) for name in (b"a", b"b")) + _field(2, b"c") + _field(4, b"MatMul")
    graph = _field(1, node) + _field(2, b"product")
    graph += b"".join(_field(11, _field(1, name) + _field(2, kind)) for name in (b"a", b"b"))
    graph += _field(12, _field(1, b"c") + _field(2, kind))
    # Version 8 of the format, operators of version 13.
    return _number(1, 8) + _field(7, graph) + _field(8, _field(1, b"") + _number(2, 13))


def _number(tag: int, value: int) -> bytes:
    return bytes([tag << 3, value])


def _field(tag: int, content: bytes) -> bytes:
    length, rest = len(content) & 0x7F, len(content) >> 7
    return bytes([tag << 3 | 2]) + (bytes([length | 0x80, rest]) if rest else bytes([length])) + content

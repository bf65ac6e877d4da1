"""What the backends make of libraries and machines that are not here: the libraries are imitated."""

from __future__ import annotations

import ctypes
import importlib
import importlib.machinery
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from parley.engines.devices import driver, trial
from parley.engines.devices.ctranslate2 import CTranslate2, place_of
from parley.engines.devices.pytorch import PyTorch
from parley.engines.devices.sherpa import SherpaOnnx, provider
from parley.errors import EngineFailed
from parley.speech.device import DeviceFound

GIB = 1024**3


class Tensor:
    """As much of a tensor as is needed; on "cuda:1" sums are wrong."""

    def __init__(self, values: Any, device: str = "cpu") -> None:
        self.values, self.device = values, device

    def to(self, device: str) -> Tensor:
        return Tensor(self.values, device)

    def __matmul__(self, other: Tensor) -> Tensor:
        assert self.device == other.device
        return Tensor(self.values @ other.values, self.device)

    def cpu(self) -> Tensor:
        return self.to("cpu")

    def numpy(self) -> Any:
        assert self.device == "cpu"
        return self.values

    def sum(self) -> Tensor:
        return Tensor(self.values.sum() + (self.device == "cuda:1"))

    def item(self) -> float:
        return float(self.values)


def imitated_torch(*, cards: int, mps: bool, calls: list[str]) -> Any:
    def properties(index: int) -> Any:
        if index == 2:
            raise RuntimeError("CUDA error: device lost")
        return SimpleNamespace(name=f"Card {index}", total_memory=8 * GIB)

    cuda = SimpleNamespace(
        is_available=lambda: cards > 0,
        device_count=lambda: cards,
        get_device_properties=properties,
        memory_reserved=lambda device: 5 * 1024**2,
        empty_cache=lambda: calls.append("cuda"),
    )
    return SimpleNamespace(
        cuda=cuda,
        backends=SimpleNamespace(mps=SimpleNamespace(is_available=lambda: mps)),
        mps=SimpleNamespace(
            recommended_max_memory=lambda: 4 * GIB,
            driver_allocated_memory=lambda: 7 * 1024**2,
            empty_cache=lambda: calls.append("mps"),
        ),
        from_numpy=Tensor,
    )


def test_pytorch_lists_cards_then_mps_then_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    monkeypatch.setitem(sys.modules, "torch", imitated_torch(cards=3, mps=True, calls=calls))
    backend = PyTorch()
    assert backend.devices() == [
        DeviceFound(name="cuda:0", title="Card 0", memory_mib=8192),
        DeviceFound(name="cuda:1", title="Card 1", memory_mib=8192),
        DeviceFound(name="cuda:2", title="CUDA device", problem="it cannot be asked (RuntimeError)"),
        DeviceFound(name="mps", title="Apple GPU (MPS)", memory_mib=4096),
        DeviceFound(name="cpu", title="processor"),
    ]
    backend.probe("cuda:0")
    backend.probe("cpu")
    with pytest.raises(EngineFailed, match="its results are wrong"):
        backend.probe("cuda:1")
    assert [backend.memory_mib(device) for device in ("cuda:0", "mps", "cpu")] == [5, 7, 0]
    for device in ("cuda:0", "mps", "cpu"):
        backend.release(device)
    assert calls == ["cuda", "mps"]


def test_pytorch_without_cards_has_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", imitated_torch(cards=0, mps=False, calls=[]))
    assert PyTorch().devices() == [DeviceFound(name="cpu", title="processor")]


def test_the_trial_sees_what_is_wrong() -> None:
    left, right = trial.factors()
    product = left @ right
    assert product.max() <= 2048
    trial.check(product, float(product.sum()))
    with pytest.raises(EngineFailed):
        trial.check(product, float(product.sum()) + 1)
    product[3, 4] += 1
    with pytest.raises(EngineFailed):
        trial.check(product, float(product.sum()))


def test_ctranslate2_counts_cards_and_computes_here(monkeypatch: pytest.MonkeyPatch) -> None:
    library = importlib.import_module("ctranslate2")
    has_cards = library.get_cuda_device_count() > 0
    monkeypatch.setattr(library, "get_cuda_device_count", lambda: 2)
    backend = CTranslate2()
    assert [device.name for device in backend.devices()] == ["cuda:0", "cuda:1", "cpu"]
    backend.probe("cpu")
    if not has_cards:
        # It was built with CUDA and finds no driver, or without.
        with pytest.raises((RuntimeError, ValueError)):
            backend.probe("cuda:1")
    backend.release("cpu")
    assert place_of("cuda:1") == {"device": "cuda", "device_index": 1}
    assert place_of("cpu") == {"device": "cpu", "device_index": 0}


def test_ctranslate2_notices_wrong_results(monkeypatch: pytest.MonkeyPatch) -> None:
    from parley.engines.devices import ctranslate2

    monkeypatch.setattr(ctranslate2, "_encode", lambda _, device: np.full(3, float(device == "cpu")))
    with pytest.raises(EngineFailed, match="its results are wrong"):
        CTranslate2().probe("cuda:0")


def imitate_sherpa(monkeypatch: pytest.MonkeyPatch, folder: Path, *files: str) -> None:
    (folder / "lib").mkdir()
    for name in files:
        (folder / "lib" / name).write_bytes(b"no library")
    spec = importlib.machinery.ModuleSpec("sherpa_onnx", None, is_package=True)
    spec.submodule_search_locations = [str(folder)]
    module: Any = SimpleNamespace(__spec__=spec)
    monkeypatch.setitem(sys.modules, "sherpa_onnx", module)


def test_sherpa_has_cuda_where_its_build_has(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from parley.engines.devices import sherpa

    cards = [DeviceFound(name=f"cuda:{index}", title="Card") for index in range(2)]
    monkeypatch.setattr(sherpa, "cuda_devices", lambda: cards)
    imitate_sherpa(monkeypatch, tmp_path, "libonnxruntime.so", "libonnxruntime_providers_shared.so")
    backend = SherpaOnnx()
    assert [device.name for device in backend.devices()] == ["cpu"]
    backend.probe("cpu")
    (tmp_path / "lib" / "libonnxruntime_providers_cuda.so").write_bytes(b"no library")
    assert [device.name for device in backend.devices()] == ["cuda:0", "cpu"]
    with pytest.raises(EngineFailed, match="a library that it needs does not load"):
        backend.probe("cuda:0")
    assert (provider("cuda:0"), provider("cpu")) == ("cuda", "cpu")


class ImitatedDriver:
    """NVIDIA's driver with two cards; `broken` calls give an error code."""

    def __init__(self, *broken: str) -> None:
        self._broken = broken

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: Any) -> int:
            if name in self._broken:
                return 100
            if name == "cuDeviceGetCount":
                arguments[0]._obj.value = 2
            if name == "cuDeviceGet":
                arguments[0]._obj.value = arguments[1]
            if name == "cuDeviceGetName":
                arguments[0].value = f"Card {arguments[2].value}".encode()
            if name == "cuDeviceTotalMem_v2":
                arguments[0]._obj.value = 16 * GIB
            return 0

        return call


@pytest.mark.skipif(sys.platform == "darwin", reason="NVIDIA has no driver for it")
def test_cards_are_told_by_the_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda name: ImitatedDriver())
    assert driver.cuda_devices() == [
        DeviceFound(name="cuda:0", title="Card 0", memory_mib=16384),
        DeviceFound(name="cuda:1", title="Card 1", memory_mib=16384),
    ]
    for broken in ("cuInit", "cuDeviceGetCount", "cuDeviceGetName"):
        monkeypatch.setattr(ctypes, "CDLL", lambda name, broken=broken: ImitatedDriver(broken))
        assert driver.cuda_devices() == []


def test_without_a_driver_there_are_no_cards(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise OSError(name)

    monkeypatch.setattr(ctypes, "CDLL", missing)
    assert driver.cuda_devices() == []

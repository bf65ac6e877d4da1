"""PyTorch: CUDA, Apple's GPUs (MPS) and the processor."""

from __future__ import annotations

import gc
import importlib
import os
from collections.abc import Sequence
from typing import Any

from parley.engines.devices import trial
from parley.speech.device import CPU, DeviceFound

_MIB = 1024 * 1024


class PyTorch:
    """The devices of PyTorch."""

    def devices(self) -> Sequence[DeviceFound]:
        """CUDA first, then MPS, then the processor."""
        torch = _torch()
        found = [_cuda(torch, index) for index in range(_cuda_count(torch))]
        if torch.backends.mps.is_available():
            memory = int(torch.mps.recommended_max_memory()) // _MIB
            found.append(DeviceFound(name="mps", title="Apple GPU (MPS)", memory_mib=memory))
        return [*found, DeviceFound(name=CPU, title="processor")]

    def probe(self, device: str) -> None:
        """Multiply two matrices there, add the product up, and look at both."""
        torch = _torch()
        left, right = (torch.from_numpy(factor).to(device) for factor in trial.factors())
        product = left @ right
        trial.check(product.cpu().numpy(), float(product.sum().item()))

    def memory_mib(self, device: str) -> int:
        """What its allocator holds there."""
        torch = _torch()
        if device.startswith("cuda"):
            return int(torch.cuda.memory_reserved(device)) // _MIB
        if device == "mps":
            return int(torch.mps.driver_allocated_memory()) // _MIB
        return 0

    def release(self, device: str) -> None:
        """Collect what is not referred to any more, and give the allocator's cache back."""
        gc.collect()
        torch = _torch()
        if device.startswith("cuda"):
            torch.cuda.empty_cache()
        elif device == "mps":
            torch.mps.empty_cache()


def _torch() -> Any:
    # Read when PyTorch is loaded: an operation that MPS lacks runs on the processor then.
    os.environ.setdefault("PYTORCH_ENABLE_MPS_FALLBACK", "1")
    return importlib.import_module("torch")


def _cuda_count(torch: Any) -> int:
    return int(torch.cuda.device_count()) if torch.cuda.is_available() else 0


def _cuda(torch: Any, index: int) -> DeviceFound:
    try:
        facts = torch.cuda.get_device_properties(index)
    except (RuntimeError, AssertionError) as error:
        # One card that has fallen off the bus does not hide the others.
        problem = f"it cannot be asked ({type(error).__name__})"
        return DeviceFound(name=f"cuda:{index}", title="CUDA device", problem=problem)
    memory = int(facts.total_memory) // _MIB
    return DeviceFound(name=f"cuda:{index}", title=str(facts.name), memory_mib=memory)

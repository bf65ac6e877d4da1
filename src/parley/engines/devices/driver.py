"""NVIDIA's driver, for libraries that cannot be asked themselves what devices there are."""

from __future__ import annotations

import ctypes
import sys
from typing import Any

from parley.errors import EngineFailed
from parley.speech.device import DeviceFound

_MIB = 1024 * 1024
_LIBRARY = {"linux": "libcuda.so.1", "win32": "nvcuda.dll"}


def cuda_devices() -> list[DeviceFound]:
    """The CUDA devices of this machine, none where there is no driver."""
    try:
        driver = _Driver()
        return [driver.describe(index) for index in range(driver.count())]
    except (OSError, AttributeError, EngineFailed):
        return []


class _Driver:
    """The few calls of the driver that are needed."""

    def __init__(self) -> None:
        if sys.platform not in _LIBRARY:
            raise OSError("there is no such driver here")
        self._library: Any = ctypes.CDLL(_LIBRARY[sys.platform])
        self._call("cuInit", 0)

    def count(self) -> int:
        count = ctypes.c_int()
        self._call("cuDeviceGetCount", ctypes.byref(count))
        return count.value

    def describe(self, index: int) -> DeviceFound:
        device, title, memory = ctypes.c_int(), ctypes.create_string_buffer(256), ctypes.c_size_t()
        self._call("cuDeviceGet", ctypes.byref(device), index)
        self._call("cuDeviceGetName", title, len(title), device)
        self._call("cuDeviceTotalMem_v2", ctypes.byref(memory), device)
        return DeviceFound(
            name=f"cuda:{index}",
            title=title.value.decode("utf-8", "replace"),
            memory_mib=memory.value // _MIB,
        )

    def _call(self, name: str, *arguments: Any) -> None:
        code = int(getattr(self._library, name)(*arguments))
        if code:
            raise EngineFailed(f"its driver failed with code {code}")

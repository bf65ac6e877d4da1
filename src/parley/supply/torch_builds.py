"""Which build of PyTorch an environment gets: for the processor, or for a version of CUDA."""

from __future__ import annotations

import ctypes
import re
import sys
from dataclasses import dataclass

from parley.errors import InvalidOption

_KIND = re.compile(r"default|cpu|cu\d{3}|rocm\d+(\.\d+)*|xpu")

_NEWEST_DRIVERS = 13_000
"""CUDA 13, as the driver counts; PyTorch's builds for it need no older one."""

_DISK_MIB = {"cpu": 750, "default": 750}
_CUDA_DISK_MIB = 6_500
_DOWNLOADED = 0.45
"""Wheels are about so much smaller than what they unpack to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TorchBuild:
    """A build, and why this one; `label` is the local version that its wheels carry, "" for any."""

    kind: str
    reason: str
    label: str

    @property
    def disk_mib(self) -> int:
        """About what it takes, the libraries of the graphics card included."""
        return _DISK_MIB.get(self.kind, _CUDA_DISK_MIB)

    def requirement(self, version: str) -> str:
        """What pip is asked for."""
        return f"torch=={version}+{self.label}" if self.label else f"torch=={version}"

    def index(self, root: str) -> str:
        """The folder of PyTorch's index that has it, "" where pip's own index does."""
        return f"{root.rstrip('/')}/{self.kind}" if self.label and root else ""

    def refusal(self, version: str, cuda: str | None) -> str:
        """What is wrong with the build that arrived, "" when nothing is."""
        said = f"a build for CUDA {cuda}" if cuda else "a build without CUDA"
        if self.kind == "cpu" and cuda is not None:
            return f"PyTorch for the processor was asked for, but {version} is {said}"
        if self.kind.startswith("cu") and (cuda or "").replace(".", "") != self.kind[2:]:
            return f"PyTorch for {self.kind} was asked for, but {version} is {said}"
        return ""


def choose_build(asked: str | None) -> TorchBuild:
    """The build asked for, else the one that suits this machine; raises InvalidOption."""
    if asked is not None:
        if not _KIND.fullmatch(asked):
            raise InvalidOption(
                f"There is no PyTorch build '{asked}'; use cpu, default, or one for a graphics card, "
                "such as cu126 or cu130."
            )
        return _build(asked, "as asked")
    if sys.platform == "darwin":
        return _build("default", "which uses Apple's graphics where it can")
    driver = cuda_driver()
    if driver is None:
        return _build("cpu", "because no NVIDIA driver was found")
    kind = "cu130" if driver >= _NEWEST_DRIVERS else "cu126"
    return _build(kind, f"because an NVIDIA driver for CUDA {driver // 1000}.{driver % 1000 // 10} is there")


def _build(kind: str, reason: str) -> TorchBuild:
    # macOS has one build, without a label.
    has_label = kind != "default" and sys.platform != "darwin"
    return TorchBuild(kind=kind, reason=reason, label=kind if has_label else "")


def cuda_driver() -> int | None:
    """The newest CUDA that NVIDIA's driver here supports (12040 is 12.4), None without a driver."""
    try:
        driver = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
        version = ctypes.c_int(0)
        failed = driver.cuDriverGetVersion(ctypes.byref(version))
    except (OSError, AttributeError):
        return None
    return version.value if not failed and version.value else None


def download_mib(disk_mib: float) -> int:
    """About what has to be downloaded for packages that take so much disk."""
    return int(disk_mib * _DOWNLOADED)

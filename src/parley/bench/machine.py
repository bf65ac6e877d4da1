"""What figures are measured on: processor, memory, system, versions."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Iterable, Mapping
from importlib.metadata import Distribution, distributions
from pathlib import Path

import psutil

from parley import __version__
from parley.bench.report import Machine
from parley.engines.contract import EngineSpec
from parley.settings.keys import processors

MIB = 1024 * 1024

BUSY_SHARE = 0.5
"""Of the cores: beyond it the workers have to share them."""

OWN = ("onnxruntime", "moonshine-voice", "faster-whisper", "ctranslate2", "av", "numpy")
"""What the embedded profile computes with."""

OTHERS = ("torch", "transformers", "funasr", "sherpa-onnx", "onnxruntime", "ctranslate2", "faster-whisper")
"""What may compute in an engine environment."""


def this_machine(pythons: Mapping[str, str], devices: Iterable[str] = ()) -> Machine:
    """The machine; `pythons` are the interpreters of engine environments by name."""
    versions = {"parley": __version__, **_versions(OWN, distributions())}
    for name, python in pythons.items():
        found = _versions(OTHERS, distributions(path=_packages_of(Path(python))))
        versions |= {f"{name}/{package}": version for package, version in found.items()}
    return Machine(
        processor=processor(),
        cores=processors(),
        memory_mib=psutil.virtual_memory().total // MIB,
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        python=platform.python_version(),
        devices=tuple(devices),
        versions=versions,
        load_before=load_average(),
    )


def environments_of(engines: Iterable[EngineSpec]) -> tuple[str, ...]:
    """The names of the engine environments that some engines live in."""
    return tuple(dict.fromkeys(spec.environment for spec in engines if spec.environment))


def load_average() -> float | None:
    """Processes that wanted a core over the last minute, on average; None where the system does not say."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def busy(machine: Machine) -> str:
    """A sentence for a machine that had other things to do when the benchmark began, else ""."""
    load = machine.load_before or 0.0
    if load <= BUSY_SHARE * machine.cores:
        return ""
    return (
        f"The machine was busy before the benchmark began (load {load:.1f} on {machine.cores} cores): "
        "wall times say little; processor times, memory and error rates hold."
    )


def processor() -> str:
    """The name of the processor as its maker wrote it."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text("utf-8", errors="replace").splitlines():
            if line.startswith(("model name", "Model")):
                return line.split(":", 1)[1].strip()
    if sys.platform == "darwin" and (brand := _sysctl("machdep.cpu.brand_string")):
        return brand
    return platform.processor() or platform.machine()


def _sysctl(key: str) -> str:
    try:
        done = subprocess.run(
            ["/usr/sbin/sysctl", "-n", key], capture_output=True, text=True, timeout=5, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()


def _packages_of(python: Path) -> list[str]:
    """Where an interpreter of a virtual environment keeps its packages."""
    root = python.parent.parent
    return [str(path) for path in (*root.glob("lib/python3*/site-packages"), root / "Lib" / "site-packages")]


def _versions(wanted: Iterable[str], found: Iterable[Distribution]) -> dict[str, str]:
    known = {dist.name.lower().replace("_", "-"): dist.version for dist in found if dist.name}
    return {name: known[name] for name in wanted if name in known}

"""What this machine computes with, as far as it is known without trying anything.

`parley devices` tries every device in a process of its own; this only reads what the system says, and where
the workers have loaded their engines.
"""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from parley.fleet.health import FleetHealth
from parley.settings.keys import processors
from parley.speech.device import CPU

_CARDS = Path("/proc/driver/nvidia/gpus")
_PROCESSORS = Path("/proc/cpuinfo")
_MIB = 1024 * 1024
_KINDS = {"cuda": "CUDA device", "mps": "Apple GPU (MPS)"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hardware:
    """Titles of the processor and of NVIDIA's cards, in the order of their places; memory of the machine."""

    processor: str
    cores: int
    memory_mib: int
    cards: tuple[str, ...] = ()


def read_hardware(cards: Path = _CARDS, processors_file: Path = _PROCESSORS) -> Hardware:
    """Ask the system; reads a few small files."""
    return Hardware(
        processor=_value(processors_file, "model name") or platform.processor() or platform.machine(),
        cores=processors(),
        memory_mib=psutil.virtual_memory().total // _MIB,
        cards=tuple(_value(file, "Model") or "NVIDIA GPU" for file in sorted(cards.glob("*/information"))),
    )


def device_facts(hardware: Hardware, health: FleetHealth) -> Sequence[Mapping[str, object]]:
    """The devices, in the words of `/v1/system`: the processor first, then cards, then what else is used."""
    engines: dict[str, set[str]] = {}
    held: dict[str, int] = {}
    for loaded in (loaded for pool in health.pools for loaded in pool.loaded):
        engines.setdefault(loaded.device, set()).add(loaded.name)
        held[loaded.device] = held.get(loaded.device, 0) + loaded.memory_mib
    titles = {CPU: hardware.processor}
    titles |= {f"cuda:{index}": title for index, title in enumerate(hardware.cards)}
    titles |= {
        name: _KINDS.get(name.partition(":")[0], name) for name in sorted(engines) if name not in titles
    }
    return [
        {
            "name": name,
            "title": title,
            "cores": hardware.cores if name == CPU else None,
            "memory_mib": hardware.memory_mib if name == CPU else None,
            "held_mib": held.get(name, 0),
            "engines": sorted(engines.get(name, ())),
        }
        for name, title in titles.items()
    ]


def notices_of(health: FleetHealth) -> Sequence[str]:
    """Sentences on devices that were not taken, each once."""
    notices: Iterable[str] = (notice for pool in health.pools for notice in pool.notices)
    return list(dict.fromkeys(notices))


def _value(file: Path, name: str) -> str:
    """What stands behind the first `name:` in a file of the system; "" where there is none."""
    try:
        lines = file.read_text("utf-8", "replace").splitlines()
    except OSError:
        return ""
    pairs = (line.partition(":") for line in lines)
    return next((value.strip() for key, _, value in pairs if key.strip() == name), "")

"""What an engine is told when it is loaded, and what computes for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from parley.speech.device import CPU, DeviceFound


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """Where an engine is to compute ("cpu", "mps", "cuda:0"), with how many threads, and the folders of
    its models by name."""

    device: str = CPU
    threads: int = 1
    models: Mapping[str, Path] = field(default_factory=dict[str, Path])

    @property
    def kind(self) -> str:
        """The device without its number."""
        return self.device.partition(":")[0]


class Backend(Protocol):
    """The numerical library of an engine, as far as devices go; made without arguments, in a worker."""

    def devices(self) -> Sequence[DeviceFound]:
        """What the library sees, the processor last, without running anything on it."""
        ...

    def probe(self, device: str) -> None:
        """Run a small operation there and look at its result; raises whatever goes wrong."""
        ...

    def memory_mib(self, device: str) -> int:
        """What this process holds on the device, 0 where unknown or the processor."""
        ...

    def release(self, device: str) -> None:
        """Give back what the library keeps for later, after it ran out of memory."""
        ...

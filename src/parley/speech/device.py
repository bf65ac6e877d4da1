"""Devices: what was found, and which one a worker may take for an engine."""

from __future__ import annotations

from dataclasses import dataclass

AUTO = "auto"
CPU = "cpu"


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Which device a worker may take for an engine.

    `wanted` is "auto", a device, or several with commas between them. "auto" means the first of
    `kinds` that works. Among several equals the worker takes the one numbered `slot` modulo their
    count, so that workers spread over them. When none works the processor is taken, with a notice,
    unless `is_strict`. `avoid` are devices on which a worker was lost before, `full` those whose
    memory is given to others.
    """

    wanted: str = CPU
    kinds: tuple[str, ...] = (CPU,)
    is_strict: bool = False
    slot: int = 0
    avoid: tuple[str, ...] = ()
    full: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceFound:
    """A device that a backend sees; `problem` says why it cannot be used, "" where an operation ran."""

    name: str
    title: str
    memory_mib: int = 0
    problem: str = ""

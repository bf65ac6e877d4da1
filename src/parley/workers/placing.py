"""Opens an engine on the best device that works, going on to the next where one does not."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from parley.engines.contract import Engine
from parley.engines.setup import Backend, Setup
from parley.errors import InputError, ProfileError
from parley.speech.device import CPU, DeviceFound
from parley.speech.placing import Choice, candidates, notice, refusal, take
from parley.wire.frames import Load
from parley.workers.failures import in_short
from parley.workers.heartbeat import resident_bytes
from parley.workers.loading import find_factory, load_engine

_MIB = 1024 * 1024
_log = logging.getLogger(__name__)

Tell = Callable[[str], None]
"""Hears which device is about to be tried, because trying may end the process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """An engine where it computes; `memory_mib` is what it took there, 0 where unknown."""

    engine: Engine
    device: str = CPU
    memory_mib: int = 0
    notices: tuple[str, ...] = ()
    backend: Backend | None = None

    def release(self) -> None:
        """Give back what the library keeps for later."""
        _release(self.backend, self.device)


def place(load: Load, tell: Tell) -> Placed:
    """Open the engine of a Load; raises DeviceUnavailable, or what opening it on the last device raised."""
    if not load.takes_setup:
        return Placed(engine=load_engine(load.engine, load.factory))
    backend = open_backend(load.backend) if load.backend else None
    opening = _Opening(load, backend, tell)
    return opening.settle()


def open_backend(backend: str) -> Backend:
    """A backend by the name of its factory."""
    return find_factory(backend, backend)()


def survey(backend: Backend, tell: Tell, avoid: Sequence[str] = ()) -> tuple[DeviceFound, ...]:
    """Every device that a backend sees, each tried; those to `avoid` are left out of trying."""
    return tuple(
        _with_problem(device, "a worker was lost on it")
        if device.name in avoid
        else _with_problem(device, device.problem or _probe(backend, device.name, tell))
        for device in backend.devices()
    )


def _with_problem(device: DeviceFound, problem: str) -> DeviceFound:
    return DeviceFound(name=device.name, title=device.title, memory_mib=device.memory_mib, problem=problem)


def _probe(backend: Backend, device: str, tell: Tell) -> str:
    """What is wrong with a device, "" where an operation ran."""
    tell(device)
    try:
        backend.probe(device)
    except Exception as error:  # noqa: BLE001 - each library raises its own, and there is a next device
        _log.debug("trying %s failed", device, exc_info=True)
        return in_short(error)
    return ""


def _release(backend: Backend | None, device: str) -> None:
    if backend is None or device == CPU:
        return
    try:
        backend.release(device)
    except Exception:  # noqa: BLE001 - any library may be behind it, and what matters is what comes next
        _log.warning("%s could not be tidied up", device, exc_info=True)


class _Opening:
    """One engine being opened."""

    def __init__(self, load: Load, backend: Backend | None, tell: Tell) -> None:
        self._load = load
        self._backend = backend
        self._tell = tell
        self._engine: Engine | None = None
        self._error: Exception | None = None
        self._detail = ""
        self._memory_mib = 0

    def settle(self) -> Placed:
        load = self._load
        seen = self._seen()
        choice = take(
            candidates(load.placement, seen), lambda device: seen.get(device, "") or self._try(device)
        )
        if self._engine is None:
            raise self._regret(choice)
        said = notice(load.engine, choice)
        return Placed(
            engine=self._engine,
            device=choice.device,
            memory_mib=self._memory_mib,
            notices=(said,) if said else (),
            backend=self._backend,
        )

    def _seen(self) -> dict[str, str]:
        """Devices, and what is known against them; where they cannot be listed, that of every kind."""
        if self._backend is None:
            return {}
        try:
            return {device.name: device.problem for device in self._backend.devices()}
        except ImportError:
            raise
        except Exception as error:  # noqa: BLE001 - each library raises its own, and there is the processor
            _log.debug("the devices of %s cannot be listed", self._load.engine, exc_info=True)
            return {kind: in_short(error) for kind in self._load.placement.kinds if kind != CPU}

    def _regret(self, choice: Choice) -> Exception:
        """Where even the processor was tried, what went wrong there: it is the engine's own fault."""
        if self._error is not None:
            return self._error
        return refusal(self._load.engine, choice, self._load.placement, self._detail)

    def _try(self, device: str) -> str:
        """Probe a device and open the engine there; what is wrong, or "".

        The processor is not probed: there is nothing to fall back to, and opening shows it too.
        """
        if (
            self._backend is not None
            and device != CPU
            and (problem := _probe(self._backend, device, self._tell))
        ):
            return problem
        self._tell(device)
        problem = self._open(device)
        if problem:
            # Now that the error has gone, whose traceback held what was opened so far.
            _release(self._backend, device)
        return problem

    def _open(self, device: str) -> str:
        load = self._load
        models = {name: Path(folder) for name, folder in load.models.items()}
        before = self._held_mib(device)
        try:
            setup = Setup(device=device, threads=load.threads, models=models)
            self._engine = load_engine(load.engine, load.factory, setup)
        except (ModuleNotFoundError, InputError, ProfileError):
            # Another device would not bring a package or a model.
            raise
        except Exception as error:  # noqa: BLE001 - each library raises its own, and there is a next device
            _log.debug("opening %s on %s failed", load.engine, device, exc_info=True)
            # The traceback as text: the frames themselves would keep what was opened so far.
            self._detail = "".join(traceback.format_exception(error))
            self._error = error if device == CPU else self._error
            return in_short(error)
        self._memory_mib = max(0, self._held_mib(device) - before)
        return ""

    def _held_mib(self, device: str) -> int:
        if device == CPU or self._backend is None:
            return resident_bytes() // _MIB
        return self._backend.memory_mib(device)

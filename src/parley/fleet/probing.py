"""Asks a backend, in a worker of its own, which devices it sees and which of them work."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass, replace

import parley
from parley.errors import (
    EngineFailed,
    EngineOutdated,
    ProfileNotInstalled,
    WorkerDied,
    WorkerHung,
    rebuild,
)
from parley.fleet.child import Child
from parley.fleet.limits import FleetLimits
from parley.fleet.spec import PoolSpec
from parley.speech.device import DeviceFound
from parley.wire.frames import FRAME_VERSION, Failure, FromWorker, Hello, Probe, Probed, Trying
from parley.wire.framing import FrameError

START_S = 120.0
"""Seconds for one worker to start, and to import a library as large as PyTorch."""

OPERATION_S = 60.0
"""Seconds for one operation; the first one on a device loads its kernels."""

MOST_LOSSES = 8
"""Devices that may each cost a worker, before the backend is given up."""

_CALL = 1


async def probe(
    backend: str,
    *,
    python: str = sys.executable,
    environment: str = "",
    threads: int = 1,
    start_s: float = START_S,
    operation_s: float = OPERATION_S,
    limits: FleetLimits | None = None,
) -> tuple[DeviceFound, ...]:
    """What the backend sees. A device on which a worker dies or hangs has that as its problem.

    `environment` is the name of the engine environment that `python` belongs to. Raises
    ProfileNotInstalled, EngineOutdated, EngineFailed, or WorkerDied and WorkerHung where it did not
    come as far as a device.
    """
    spec = PoolSpec(name=environment or "speech", engines=(), workers=1, python=python, threads=threads)
    lost: dict[str, str] = {}
    while True:
        asking = _Asking(start_s=start_s, operation_s=operation_s)
        question = Probe(call_id=_CALL, backend=backend, avoid=tuple(lost))
        try:
            answer = await asking.ask(spec, limits or FleetLimits(), question)
        except (WorkerDied, WorkerHung) as error:
            if not asking.tried or len(lost) >= MOST_LOSSES:
                raise
            hung = isinstance(error, WorkerHung)
            lost[asking.tried] = "an operation hung" if hung else "an operation ended the process"
            continue
        return tuple(
            replace(device, problem=lost.get(device.name, device.problem)) for device in answer.devices
        )


@dataclass(slots=True, kw_only=True)
class _Asking:
    """One worker being asked; `tried` is the device that it announced last."""

    start_s: float
    operation_s: float
    tried: str = ""

    async def ask(self, spec: PoolSpec, limits: FleetLimits, question: Probe) -> Probed:
        child = await _start(spec, limits)
        try:
            async with asyncio.timeout(self.start_s) as bound:
                _check_version(await _hear(child), spec.name)
                await child.send(question)
                return await self._await_answer(child, bound)
        except TimeoutError:
            # Its stacks go to the log.
            await child.break_off()
            raise WorkerHung("A worker that looked for devices hung; the log has the details.") from None
        finally:
            await child.retire()

    async def _await_answer(self, child: Child, bound: asyncio.Timeout) -> Probed:
        while True:
            match await _hear(child):
                case Trying(device=device):
                    self.tried = device
                    bound.reschedule(asyncio.get_running_loop().time() + self.operation_s)
                case Probed() as probed:
                    return probed
                case Failure() as failure:
                    raise rebuild(failure.code, failure.message, failure.detail)
                case _:
                    pass


async def _start(spec: PoolSpec, limits: FleetLimits) -> Child:
    try:
        return await Child.start(spec, limits)
    except OSError as error:
        raise ProfileNotInstalled(
            f"The Python of the engine environment '{spec.name}' cannot be started; "
            f"run: parley engines install {spec.name}",
            detail=str(error),
        ) from error


async def _hear(child: Child) -> FromWorker:
    try:
        frame = await child.receive()
    except FrameError as error:
        raise EngineFailed(
            "A worker that looked for devices sent nonsense; the log has the details.", detail=str(error)
        ) from error
    if frame is None:
        await child.expire()
        raise WorkerDied(f"A worker that looked for devices {child.fate()}.")
    return frame


def _check_version(hello: FromWorker, environment: str) -> None:
    theirs = (hello.package_version, hello.frame_version) if isinstance(hello, Hello) else None
    if theirs != (parley.__version__, FRAME_VERSION):
        raise EngineOutdated(
            f"The engine environment '{environment}' holds another version of parley; "
            f"run: parley engines install {environment}",
            detail=str(hello),
        )

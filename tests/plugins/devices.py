"""Simulated devices: an engine for each way in which a device may behave.

sim-fine     cuda:0, mps and cpu, all of which work
sim-two      cuda:0, cuda:1 and cpu, all of which work
sim-broken   cuda:0 and mps are listed, and whatever is computed there raises
sim-wrong    cuda:0 is listed and computes wrong results
sim-hangs    what is computed on cuda:0 never ends
sim-aborts   what is computed on cuda:0 ends the process
sim-small    there is no room to open the model on cuda:0; what the try left must be given back first
sim-dies     opening the model on cuda:0 ends the process
sim-revives  the same, until the file that PARLEY_TEST_MARKER names is there
sim-four     on cuda:0 four stretches at once are too much; what a call left must be given back first
sim-tight    on cuda:0 a single stretch is too much already
sim-wedged   the first call on cuda:0 (the file that PARLEY_TEST_MARKER names is not there yet) wedges it:
             nothing can be computed there in the same process any more
sim-cpu      knows the processor only
sim-gpu      cannot use the processor

Each recogniser says of a stretch what computed it: "cuda:0 x3" when three came at once.
"""

import os
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from parley.engines.contract import EngineSpec, Progress, Role, Stretch
from parley.engines.setup import Setup
from parley.errors import EngineFailed
from parley.speech.device import DeviceFound
from parley.speech.recognition import Piece, Recognition, RecognitionOptions

KINDS = ("cuda", "mps", "cpu")
leavings: set[str] = set()
"""Devices on which something failed that was not given back yet."""


def spec(name: str, backend: str, factory: str = ":Computes", **facts: object) -> EngineSpec:
    told = {"devices": KINDS, "batches": True, **facts}
    return EngineSpec(
        name=name, role=Role.ASR, factory=factory, revision="1", summary="simulated", licence="Apache-2.0",
        backend=backend, **told,
    )  # fmt: skip


SPECS = (
    spec("sim-fine", ":Fine"),
    spec("sim-two", ":Two"),
    spec("sim-broken", ":Broken"),
    spec("sim-wrong", ":Wrong"),
    spec("sim-hangs", ":Hangs"),
    spec("sim-aborts", ":Aborts"),
    spec("sim-small", ":One", ":Small"),
    spec("sim-dies", ":One", ":Dies"),
    spec("sim-revives", ":One", ":Revives"),
    spec("sim-four", ":One", ":Four"),
    spec("sim-tight", ":One", ":Tight"),
    spec("sim-wedged", ":One", ":Wedged"),
    spec("sim-cpu", ":One", devices=("cpu",)),
    spec("sim-gpu", ":Broken", devices=("cuda",)),
)


class Fine:
    """Two accelerators and the processor."""

    names: tuple[str, ...] = ("cuda:0", "mps", "cpu")

    def devices(self) -> Sequence[DeviceFound]:
        return [DeviceFound(name=name, title=f"simulated {name}", memory_mib=1000) for name in self.names]

    def probe(self, device: str) -> None:
        assert device in self.names

    def memory_mib(self, device: str) -> int:
        return 100

    def release(self, device: str) -> None:
        leavings.discard(device)


class One(Fine):
    names = ("cuda:0", "cpu")


class Two(Fine):
    names = ("cuda:0", "cuda:1", "cpu")


class Broken(Fine):
    def probe(self, device: str) -> None:
        if device != "cpu":
            raise RuntimeError(f"CUDA error at /opt/secret/{device}: no kernel image is available")


class Wrong(One):
    def probe(self, device: str) -> None:
        if device != "cpu":
            raise EngineFailed("its results are wrong")


class Hangs(One):
    def probe(self, device: str) -> None:
        if device != "cpu":
            time.sleep(600)


class Aborts(One):
    def probe(self, device: str) -> None:
        if device != "cpu":
            # As a library does it whose native code fails.
            os.abort()


class Computes:
    """Says where, and how many at once."""

    most = 1000

    def __init__(self, setup: Setup) -> None:
        if leavings:
            raise RuntimeError("what the last try left was not given back")
        self.device = setup.device
        self.threads = setup.threads

    def recognise(self, stretch: Stretch, options: RecognitionOptions, progress: Progress) -> Recognition:
        return self.recognise_batch([stretch], options, progress)[0]

    def recognise_batch(
        self, stretches: Sequence[Stretch], options: RecognitionOptions, progress: Progress
    ) -> Sequence[Recognition]:
        if self.device != "cpu" and len(stretches) > self.most:
            leavings.add(self.device)
            raise RuntimeError("CUDA out of memory. Tried to allocate 20.00 GiB")
        if leavings:
            raise RuntimeError("what the last call left was not given back")
        said = f"{self.device} x{len(stretches)}"
        return [
            Recognition(pieces=(Piece(start=0.0, end=len(each.samples) / 16000, text=said),))
            for each in stretches
        ]

    def punctuate(self, texts: Sequence[str], language: str | None) -> Sequence[str]:
        """So that a test may ask without audio."""
        return [f"{self.device} {self.threads}" for _ in texts]


class Four(Computes):
    most = 3


class Tight(Computes):
    most = 0


class Wedged(Computes):
    is_wedged = False

    def recognise_batch(
        self, stretches: Sequence[Stretch], options: RecognitionOptions, progress: Progress
    ) -> Sequence[Recognition]:
        marker = Path(os.environ["PARLEY_TEST_MARKER"])
        if self.device != "cpu" and (self.is_wedged or not marker.exists()):
            self.is_wedged = True
            marker.touch()
            raise RuntimeError("CUDA error: an illegal memory access was encountered")
        return super().recognise_batch(stretches, options, progress)


class Small(Computes):
    def __init__(self, setup: Setup) -> None:
        if setup.device != "cpu":
            leavings.add(setup.device)
            raise RuntimeError("CUDA out of memory. Tried to allocate 20.00 GiB")
        super().__init__(setup)


class Dies(Computes):
    def __init__(self, setup: Setup) -> None:
        if setup.device != "cpu":
            os.kill(os.getpid(), 9)
            threading.Event().wait()
        super().__init__(setup)


class Revives(Dies):
    def __init__(self, setup: Setup) -> None:
        if Path(os.environ["PARLEY_TEST_MARKER"]).exists():
            Computes.__init__(self, setup)
        else:
            super().__init__(setup)


class Deaf(Tight):
    """Opens on cuda:0 only, where every stretch is too much."""

    def __init__(self, setup: Setup) -> None:
        if setup.device == "cpu":
            raise RuntimeError("no such operation on the processor")
        super().__init__(setup)

"""Opening an engine on a device, against simulated ones (tests/plugins/devices.py)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from parley.engines.plugin import import_plugin
from parley.engines.registry import discover
from parley.errors import DeviceUnavailable, EngineFailed, ProfileNotInstalled
from parley.speech.device import Placement
from parley.wire.frames import Load
from parley.workers.placing import Placed, open_backend, place, survey

PLUGINS = Path(__file__).parents[2] / "plugins"
SPECS = discover([PLUGINS])


@pytest.fixture(autouse=True)
def tidy() -> None:
    """What one test leaves on a device is not the next one's."""
    import_plugin((PLUGINS / "devices.py").resolve()).leavings.clear()


def load(name: str, wanted: str = "auto", **facts: Any) -> Load:
    spec = SPECS[name]
    return Load(
        call_id=1,
        engine=name,
        factory=spec.factory,
        takes_setup=spec.takes_setup,
        backend=spec.backend,
        placement=Placement(wanted=wanted, kinds=spec.devices, **facts),
        threads=3,
        models={"weights": "/models/weights"},
    )


def opened(name: str, wanted: str = "auto", **facts: Any) -> tuple[Placed, list[str]]:
    """The engine, and the devices that were announced."""
    tried: list[str] = []
    return place(load(name, wanted, **facts), tried.append), tried


def test_the_best_device_is_probed_and_opened() -> None:
    placed, tried = opened("sim-fine")
    assert (placed.device, placed.notices) == ("cuda:0", ())
    assert tried == ["cuda:0", "cuda:0"]
    engine: Any = placed.engine
    assert (engine.device, engine.threads) == ("cuda:0", 3)


def test_the_wish_decides() -> None:
    assert opened("sim-fine", "mps")[0].device == "mps"
    assert opened("sim-fine", "cpu")[0].device == "cpu"
    assert opened("sim-two", "cuda", slot=1)[0].device == "cuda:1"
    assert opened("sim-two", "cuda:0,cuda:1", slot=3)[0].device == "cuda:1"


def test_a_device_that_is_listed_and_broken_is_passed_over_with_a_notice() -> None:
    placed, tried = opened("sim-broken")
    assert placed.device == "cpu"
    assert tried == ["cuda:0", "mps", "cpu"]
    (notice,) = placed.notices
    reason = "its library does not support this model of device"
    assert notice == f"The engine 'sim-broken' runs on cpu instead of cuda:0 ({reason}), mps ({reason})."


def test_one_that_computes_wrong_results_too() -> None:
    (notice,) = opened("sim-wrong")[0].notices
    assert "cuda:0 (its results are wrong)" in notice


def test_strict_fails_with_the_reason_and_no_paths() -> None:
    with pytest.raises(DeviceUnavailable, match="cannot run on cuda:0") as caught:
        opened("sim-broken", "cuda", is_strict=True)
    assert "/" not in caught.value.message
    with pytest.raises(DeviceUnavailable, match=r"cannot run on mps \(it cannot use that\)"):
        opened("sim-cpu", "mps", is_strict=True)


def test_no_room_for_the_model_leads_to_the_next_device_after_tidying_up() -> None:
    placed, _ = opened("sim-small")
    assert placed.device == "cpu"
    assert placed.notices == ("The engine 'sim-small' runs on cpu instead of cuda:0 (no memory left).",)
    with pytest.raises(DeviceUnavailable, match="no memory left") as caught:
        opened("sim-small", is_strict=True)
    assert "Tried to allocate" in caught.value.detail


def test_a_kind_the_engine_cannot_use_is_told() -> None:
    placed, tried = opened("sim-cpu", "cuda")
    assert placed.notices == ("The engine 'sim-cpu' runs on cpu instead of cuda (it cannot use that).",)
    assert tried == ["cpu"]


def test_an_engine_that_cannot_use_the_processor_fails_where_nothing_else_works() -> None:
    with pytest.raises(DeviceUnavailable, match=r"cpu \(it cannot use that\)") as caught:
        opened("sim-gpu")
    assert "--strict-device" not in caught.value.message


def test_devices_on_which_workers_were_lost_are_not_even_probed() -> None:
    placed, tried = opened("sim-aborts", avoid=("cuda:0",))
    assert (placed.device, tried) == ("cpu", ["cpu"])
    assert "cuda:0 (a worker was lost on it)" in placed.notices[0]


ENGINE = """
import gc, weakref
from parley.engines.setup import Setup

class Weights:
    pass

alive = weakref.WeakSet()

class Leaks:
    def __init__(self, setup: Setup) -> None:
        weights = Weights()
        alive.add(weights)
        raise {error}

class Backend:
    def devices(self):
        from parley.speech.device import DeviceFound
        return [DeviceFound(name="cuda:0", title=""), DeviceFound(name="cpu", title="")]
    def probe(self, device):
        pass
    def memory_mib(self, device):
        return 0
    def release(self, device):
        gc.collect()
        assert not alive, "the failed try still holds its weights"
"""


def broken(folder: Path, error: str) -> Load:
    path = folder / "leaks.py"
    path.write_text(ENGINE.format(error=error))
    placement = Placement(wanted="auto", kinds=("cuda", "cpu"))
    return Load(
        call_id=1,
        engine="leaks",
        factory=f"{path}:Leaks",
        takes_setup=True,
        backend=f"{path}:Backend",
        placement=placement,
    )


def test_what_goes_wrong_on_the_processor_too_is_the_engine_s_own_fault(tmp_path: Path) -> None:
    tried: list[str] = []
    with pytest.raises(RuntimeError, match="the file of weights is cut short"):
        place(broken(tmp_path, "RuntimeError('the file of weights is cut short')"), tried.append)
    assert tried == ["cuda:0", "cuda:0", "cpu"]


@pytest.mark.parametrize("error", ["ModuleNotFoundError('torch', name='torch')", "parley_error"])
def test_what_no_device_can_mend_is_told_at_once(tmp_path: Path, error: str) -> None:
    if error == "parley_error":
        error = "__import__('parley.errors').errors.ProfileNotInstalled('There are no weights.')"
    tried: list[str] = []
    with pytest.raises((ModuleNotFoundError, ProfileNotInstalled)):
        place(broken(tmp_path, error), tried.append)
    assert tried == ["cuda:0", "cuda:0"]


def test_an_engine_without_a_setup_is_made_as_before(tmp_path: Path) -> None:
    (tmp_path / "plain.py").write_text("class Plain: pass")
    plain = Load(call_id=1, engine="plain", factory=f"{tmp_path / 'plain.py'}:Plain")
    tried: list[str] = []
    placed = place(plain, tried.append)
    assert (type(placed.engine).__name__, placed.device, tried) == ("Plain", "cpu", [])
    placed.release()


def test_one_with_models_and_no_backend_computes_on_the_processor(tmp_path: Path) -> None:
    source = "class Plain:\n    def __init__(self, setup): self.setup = setup"
    (tmp_path / "modest.py").write_text(source)
    factory = f"{tmp_path / 'modest.py'}:Plain"
    models = {"weights": str(tmp_path)}
    modest = Load(call_id=1, engine="modest", factory=factory, takes_setup=True, models=models, threads=2)
    placed = place(modest, lambda _: None)
    engine: Any = placed.engine
    assert (engine.setup.device, engine.setup.threads) == ("cpu", 2)
    assert engine.setup.models == {"weights": tmp_path}


def test_a_backend_that_does_not_exist() -> None:
    with pytest.raises(EngineFailed, match="has no factory"):
        open_backend("json.decoder:Nope")


def test_a_device_that_cannot_be_tidied_up_ends_nothing(tmp_path: Path) -> None:
    wedged = broken(tmp_path, "MemoryError")
    source = (tmp_path / "leaks.py").read_text()
    (tmp_path / "leaks.py").write_text(source.replace("gc.collect()", "raise RuntimeError('wedged')"))
    with pytest.raises(MemoryError):
        place(wedged, lambda _: None)


def test_devices_that_cannot_be_listed_leave_the_processor(tmp_path: Path) -> None:
    source = ENGINE.replace(
        "def devices(self):", "def devices(self):\n        raise OSError('/secret/driver')"
    )
    path = tmp_path / "leaks.py"
    path.write_text(source.replace("raise {error}", "pass"))
    placement = Placement(wanted="auto", kinds=("cuda", "mps", "cpu"))
    load = Load(
        call_id=1,
        engine="leaks",
        factory=f"{path}:Leaks",
        takes_setup=True,
        backend=f"{path}:Backend",
        placement=placement,
    )
    placed = place(load, lambda _: None)
    assert placed.device == "cpu"
    assert placed.notices == ("The engine 'leaks' runs on cpu instead of cuda (OSError), mps (OSError).",)


def test_a_survey_tries_every_device_but_those_to_avoid() -> None:
    tried: list[str] = []
    found = survey(open_backend(SPECS["sim-broken"].backend), tried.append, avoid=("mps",))
    assert tried == ["cuda:0", "cpu"]
    assert [(device.name, bool(device.problem)) for device in found] == [
        ("cuda:0", True),
        ("mps", True),
        ("cpu", False),
    ]
    assert found[0].title == "simulated cuda:0"
    assert found[0].memory_mib == 1000

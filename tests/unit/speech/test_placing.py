"""Which device is taken: every branch, then what holds for any of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.errors import DeviceUnavailable
from parley.speech.device import CPU, DeviceFound, Placement
from parley.speech.placing import (
    candidates,
    is_wanted,
    kind_of,
    notice,
    refusal,
    resolve,
)

ALL = ("cuda", "mps", "cpu")
MACHINE = ("cuda:0", "cuda:1", "mps", "cpu")


def tries(wanted: str, seen: tuple[str, ...] = MACHINE, **facts: object) -> list[str]:
    """Devices in the order in which they are tried; those that are not to be tried with a minus."""
    placement = Placement(**{"wanted": wanted, "kinds": ALL, **facts})  # type: ignore[arg-type]
    return [f"-{each.device}" if each.problem else each.device for each in candidates(placement, seen)]


@pytest.mark.parametrize(
    ("wanted", "facts", "expected"),
    [
        ("auto", {}, ["cuda:0", "cuda:1", "mps", "cpu"]),
        ("auto", {"seen": ("cpu",)}, ["cpu"]),
        ("auto", {"seen": ()}, ["cpu"]),
        ("auto", {"kinds": ("cpu",)}, ["cpu"]),
        ("auto", {"kinds": ("mps", "cuda", "cpu")}, ["mps", "cuda:0", "cuda:1", "cpu"]),
        ("auto", {"kinds": ("cpu", "cuda", "mps")}, ["cpu", "cuda:0", "cuda:1", "mps"]),
        ("auto", {"kinds": ("cpu", "cuda"), "is_strict": True}, ["cpu", "cuda:0", "cuda:1"]),
        ("auto", {"is_strict": True}, ["cuda:0", "cuda:1", "mps"]),
        ("auto", {"is_strict": True, "seen": ("cpu",)}, ["cpu"]),
        ("auto", {"is_strict": True, "kinds": ("mps", "cpu"), "seen": ("cuda:0", "cpu")}, ["cpu"]),
        ("auto", {"slot": 1}, ["cuda:1", "cuda:0", "mps", "cpu"]),
        ("auto", {"slot": 4}, ["cuda:0", "cuda:1", "mps", "cpu"]),
        ("auto", {"avoid": ("cuda:0",)}, ["-cuda:0", "cuda:1", "mps", "cpu"]),
        ("auto", {"avoid": ("cuda:1",), "slot": 1}, ["-cuda:1", "cuda:0", "mps", "cpu"]),
        ("auto", {"avoid": ("cpu",), "seen": ("cpu",)}, ["cpu"]),
        ("auto", {"is_strict": True, "avoid": ("mps",), "seen": ("mps", "cpu")}, ["-mps"]),
        ("cuda", {}, ["cuda:0", "cuda:1", "cpu"]),
        ("cuda", {"is_strict": True}, ["cuda:0", "cuda:1"]),
        ("cuda", {"seen": ("cpu",)}, ["-cuda", "cpu"]),
        ("cuda", {"seen": ("cpu",), "is_strict": True}, ["-cuda"]),
        ("cuda:1", {}, ["cuda:1", "cpu"]),
        ("cuda:1", {"slot": 7}, ["cuda:1", "cpu"]),
        ("cuda:7", {}, ["-cuda:7", "cpu"]),
        ("cuda:1,cuda:0", {}, ["cuda:1", "cuda:0", "cpu"]),
        ("cuda:1,cuda:0", {"slot": 1}, ["cuda:0", "cuda:1", "cpu"]),
        ("mps,cuda:0", {"slot": 1}, ["mps", "cuda:0", "cpu"]),
        ("cuda:0,cpu", {"is_strict": True}, ["cuda:0", "cpu"]),
        ("cuda:0,auto", {}, ["cuda:0", "cuda:1", "mps", "cpu"]),
        ("mps", {"kinds": ("cuda", "cpu")}, ["-mps", "cpu"]),
        ("mps", {"kinds": ("cuda", "cpu"), "is_strict": True}, ["-mps"]),
        ("cpu", {}, ["cpu"]),
        ("cpu", {"seen": (), "is_strict": True}, ["cpu"]),
        ("cpu", {"kinds": ("cuda",)}, ["-cpu"]),
        ("auto", {"kinds": ("cuda",), "seen": ("cpu",)}, ["-cpu"]),
        ("auto", {"full": ("cuda:0",)}, ["-cuda:0", "cuda:1", "mps", "cpu"]),
    ],
)
def test_the_order_of_trying(wanted: str, facts: dict[str, object], expected: list[str]) -> None:
    assert tries(wanted, **facts) == expected  # type: ignore[arg-type]


def found(**problems: str) -> list[DeviceFound]:
    names = {"cuda0": "cuda:0", "cuda1": "cuda:1", "mps": "mps", "cpu": "cpu"}
    return [DeviceFound(name=names[key], title="", problem=says) for key, says in problems.items()]


def test_a_device_that_works_needs_no_notice() -> None:
    choice = resolve(Placement(wanted="auto", kinds=ALL), found(cuda0="", cpu=""))
    assert (choice.device, notice("whisper", choice)) == ("cuda:0", "")


def test_one_that_was_never_there_needs_none_either() -> None:
    choice = resolve(Placement(wanted="auto", kinds=ALL), found(cpu=""))
    assert (choice.device, notice("whisper", choice)) == ("cpu", "")


def test_what_was_passed_over_is_told_with_the_reason() -> None:
    seen = found(cuda0="no memory left", mps="", cpu="")
    choice = resolve(Placement(wanted="cuda", kinds=ALL), seen)
    assert notice("whisper", choice) == (
        "The engine 'whisper' runs on cpu instead of cuda:0 (no memory left)."
    )
    choice = resolve(Placement(wanted="auto", kinds=ALL), seen)
    assert notice("whisper", choice) == (
        "The engine 'whisper' runs on mps instead of cuda:0 (no memory left)."
    )


def test_strict_gives_no_device_and_says_why() -> None:
    placement = Placement(wanted="cuda:0,mps", kinds=("cuda", "cpu"), is_strict=True)
    choice = resolve(placement, found(cuda0="its driver is too old", cpu=""))
    assert choice.device == ""
    error = refusal("whisper", choice, placement)
    assert isinstance(error, DeviceUnavailable)
    assert "cuda:0 (its driver is too old), mps (it cannot use that)" in error.message
    assert "--strict-device" in error.message


@pytest.mark.parametrize(
    "text", ["auto", "cpu", "mps", "cuda", "cuda:0", "cuda:12", "cuda:0,cuda:1", "cuda,mps,cpu"]
)
def test_what_may_be_asked_for(text: str) -> None:
    assert is_wanted(text)


@pytest.mark.parametrize(
    "text", ["", "gpu", "cuda:", "cuda:x", "cuda:0,", "cpu:0", "CUDA", "cuda:0, cpu", "cuda:0\n", "cuda:1234"]
)
def test_what_may_not(text: str) -> None:
    assert not is_wanted(text)


names = st.sampled_from(["cuda:0", "cuda:1", "cuda:2", "mps", "cpu"])
seen_lists = st.lists(names, unique=True, max_size=5)
wishes = st.lists(st.sampled_from(["auto", "cuda", "cuda:1", "cuda:5", "mps", "cpu"]), min_size=1, max_size=4)
placements = st.builds(
    Placement,
    wanted=wishes.map(",".join),
    kinds=st.lists(st.sampled_from(ALL), unique=True, min_size=1).map(tuple),
    is_strict=st.booleans(),
    slot=st.integers(0, 9),
    avoid=st.lists(names, max_size=2).map(tuple),
)


@given(placements, seen_lists)
def test_only_devices_that_are_there_and_usable_are_tried_each_once(
    placement: Placement, seen: list[str]
) -> None:
    tried = [each.device for each in candidates(placement, seen) if not each.problem]
    assert len(tried) == len(set(tried))
    for device in tried:
        assert device in seen or device == CPU
        assert kind_of(device) in placement.kinds
        assert device == CPU or device not in placement.avoid


@given(placements, seen_lists)
def test_who_is_not_strict_always_gets_a_device_the_engine_can_use(
    placement: Placement, seen: list[str]
) -> None:
    choice = resolve(placement, [DeviceFound(name=name, title="") for name in seen])
    if CPU in placement.kinds and not placement.is_strict:
        assert choice.device
    if placement.is_strict and not any(token in placement.wanted for token in ("auto", "cpu")):
        assert choice.device != CPU


@given(placements, seen_lists, st.data())
def test_a_broken_device_is_never_taken_and_always_told(
    placement: Placement, seen: list[str], data: st.DataObject
) -> None:
    broken = data.draw(st.sets(names))
    devices = [DeviceFound(name=name, title="", problem="x" if name in broken else "") for name in seen]
    choice = resolve(placement, devices)
    assert choice.device not in broken & set(seen)
    before = {each.device for each in choice.passed}
    assert all(each.problem for each in choice.passed)
    order = [each.device for each in candidates(placement, seen)]
    assert before <= set(order)
    assert bool(notice("e", choice)) == bool(choice.passed)


@given(st.integers(1, 4), st.integers(0, 20))
def test_workers_spread_evenly_over_equal_devices(devices: int, workers: int) -> None:
    seen = [DeviceFound(name=f"cuda:{index}", title="") for index in range(devices)]
    taken = [resolve(Placement(wanted="cuda", kinds=ALL, slot=slot), seen).device for slot in range(workers)]
    counts = [taken.count(device.name) for device in seen]
    assert max(counts) - min(counts) <= 1

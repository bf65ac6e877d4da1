"""Which profile an order gets on a server."""

from __future__ import annotations

from dataclasses import replace

import pytest

from parley.app.settling import settler
from parley.batch.wish import HouseLimits, Wish
from parley.engines.contract import Capability, EngineSpec, Role
from parley.engines.profiles import Profile
from parley.errors import ProfileNotInstalled, ProfileUnknown, UnsupportedOption
from parley.jobs.known import Planner
from parley.jobs.task import Order
from parley.speech.recognition import RecognitionOptions, SpeakerCount

ENGINE = EngineSpec(
    name="any",
    role=Role.ASR,
    factory="m:C",
    revision="1",
    summary="",
    licence="MIT",
    capabilities=frozenset({Capability.LANGUAGE}),
    public_names=("one",),
)


def profile(name: str) -> Profile:
    parts = {role: replace(ENGINE, name=role.value, role=role) for role in (Role.MEDIA, Role.VAD)}
    return Profile(name, {**parts, Role.ASR: ENGINE})


PROFILES = {name: profile(name) for name in ("here", "absent", "embedded")}
settle = settler(Planner(PROFILES, HouseLimits()), {"here", "embedded"})


def order(name: str, language: str | None = None, **wish: object) -> Order:
    wanted = Wish(recognition=RecognitionOptions(language=language), **wish)  # type: ignore[arg-type]
    return Order(file_name="a.wav", profile=name, wish=wanted)


@pytest.mark.parametrize(
    ("asked", "language", "meant"), [("here", None, "here"), ("one", None, "here"), ("auto", "zh", "here")]
)
def test_an_order_gets_the_name_of_the_profile_that_is_meant(
    asked: str, language: str | None, meant: str
) -> None:
    assert settle(order(asked, language)) == replace(order(asked, language), profile=meant)


def test_what_was_not_installed_at_the_start_names_the_way() -> None:
    with pytest.raises(ProfileNotInstalled, match="run: parley pull absent, then start the server again"):
        settle(order("absent"))
    with pytest.raises(ProfileUnknown):
        settle(order("nowhere"))


def test_what_the_profile_cannot_do_is_refused() -> None:
    with pytest.raises(UnsupportedOption):
        settle(order("here", speakers=SpeakerCount(minimum=2, maximum=2)))

"""Wishes, as profiles can fulfil them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.live.scripted_fleet import ASR, PROFILES, STREAM, STREAMING

from parley.engines.contract import Capability, Role
from parley.engines.profiles import Profile
from parley.errors import UnsupportedOption
from parley.live.options import LiveLimits, LiveWish
from parley.live.plans import Plan, plan

ANY = replace(ASR, capabilities=ASR.capabilities | {Capability.LANGUAGE})
ZH = replace(STREAM, capabilities=ANY.capabilities, languages=frozenset({"zh"}))
CHINESE = Profile("chinese", {**STREAMING.engines, Role.ASR: ANY}, streaming=ZH)


def planned(profile: Profile, wish: LiveWish) -> Plan:
    known = {**PROFILES, profile.name: profile}
    return plan(wish, known, known, profile.name, LiveLimits())


@pytest.mark.parametrize("language", [None, "auto", "zh"])
def test_a_streaming_recogniser_hears_the_languages_it_knows(language: str | None) -> None:
    made = planned(CHINESE, LiveWish(language=language))
    assert made.streaming == CHINESE.streaming
    assert made.is_streaming


def test_a_language_it_does_not_know_is_left_to_who_has_the_last_word() -> None:
    made = planned(CHINESE, LiveWish(language="ja"))
    assert (made.streaming, made.asr) == (None, ANY)
    assert not made.is_streaming
    assert made.partials


def test_who_wants_its_text_alone_is_refused_what_it_does_not_know() -> None:
    with pytest.raises(UnsupportedOption):
        planned(CHINESE, LiveWish(language="ja", second_pass=False))
    assert planned(CHINESE, LiveWish(language="zh", second_pass=False)).asr is None

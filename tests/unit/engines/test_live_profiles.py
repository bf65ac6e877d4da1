"""Profiles and live speech: the turn engine, and the streaming recogniser."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.bench.shop import speech_roles
from parley.engines.contract import EngineSpec, Role
from parley.engines.profiles import Profile, build_profiles
from parley.engines.registry import discover
from parley.engines.turn.silence import LEAST_S, MOST_S, Silence
from parley.errors import InvalidSettings

SPECS = discover()
SHIPPED = build_profiles(SPECS, {})


def mine(**said: str) -> Profile:
    return build_profiles(SPECS, {"mine": said})["mine"]


def streaming_name(profile: Profile) -> str | None:
    return profile.streaming.name if profile.streaming else None


def test_two_passes_where_a_streaming_recogniser_is_named() -> None:
    assert streaming_name(SHIPPED["paraformer-zh"]) == "funasr-paraformer-streaming"
    assert streaming_name(SHIPPED["paraformer-onnx"]) == "sherpa-paraformer-streaming"
    assert streaming_name(SHIPPED["embedded"]) is None
    assert streaming_name(mine(asr="moonshine", streaming="sherpa-zipformer")) == "sherpa-zipformer"


def test_one_pass_where_the_recogniser_itself_streams() -> None:
    profile = SHIPPED["zipformer-streaming"]
    assert profile.streaming == profile.engines[Role.ASR]
    assert streaming_name(mine(asr="funasr-paraformer-streaming")) == "funasr-paraformer-streaming"


def test_none_turns_streaming_off() -> None:
    assert streaming_name(mine(asr="sherpa-zipformer", streaming="none")) is None
    changed = build_profiles(SPECS, {"paraformer-zh": {"streaming": "none"}})["paraformer-zh"]
    assert streaming_name(changed) is None
    assert changed.engines == SHIPPED["paraformer-zh"].engines


@pytest.mark.parametrize("said", ["nothing", "moonshine", "silero", ""])
def test_what_does_not_stream_text_is_refused_with_what_does(said: str) -> None:
    with pytest.raises(InvalidSettings, match=f"'mine' wants '{said}' for streaming.*sherpa-zipformer; none"):
        mine(streaming=said)
    with pytest.raises(InvalidSettings, match="streaming"):
        build_profiles(SPECS, {"mine": {"streaming": {"asr": "sherpa-zipformer"}}})


def test_shipped_profiles_stream_in_the_environment_of_their_recogniser() -> None:
    for profile in SHIPPED.values():
        if profile.streaming:
            assert profile.streaming.environment == profile.engines[Role.ASR].environment
            assert profile.streaming.streams
        assert profile.engines[Role.VAD].streams, "live speech needs a detector that hears it"
        assert profile.engines[Role.TURN].name == "silence"


def test_a_language_that_is_not_known_live_is_not_streamed() -> None:
    profile = mine(asr="whisper-tiny", streaming="funasr-paraformer-streaming")
    assert profile.streams_in(None) == profile.streams_in("zh") == profile.streaming
    assert profile.streams_in("en") is None
    assert SHIPPED["embedded"].streams_in("en") is None


def test_recordings_ask_everything_but_turn_and_live_speech_what_it_needs() -> None:
    profile = SHIPPED["paraformer-zh"]
    assert Role.TURN not in profile.for_recordings
    assert {**profile.for_recordings, Role.TURN: profile.engines[Role.TURN]} == profile.engines
    assert [spec.role for spec in profile.for_live] == [
        Role.VAD, Role.TURN, Role.ASR, Role.PUNCTUATION, Role.ASR,
    ]  # fmt: skip
    assert set(profile.everything) == {*profile.engines.values(), profile.streaming}
    single = SHIPPED["zipformer-streaming"]
    assert len(single.for_live) == len({spec.name for spec in single.for_live}) == 4
    assert Role.TURN not in speech_roles(profile)


def test_a_profile_may_do_without_a_turn_engine_or_bring_its_own() -> None:
    assert mine(turn="none").engine(Role.TURN) is None
    assert Role.TURN not in [spec.role for spec in mine(turn="none").for_live]
    own = EngineSpec(name="own", role=Role.TURN, factory="m:C", revision="1", summary="", licence="MIT")
    profile = build_profiles({**SPECS, "own": own}, {"mine": {"turn": "own"}})["mine"]
    assert profile.engine(Role.TURN) == own


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_silence_waits_as_long_as_it_is_told_within_bounds(wanted_s: float) -> None:
    patience = Silence().patience(np.zeros(100, dtype=np.float32), wanted_s, "en")
    assert LEAST_S <= patience <= MOST_S
    if LEAST_S <= wanted_s <= MOST_S:
        assert patience == wanted_s
    assert math.isfinite(patience)

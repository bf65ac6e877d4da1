"""Which remembered transcripts answer which orders."""

from __future__ import annotations

from dataclasses import replace

from parley.batch.wish import HouseLimits, Wish
from parley.engines.contract import Capability, EngineSpec, Role
from parley.engines.profiles import Profile
from parley.jobs.known import Planner, projection
from parley.jobs.task import Order
from parley.speech.recognition import RecognitionOptions, SpeakerCount
from parley.speech.transcript import Segment, Transcript, Word


def spec(role: Role, **facts: object) -> EngineSpec:
    return EngineSpec(
        name=role.value,
        role=role,
        factory="m:C",
        revision="1",
        summary="",
        licence="MIT",
        **facts,  # type: ignore[arg-type]
    )


def profile(*roles: Role, words: bool = True) -> Profile:
    capabilities = frozenset({Capability.WORDS}) if words else frozenset[Capability]()
    engines = {role: spec(role) for role in (Role.MEDIA, Role.VAD, *roles)}
    return Profile("p", engines | {Role.ASR: spec(Role.ASR, capabilities=capabilities)})


def planner(*roles: Role, words: bool = True) -> Planner:
    return Planner({"p": profile(*roles, words=words)}, HouseLimits())


def order(speakers: object = "auto", words: bool = False) -> Order:
    recognition = RecognitionOptions(words=words)
    return Order(file_name="a.wav", profile="p", wish=Wish(speakers=speakers, recognition=recognition))  # type: ignore[arg-type]


def test_without_speakers_one_with_speakers_will_do_and_without_words_one_with_words() -> None:
    plans = planner(Role.SPEAKERS)
    key = plans.key
    plain = order(None)
    assert plans.richer(plain, "x") == [
        key(order("auto"), "x"), key(order(None, words=True), "x"), key(order("auto", words=True), "x"),
    ]  # fmt: skip
    assert plans.richer(order("auto"), "x") == [key(order("auto", words=True), "x")]
    assert plans.richer(order("auto", words=True), "x") == []
    assert key(plain, "x") != key(plain, "y")


def test_a_number_of_speakers_is_answered_by_itself_only() -> None:
    plans = planner(Role.SPEAKERS, words=False)
    assert plans.richer(order(SpeakerCount(minimum=2, maximum=2)), "x") == []


def test_what_the_profile_cannot_do_is_not_looked_for() -> None:
    assert planner(words=False).richer(order(None), "x") == []


def test_a_projection_holds_what_was_asked_for_and_no_more() -> None:
    words = (Word(text="hi", start=0.0, end=1.0),)
    segment = Segment(start=0.0, end=1.0, text="hi", speaker="Speaker1", words=words)
    full = Transcript(duration=1.0, segments=(segment,), speakers=("Speaker1",), diarized=True)
    bare = projection(full, order(None).wish)
    assert not bare.diarized and bare.speakers == ()
    assert (bare.segments[0].speaker, bare.segments[0].words, bare.segments[0].text) == (None, None, "hi")
    assert bare.segments[0].phrases == words, "subtitles are laid out by them"
    assert projection(full, order("auto", words=True).wish) == full
    assert projection(full, order("auto").wish).segments[0] == replace(segment, words=None, phrases=words)

from dataclasses import replace
from pathlib import Path

import pytest

from parley.batch.keys import Keys, digest, keys_for, of_track
from parley.batch.options import RecipeOptions, Recording
from parley.engines.contract import EngineSpec, Role
from parley.engines.profiles import Profile
from parley.speech.enrolment import KnownVoice
from parley.speech.media import DecodeOptions
from parley.speech.recognition import RecognitionOptions, SpeakerCount

RECORDING = Recording(path=Path("a.wav"), sha256="00")
PLAIN = RecipeOptions()


def spec(role: Role, revision: str = "1") -> EngineSpec:
    return EngineSpec(
        name=f"{role}-x", role=role, factory="m:C", revision=revision, summary="", licence="MIT"
    )


def profile(**revisions: str) -> Profile:
    roles = (Role.MEDIA, Role.VAD, Role.ASR, Role.SPEAKERS)
    return Profile("p", {role: spec(role, revisions.get(role.value, "1")) for role in roles})


def test_what_was_remembered_before_there_was_a_rate_is_found() -> None:
    """Digests of the revision before `DecodeOptions.sample_rate_hz`."""
    before = DecodeOptions(channel="split", start=1.0, end=2.5)
    keys = keys_for(RECORDING, replace(PLAIN, decode=before), profile())
    assert (keys.decode, keys.transcript) == (
        "5c561374d3a6be524656f881852996bc67fc2ea7",
        "b15e7e80c8b6438d9257d0cd7dc37a9e03f1bc8c",
    )


def changed(options: RecipeOptions = PLAIN, **revisions: str) -> set[str]:
    """The links of the chain that differ from those of the plain request."""
    before, after = keys_for(RECORDING, PLAIN, profile()), keys_for(RECORDING, options, profile(**revisions))
    links = ("decode", "find_speech", "recognise", "embed", "transcript")
    return {link for link in links if getattr(before, link) != getattr(after, link)}


EVERYTHING = {"decode", "find_speech", "recognise", "embed", "transcript"}


@pytest.mark.parametrize(
    ("options", "links"),
    [
        (PLAIN, set[str]()),
        (replace(PLAIN, decode=DecodeOptions(sample_rate_hz=24_000)), EVERYTHING),
        (replace(PLAIN, speakers=None), {"transcript"}),
        (replace(PLAIN, speakers=SpeakerCount(minimum=2, maximum=2)), {"transcript"}),
        (replace(PLAIN, known=(KnownVoice(name="Ann", engine="x 1", key="k"),)), {"transcript"}),
        (replace(PLAIN, use_cache=False), set[str]()),
        (replace(PLAIN, recognition=RecognitionOptions(language="en")), {"recognise", "transcript"}),
        (replace(PLAIN, recognition=RecognitionOptions(task="translate")), {"recognise", "transcript"}),
        (replace(PLAIN, recognition=RecognitionOptions(prompt="x")), {"recognise", "transcript"}),
        (replace(PLAIN, recognition=RecognitionOptions(words=True)), {"recognise", "transcript"}),
        (replace(PLAIN, recognition=RecognitionOptions(hotwords=(("x", 1.0),))), {"recognise", "transcript"}),
        (replace(PLAIN, decode=DecodeOptions(channel="split")), EVERYTHING),
        (replace(PLAIN, decode=DecodeOptions(start=1.0)), EVERYTHING),
        (replace(PLAIN, decode=DecodeOptions(end=9.0)), EVERYTHING),
        (replace(PLAIN, decode=DecodeOptions(max_duration_s=60.0)), set[str]()),
    ],
)
def test_an_option_changes_its_stage_and_what_follows(options: RecipeOptions, links: set[str]) -> None:
    assert changed(options) == links


def test_an_engine_changes_its_stage_and_what_follows() -> None:
    assert changed(media="2") == EVERYTHING
    assert changed(vad="2") == EVERYTHING - {"decode"}
    assert changed(asr="2") == {"recognise", "transcript"}
    assert changed(speakers="2") == {"embed", "transcript"}


def test_other_bytes_change_everything() -> None:
    other = keys_for(replace(RECORDING, sha256="01"), PLAIN, profile())
    assert other.decode != keys_for(RECORDING, PLAIN, profile()).decode


def test_the_name_of_the_file_changes_nothing() -> None:
    assert keys_for(replace(RECORDING, path=Path("b.mp3")), PLAIN, profile()) == keys_for(
        RECORDING, PLAIN, profile()
    )


def test_tracks_are_told_apart_and_digests_are_stable() -> None:
    keys = keys_for(RECORDING, PLAIN, profile())
    assert of_track(keys.recognise, 0) != of_track(keys.recognise, 1)
    assert digest("a", 1, {"b": 2, "a": 1}) == digest("a", 1, {"a": 1, "b": 2})


def test_what_earlier_versions_remembered_is_found() -> None:
    """Digests of the first versions, which knew neither models nor enrolled voices."""
    assert keys_for(RECORDING, PLAIN, profile()) == Keys(
        decode="75dd62616d8022d8100a5bef6cabee20183aeb61",
        find_speech="5e270ac001677e8128f0f326fcd7f94c48467e93",
        recognise="8c44a9e34d0202ede79fa4e547ed459816d294b9",
        embed="b1691fcab0c4ffd3c3a5aa0b784a1bd6cc082521",
        transcript="4d17a704a9d9b3ca3040bcd7e6a8c39b1b1d51f8",
    )

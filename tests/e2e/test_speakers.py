"""`parley speakers`: who was enrolled is called by their name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e.command import Parley
from tests.e2e.serving import serve

UTTERANCE = "librispeech/test-other/1688-142285-0000.flac"
SHORT = "librispeech/test-other/1688-142285-0004.flac"
BOTH = "joined/en_2spk.flac"


def labels(parley: Parley, recording: Path, *options: str) -> set[str]:
    done = parley("transcribe", recording, "-f", "json", "--to", "65", *options)
    assert done.code == 0, done.err
    return {segment["speaker"] for segment in json.loads(done.out)["segments"]}


def test_an_enrolled_speaker_is_called_by_name(parley: Parley, audio: Path) -> None:
    assert labels(parley, audio / BOTH) == {"Speaker1", "Speaker2"}
    done = parley("speakers", "enroll", " 安 娜 ", audio / UTTERANCE)
    assert done.code == 0, done.err
    (row,) = json.loads(parley("speakers", "list", "--json").out)
    assert (row["name"], row["user"]) == ("安 娜", "")
    assert row["speech_s"] > 5
    assert labels(parley, audio / BOTH) == {"安 娜", "Speaker1"}
    assert labels(parley, audio / UTTERANCE, "--speakers", "1") == {"安 娜"}
    # Of somebody else with an account: not called so here.
    assert parley("speakers", "enroll", "Bert", audio / UTTERANCE, "--user", "bert").code == 0
    assert labels(parley, audio / BOTH) == {"安 娜", "Speaker1"}
    assert parley("speakers", "remove", "安 娜").code == 0
    assert labels(parley, audio / BOTH) == {"Speaker1", "Speaker2"}
    assert parley("speakers", "remove", "安 娜").code == 2
    assert parley("speakers", "remove", "Bert", "--user", "bert").code == 0
    assert "`parley speakers enroll NAME FILE` remembers a voice" in parley("speakers", "list").err


@pytest.mark.parametrize(
    ("name", "recording", "said"),
    [
        ("Speaker3", UTTERANCE, "choose another name"),
        ("  ", UTTERANCE, "1 to 80 printable characters"),
        ("Ann", SHORT, "seconds of speech in it; a voice needs 5 at least"),
        ("Ann", BOTH, "2 people speak in it"),
        ("Ann", "noise/none.wav", "no file"),
    ],
)
def test_what_cannot_be_enrolled(parley: Parley, audio: Path, name: str, recording: str, said: str) -> None:
    done = parley("speakers", "enroll", name, audio / recording)
    assert done.code in (2, 3)
    assert said in done.err
    assert json.loads(parley("speakers", "list", "--json").out) == []


def test_a_server_knows_who_was_enrolled_beside_it(parley: Parley, audio: Path) -> None:
    served = serve(parley)
    assert parley("speakers", "enroll", "王芳", audio / UTTERANCE).code == 0
    done = parley("transcribe", audio / UTTERANCE, "-f", "json", "--server", served.url)
    assert done.code == 0, done.err
    assert {segment["speaker"] for segment in json.loads(done.out)["segments"]} == {"王芳"}
    # What was asked for without names is something else.
    done = parley("transcribe", audio / UTTERANCE, "-f", "json", "--server", served.url, "--speakers", "off")
    assert {segment["speaker"] for segment in json.loads(done.out)["segments"]} == {None}

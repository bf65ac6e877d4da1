"""A corpus as it lies in a folder, and how what was heard is scored."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.bench import scoring
from parley.bench.corpus import corpus, digest, files, material
from parley.bench.scoring import is_by_character, lacking, score
from parley.errors import FileNotFound, InputError
from parley.speech.transcript import Segment, Transcript

RTTM = "SPEAKER talk 1 0.0 2.0 <NA> <NA> ann <NA> <NA>\nSPEAKER talk 1 2.0 2.0 <NA> <NA> bob <NA> <NA>\n"


def put(folder: Path, **contents: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in contents.items():
        (folder / name.replace("__", ".")).write_text(text, "utf-8")


def manifest(folder: Path, *rows: object) -> None:
    lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
    (folder / "manifest.jsonl").write_text("\n".join(lines) + "\n", "utf-8")


def test_references_lie_beside_recordings(tmp_path: Path) -> None:
    put(tmp_path, talk__wav="x", talk__txt="Hello there.", talk__rttm=RTTM, notes__md="no recording")
    put(tmp_path / "deep", song__FLAC="x", song__trn="你好 (utt-1)\nni3 hao3\n")
    deep, talk = corpus(tmp_path)
    assert (deep.name, deep.text, deep.turns) == ("deep/song.FLAC", "你好", None)
    assert (talk.name, talk.text) == ("talk.wav", "Hello there.")
    assert talk.turns == ((0.0, 2.0, "ann"), (2.0, 4.0, "bob"))
    [named] = files([str(tmp_path / "talk.wav")], "en")
    assert (named.text, named.language) == ("Hello there.", "en")


def test_a_manifest_says_what_counts(tmp_path: Path) -> None:
    put(tmp_path / "a", one__wav="x", two__wav="x", three__wav="x", who__rttm=RTTM)
    manifest(
        tmp_path,
        {"path": "a/two.wav", "language": "zh", "transcript": "二", "rttm": "a/who.rttm"},
        {"path": "a/one.wav", "transcript": "guess", "transcript_kind": "from-file-name"},
        "",
        {"path": "a/three.wav", "decodes": False},
    )
    one, two = corpus(tmp_path, language="en")
    assert (one.name, one.language, one.text) == ("a/one.wav", "en", None)
    assert (two.language, two.text, two.turns and len(two.turns)) == ("zh", "二", 2)
    assert [each.name for each in corpus(tmp_path, only=["*/two*"])] == ["a/two.wav"]
    facts = material([one, two], {"a/one.wav": 3.0})
    assert (facts.recordings, facts.audio_s, facts.with_text, facts.with_speakers) == (2, 3.0, 1, 1)
    assert facts.languages == {"en": 1, "zh": 1}


def test_a_limit_takes_recordings_from_everywhere(tmp_path: Path) -> None:
    put(tmp_path, **{f"{number:02}__wav": "x" for number in range(10)})
    assert [each.name for each in corpus(tmp_path, limit=3)] == ["00.wav", "03.wav", "06.wav"]
    assert len(corpus(tmp_path, limit=99)) == 10


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("{", "Line 1 of the manifest is not JSON"),
        ("[]", "Line 1 of the manifest names no path"),
        ({"path": 3}, "names no path"),
        ({"path": "gone.wav", "language": "en"}, "names 'gone.wav', which is not there"),
        ({"path": "talk.wav", "rttm": "gone.rttm"}, "no file 'gone.rttm'"),
        ({"path": "talk.wav", "rttm": "bad.rttm"}, "'bad.rttm': Line 1"),
    ],
)
def test_a_broken_manifest_is_told(tmp_path: Path, row: object, says: str) -> None:
    put(tmp_path, talk__wav="x", bad__rttm="SPEAKER a 1 x\n")
    manifest(tmp_path, row)
    with pytest.raises(InputError, match=says):
        corpus(tmp_path)


def test_recordings_of_one_name_are_told_apart(tmp_path: Path) -> None:
    put(tmp_path / "a", talk__wav="x", talk__txt="one")
    put(tmp_path / "b", talk__wav="x", talk__txt="two")
    one, two = (str(tmp_path / folder / "talk.wav") for folder in "ab")
    assert [(each.name, each.text) for each in files([one, two, one])] == [(one, "one"), (two, "two")]
    assert [each.name for each in files([one, one])] == ["talk.wav"]
    manifest(tmp_path, *[{"path": "a/talk.wav", "language": "en"}] * 2)
    with pytest.raises(InputError, match=r"names 'a/talk\.wav' 2 times"):
        corpus(tmp_path)


@pytest.mark.parametrize(("said", "meant"), [("zh-CN", "zh"), ("EN", "en"), ("pt_BR", "pt")])
def test_languages_are_those_that_profiles_know(tmp_path: Path, said: str, meant: str) -> None:
    put(tmp_path, talk__wav="x")
    manifest(tmp_path, {"path": "talk.wav", "language": said})
    assert [each.language for each in corpus(tmp_path)] == [meant]


def test_a_corpus_without_recordings_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No recording"):
        corpus(tmp_path)
    with pytest.raises(FileNotFound):
        corpus(tmp_path / "gone")
    with pytest.raises(FileNotFound):
        files([str(tmp_path / "gone.wav")])
    (tmp_path / "talk.wav").write_text("x")
    (tmp_path / "talk.txt").write_bytes(b"\xff\xff")
    with pytest.raises(InputError, match="UTF-8"):
        corpus(tmp_path)


def test_the_digest_tells_references_apart(tmp_path: Path) -> None:
    put(tmp_path, talk__wav="x", talk__txt="one")
    before = digest(corpus(tmp_path))
    assert before == digest(corpus(tmp_path))
    put(tmp_path, talk__txt="two")
    assert before != digest(corpus(tmp_path))


def heard(text: str, speaker: str | None = None) -> Transcript:
    segments = (Segment(start=0.0, end=4.0, text=text, speaker=speaker),)
    return Transcript(duration=4.0, segments=segments, diarized=speaker is not None)


def test_what_was_heard_is_scored_by_the_language(tmp_path: Path) -> None:
    put(tmp_path, en__wav="x", en__txt="One two, three four!", zh__wav="x", zh__txt="今天天气")
    samples = corpus(tmp_path)
    found = score(samples, {"en.wav": heard("one two three five"), "zh.wav": heard("今天 天汽。")})
    assert found is not None
    assert (found.wer, found.words) == (pytest.approx(0.25), 4)
    assert (found.cer, found.characters) == (pytest.approx(0.25), 4)
    assert found.der is None
    assert score(samples, {}) is None


def test_speakers_are_scored_by_the_length_of_their_speech(tmp_path: Path) -> None:
    put(tmp_path, talk__wav="x", talk__rttm=RTTM)
    found = score(corpus(tmp_path), {"talk.wav": heard("hello", "Speaker1")})
    assert found is not None
    assert found.confusion == pytest.approx(0.5, abs=0.01)
    assert (found.miss, found.false_alarm) == (0.0, 0.0)
    assert 0 < found.speech_s < 4
    # Nobody was told apart: there is nothing to score.
    assert score(corpus(tmp_path), {"talk.wav": heard("hello")}) is None


def test_an_empty_reference_is_none(tmp_path: Path) -> None:
    put(tmp_path, talk__wav="x", talk__txt="...")
    assert score(corpus(tmp_path), {"talk.wav": heard("hello")}) is None


def test_without_the_scorers_a_sentence_says_how_to_get_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, talk__wav="x", talk__txt="hello", talk__rttm=RTTM)
    samples = corpus(tmp_path)
    assert lacking(samples) == ""
    monkeypatch.setattr(scoring, "_is_there", lambda name: False)
    assert "pip install 'parley[bench]'" in lacking(samples)
    assert score(samples, {"talk.wav": heard("hello", "Speaker1")}) is None
    put(tmp_path, talk__txt="")
    assert "pyannote.metrics" in lacking(corpus(tmp_path))


@given(st.text())
def test_a_known_language_decides_before_the_letters(text: str) -> None:
    assert is_by_character("zh-CN", text)
    assert not is_by_character("en", text)
    assert isinstance(is_by_character("", text), bool)


def test_letters_decide_where_the_language_is_not_known() -> None:
    assert is_by_character("", "今天天气 OK")
    assert is_by_character("", "こんにちは")
    assert is_by_character("", "안녕하세요")
    assert not is_by_character("", "good 天 morning")
    assert not is_by_character("", "")

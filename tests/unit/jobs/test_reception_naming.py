"""Names of files are text to show, whatever they try to be."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.errors import InvalidFileType
from parley.jobs.naming import LONGEST_NAME, NAMELESS, clean_name, require_recording


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("talk.m4a", "talk.m4a"),
        ("../../etc/passwd", "passwd"),
        ("/etc/shadow", "shadow"),
        ("C:\\Users\\me\\talk.wav", "talk.wav"),
        ("C:talk.wav", "talk.wav"),
        ("\\\\host\\share\\talk.wav", "talk.wav"),
        ("..", NAMELESS),
        ("", NAMELESS),
        ("a/..", NAMELESS),
        ("folder/", "folder"),
        ("a\0b.wav", "ab.wav"),
        ("a\r\nb.wav", "a b.wav"),
        ("\x1b[31mred.wav", "[31mred.wav"),
        ("evil\u202evaw.exe", "evilvaw.exe"),
        ("会议 记录.mp3", "会议 记录.mp3"),
        (".hidden.wav", "hidden.wav"),
        ("broken\ud800.wav", "broken.wav"),
    ],
)
def test_what_is_shown(name: str, shown: str) -> None:
    assert clean_name(name) == shown


@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=400))
def test_nothing_dangerous_is_left(name: str) -> None:
    shown = clean_name(name)
    assert 0 < len(shown) <= LONGEST_NAME
    assert not set("/\\\0") & set(shown)
    assert shown not in (".", "..")
    assert not any(unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") for character in shown)
    shown.encode()
    assert clean_name(shown) == shown or ":" in shown


def test_a_long_name_keeps_its_type() -> None:
    shown = clean_name("很" * 500 + ".flac")
    assert len(shown) == LONGEST_NAME
    assert shown.endswith(".flac")


@pytest.mark.parametrize(
    "name",
    ["talk.WAV", "talk.m4a", "talk", "Meeting 12.30", "notes v1.2 final", "x.3gp", "x.tar.opus", "a.b-c"],
)
def test_recordings(name: str) -> None:
    require_recording(name)


@pytest.mark.parametrize(
    "name", ["x.exe", "x.PDF", "x.wav.zip", "x.m3u8", "x.7z", "x.srt", "x.txt", "x.html"]
)
def test_what_is_no_recording(name: str) -> None:
    with pytest.raises(InvalidFileType, match="not a recording"):
        require_recording(name)

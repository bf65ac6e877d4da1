import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from tests.unit.formats.strategies import render_options, transcripts

from parley.errors import InvalidOption, UnsupportedOption
from parley.formats.options import RenderOptions
from parley.formats.registry import FORMATS, check_options, render
from parley.speech.transcript import Transcript

EMPTY = {
    "json": None,
    "srt": "",
    "vtt": "WEBVTT\n",
    "txt": "",
    "tsv": "start\tend\tspeaker\ttext\n",
    "rttm": "",
}


def test_there_are_six_formats() -> None:
    assert {name: made.extension for name, made in FORMATS.items()} == {name: f".{name}" for name in EMPTY}


@pytest.mark.parametrize("name", FORMATS)
def test_an_empty_transcript_is_a_valid_file(name: str) -> None:
    shown = render(Transcript(duration=0), name)
    assert EMPTY[name] is None or shown == EMPTY[name]


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=40)
@given(transcript=transcripts(), options=render_options)
def test_every_file_is_utf8_and_ends_its_last_line(
    name: str, transcript: Transcript, options: RenderOptions
) -> None:
    shown = render(transcript, name, options)
    assert shown.encode().decode() == shown
    assert not shown or shown.endswith("\n")
    assert "\r" not in shown and "\x00" not in shown


def test_an_unknown_format_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InvalidOption, match="json, srt, vtt, txt, tsv, rttm"):
        render(Transcript(duration=0), "docx")


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_line_width": 3},
        {"max_line_width": 1000},
        {"max_lines": 0},
        {"max_block_s": 0.0},
        {"max_block_s": float("nan")},
        {"merge_gap_s": -1.0},
        {"merge_gap_s": float("inf")},
    ],
)
def test_an_option_that_means_nothing_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidOption, match=next(iter(wrong))):
        RenderOptions(**wrong)


def test_an_option_no_format_heeds_is_refused() -> None:
    check_options(RenderOptions(max_lines=1), ["json", "srt"])
    check_options(RenderOptions(), ["json"])
    with pytest.raises(UnsupportedOption, match="max_lines means nothing for json, tsv"):
        check_options(RenderOptions(max_lines=1), ["json", "tsv"])


def test_the_registry_imports_no_renderer() -> None:
    code = "import sys, parley.formats.registry; print([m for m in sys.modules if 'parley.formats' in m])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "srt" not in shown and "json" not in shown

import json

import pytest

from parley.cli import tell


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("会议 [/red] é", "会议 [/red] é"),
        ("a\nb\x1b[31m\x7f", "a\\nb\\x1b[31m\\x7f"),
        ("a\udcffb", "a\\xffb"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\ud800", "\\ud800"),
    ],
)
def test_what_would_steer_a_terminal_is_shown_as_an_escape(text: str, shown: str) -> None:
    assert tell.printable(text) == shown


def test_a_json_line_is_one_line_of_ascii(capsys: pytest.CaptureFixture[str]) -> None:
    tell.json_line("notice", "会\n\udcff", message="é")
    err = capsys.readouterr().err
    assert err.isascii()
    assert err.count("\n") == 1
    assert json.loads(err) == {"type": "notice", "file": "会\n\udcff", "message": "é"}

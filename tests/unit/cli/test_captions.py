"""Captions on a terminal of any width: one row is rewritten, what is final stays and nothing else does."""

from __future__ import annotations

import io
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from parley.cli.captions import Captions, NoCaptions, tail
from parley.errors import RecognitionFailed
from parley.speech.live import Final, LiveEvent, Partial, Received, Trouble

_PIECE = re.compile(r"\x1b\[([0-9;]*)([A-Za-z])|(.)", re.DOTALL)


class Screen(io.StringIO):
    """A terminal with so many columns that keeps the text of its rows."""

    def __init__(self, columns: int) -> None:
        super().__init__()
        self.columns = columns
        self.rows = [""]

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        for number, kind, plain in _PIECE.findall(text):
            if plain == "\n":
                self.rows.append("")
            elif plain == "\r":
                self.returned = True
            elif kind == "K":
                assert number == "2"
                self.rows[-1] = ""
            elif plain:
                assert unicodedata.category(plain) != "Cc", repr(plain)
                self.rows[-1] += plain
        return len(text)


@pytest.fixture(autouse=True)
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


def partial(text: str, utterance: int = 0) -> Partial:
    return Partial(utterance=utterance, start=0.0, text=text)


def final(text: str, utterance: int = 0, start: float = 0.0) -> Final:
    return Final(utterance=utterance, start=start, end=start + 1, text=text)


def shown(monkeypatch: pytest.MonkeyPatch, columns: int, *events: LiveEvent) -> Screen:
    monkeypatch.setenv("COLUMNS", str(columns))
    screen = Screen(columns)
    captions = Captions(screen)
    for event in events:
        captions.show(event)
    return screen


def test_the_text_so_far_is_replaced_and_then_final(monkeypatch: pytest.MonkeyPatch) -> None:
    events = (partial("and so"), partial("and so my fellow"))
    assert shown(monkeypatch, 80, *events).rows == ["and so my fellow"]
    screen = shown(monkeypatch, 80, *events, final("And so, my fellow Americans", start=61.0))
    assert screen.rows == ["00:01:01  And so, my fellow Americans", ""]


def test_the_next_utterance_may_begin_before_the_last_is_final(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = shown(monkeypatch, 80, partial("one"), partial("two", 1), final("One."))
    assert screen.rows == ["00:00:00  One.", "two"]


def test_an_utterance_without_words_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(monkeypatch, 80, partial("hm"), final("")).rows == [""]


def test_a_large_lag_is_told_and_goes_away(monkeypatch: pytest.MonkeyPatch) -> None:
    late = (
        Received(received_samples=1, lag_ms=300),
        partial("so"),
        Received(received_samples=2, lag_ms=4200),
    )
    assert shown(monkeypatch, 80, *late).rows == ["so  [4.2 s behind]"]
    assert shown(monkeypatch, 80, *late, Received(received_samples=3, lag_ms=1500)).rows == ["so"]


def test_what_is_said_beside_stands_above(monkeypatch: pytest.MonkeyPatch) -> None:
    trouble = Trouble(error=RecognitionFailed("An utterance was lost."), utterance=0)
    assert shown(monkeypatch, 80, partial("so"), trouble).rows == ["An utterance was lost.", "so"]


def test_nothing_heard_steers_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = shown(monkeypatch, 80, partial("a\x1b[2Jb\nc"), final("d\re\x07"))
    assert screen.rows == ["00:00:00  d\\re\\x07", ""]


def test_the_end_takes_the_text_so_far_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    screen = Screen(80)
    captions = Captions(screen)
    captions.show(partial("so"))
    captions.close()
    captions.close()
    assert screen.rows == [""]


text = st.text(st.one_of(st.sampled_from("我们的中国 ，。aé́한"), st.characters(codec="utf-8")), max_size=60)


@given(text, st.integers(0, 50))
def test_the_end_of_a_text_fits_and_is_its_end(words: str, columns: int) -> None:
    cut = tail(words, columns)
    assert cell_len(cut) <= columns
    if cell_len(words) <= columns:
        assert cut == words
    elif cut:
        assert cut.startswith("…")
        assert words.endswith(cut[1:])
        # Not much less than there was room for.
        assert cell_len(cut) >= columns - 1 or cut[1:] == "" or words[: -len(cut[1:])][-1:].isspace()


@given(words=text, columns=st.integers(2, 40))
def test_the_text_so_far_never_takes_more_than_a_row(words: str, columns: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        screen = shown(patch, columns, partial(words), partial(words + words))
    assert len(screen.rows) == 1
    assert cell_len(screen.rows[0]) < columns


def test_without_a_terminal_a_large_lag_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    plain = NoCaptions()
    for lag_ms in (0, 3500, 3600, 100, 4000):
        plain.show(Received(received_samples=1, lag_ms=lag_ms))
    plain.show(partial("so"))
    plain.show(Trouble(error=RecognitionFailed("An utterance was lost.")))
    plain.close()
    assert capsys.readouterr().err.splitlines() == [
        "Recognition is 3.5 s behind.",
        "Recognition is 4.0 s behind.",
        "An utterance was lost.",
    ]

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from parley.signal.timed_text import pieces_of, spell_joined, spell_pieces, spread_over, words_of
from parley.signal.tokens import Token
from parley.speech.span import Span

SYMBOLS = st.lists(
    st.sampled_from(["你", "好", " hel", "lo", " a", "，", "。", " ", "", "ko", "カ", "."]), max_size=30
)


@st.composite
def islands(draw: st.DrawFn) -> list[Span]:
    gaps = draw(st.lists(st.tuples(st.floats(0, 3), st.floats(0.01, 8)), min_size=1, max_size=6))
    spans: list[Span] = []
    at = 0.0
    for gap, length in gaps:
        spans.append(Span(at + gap, at + gap + length))
        at += gap + length
    return spans


def test_paraformer_symbols_become_words_with_spaces() -> None:
    symbols = ["你", "hel@@", "lo", "world", "好", "a@@", "b@@", "c"]
    assert spell_joined(symbols) == ["你", " hel", "lo", " world", " 好", " a", "b", "c"]
    assert spell_joined(["@@"]) == ["@@"]


def test_bytes_are_spelt_together() -> None:
    assert spell_pieces(["▁A", "<0xE4>", "<0xBD>", "<0xA0>", "B"]) == [" A", "你", "", "", "B"]
    assert spell_pieces(["<0xE4>"]) == [""]


def test_marks_are_no_text() -> None:
    assert spell_joined(["<s>", "你", "<unk>", "好", "<unk>", "hel@@", "<unk>", "lo", "</s>"]) == [
        *("", "你", "", "好", "", " hel", "", "lo", ""),
    ]
    assert spell_pieces(["<|Laughter|>", "▁HA", "<unk>", "<0x21>", "<|/BGM|>"]) == ["", " HA", "", "!", ""]
    tokens = words_of(spell_pieces(["<|BGM|>", "HA", "<unk>", "▁YES"]), [0.0, 1.0, 1.2, 2.0], 3.0)
    assert [(token.text, token.start) for token in tokens] == [("HA", 1.0), (" YES", 2.0)]
    assert words_of(spell_joined(["<unk>"]), [0.5], 3.0) == []


def test_a_space_that_is_a_symbol_of_its_own_parts_words() -> None:
    tokens = words_of(spell_pieces(["▁IT", "'S", "▁", "5", "▁", "。"]), [0.0, 0.2, 0.4, 0.5, 0.7, 0.8], 1.0)
    assert [token.text for token in tokens] == [" IT'S ", "5 。"]


def test_symbols_become_words_and_characters_with_times() -> None:
    tokens = words_of(["你", "好", "，", " hel", "lo", " a", "。"], [0.1, 0.3, 0.5, 1.0, 1.1, 2.5, 2.6], 3.0)
    assert [token.text for token in tokens] == ["你", "好，", " hello", " a。"]
    assert [(token.start, round(token.end, 3)) for token in tokens] == [
        (0.1, 0.3),
        (0.3, 1.0),
        (1.0, 1.7),
        (2.5, 3.0),
    ]


@given(SYMBOLS, st.lists(st.floats(-1, 40), min_size=30, max_size=30), st.floats(0, 30))
def test_words_lose_no_sign_and_go_forward(spelt: list[str], starts: list[float], end: float) -> None:
    tokens = words_of(spelt, starts[: len(spelt)], end)
    assert "".join(token.text for token in tokens) == "".join(spelt)
    at = 0.0
    for token in tokens:
        assert at <= token.start <= token.end <= end
        at = token.start


@given(SYMBOLS, st.lists(st.floats(0, 40), min_size=30, max_size=30), islands(), st.booleans())
def test_pieces_lie_inside_islands_in_order(
    spelt: list[str], starts: list[float], spans: list[Span], words: bool
) -> None:
    tokens = words_of(spelt, sorted(starts)[: len(spelt)], 40.0)
    pieces = pieces_of(tokens, spans, words=words)
    at = 0.0
    for piece in pieces:
        assert at - 1e-9 <= piece.start <= piece.end
        assert any(span.start - 1e-9 <= piece.start and piece.end <= span.end + 1e-9 for span in spans)
        at = piece.end
        if words:
            assert piece.words
            times = [time for word in piece.words for time in (word.start, word.end)]
            assert times == sorted(times)
            assert piece.start <= times[0] and times[-1] <= piece.end
    said = "".join("".join(piece.text.split()) for piece in pieces)
    letters = [char for char in "".join(spelt) if char.isalnum()]
    assert [char for char in said if char.isalnum()] == letters


def test_pieces_end_with_sentences_and_at_long_pauses() -> None:
    tokens = words_of(["你", "好", "。", "再", "来"], [1.0, 1.2, 1.3, 1.6, 4.0], 5.0)
    pieces = pieces_of(tokens, [Span(0.5, 4.5)])
    assert [piece.text for piece in pieces] == ["你好。", "再", "来"]
    assert [piece.words for piece in pieces] == [None] * 3


def test_tokens_outside_of_every_island_are_spread_over_the_nearest() -> None:
    tokens = [Token("你", 9.0, 9.1), Token("好", 9.1, 9.2)]
    (piece,) = pieces_of(tokens, [Span(0.0, 1.0), Span(2.0, 4.0)], words=True)
    assert (piece.start, piece.end, piece.text) == (2.0, 4.0, "你好")
    assert piece.words is not None
    assert [(word.start, word.end) for word in piece.words] == [(2.0, 3.0), (3.0, 4.0)]


def test_marks_alone_are_no_speech() -> None:
    assert pieces_of([Token("。", 0.1, 0.2)], [Span(0.0, 1.0)]) == ()
    assert pieces_of([], [Span(0.0, 1.0)]) == ()
    assert pieces_of([Token("a", 0.1, 0.2)], []) == ()


@given(st.text("你好 ab.", max_size=20), islands())
def test_a_text_without_times_is_spread_over_what_was_spoken(text: str, spans: list[Span]) -> None:
    tokens = spread_over(text, spans)
    times = [time for token in tokens for time in (token.start, token.end)]
    assert times == sorted(times)
    assert all(spans[0].start <= time <= spans[-1].end + 1e-9 for time in times)

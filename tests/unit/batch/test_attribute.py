from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from parley.batch.attribute import TurnLine
from parley.batch.attribute import attribute as attribute_in
from parley.batch.sentences import Sentence
from parley.signal.tokens import spread_tokens
from parley.speech.recognition import Piece
from parley.speech.span import SpeakerTurn


def sentence(text: str, start: float, end: float) -> Sentence:
    tokens = spread_tokens(text, start, end)
    return Sentence(tokens, [Piece(start=start, end=end, text=text)] * len(tokens))


def attribute(sentence: Sentence, turns: list[SpeakerTurn] | None) -> list[tuple[Sentence, int | None]]:
    return attribute_in(sentence, TurnLine(turns) if turns else None)


def texts(parts: list[tuple[Sentence, int | None]]) -> list[tuple[str, int | None]]:
    return [(part.text, speaker) for part, speaker in parts]


TEN_WORDS = "aaaa bbbb cccc dddd eeee ffff gggg hhhh iiii jjjj"


def test_without_turns_nobody_is_told_apart() -> None:
    whole = sentence(TEN_WORDS, 0, 10)
    assert attribute(whole, None) == [(whole, None)]


def test_a_sentence_is_cut_where_the_speaker_changes() -> None:
    parts = attribute(sentence(TEN_WORDS, 0, 10), [SpeakerTurn(0, 4, 0), SpeakerTurn(4, 10, 1)])
    assert texts(parts) == [("aaaa bbbb cccc dddd", 0), ("eeee ffff gggg hhhh iiii jjjj", 1)]
    assert parts[0][0].tokens[-1].end <= 4 <= parts[1][0].tokens[0].start


def test_a_sliver_stays_with_its_neighbour() -> None:
    parts = attribute(sentence(TEN_WORDS, 0, 5), [SpeakerTurn(0, 4.9, 0), SpeakerTurn(4.9, 9, 1)])
    assert texts(parts) == [(TEN_WORDS, 0)]


def test_a_word_outside_every_turn_goes_to_the_nearest() -> None:
    turns = [SpeakerTurn(0, 1, 0), SpeakerTurn(20, 21, 1)]
    assert texts(attribute(sentence("near", 4, 5), turns)) == [("near", 0)]
    assert texts(attribute(sentence("far", 15, 16), turns)) == [("far", 1)]
    assert texts(attribute(sentence("early", -2, -1), turns)) == [("early", 0)]


@st.composite
def disjoint_turns(draw: st.DrawFn) -> list[SpeakerTurn]:
    edges = sorted(draw(st.lists(st.floats(0, 60), min_size=2, max_size=12, unique=True)))
    pairs = list(zip(edges[::2], edges[1::2], strict=False))
    return [SpeakerTurn(start, end, draw(st.integers(0, 3))) for start, end in pairs]


@given(
    st.lists(st.text("abc", min_size=1, max_size=8), min_size=1, max_size=20),
    st.floats(0, 30),
    st.floats(0.1, 30),
    disjoint_turns(),
)
def test_no_word_is_lost_and_neighbours_differ(
    words: list[str], start: float, length: float, turns: list[SpeakerTurn]
) -> None:
    whole = sentence(" ".join(words), start, start + length)
    parts = attribute(whole, turns)
    assert " ".join(text for text, _ in texts(parts)) == " ".join(words)
    assert all(before[1] != after[1] for before, after in pairwise(parts))
    for part, _ in parts:
        assert start - 1e-6 <= part.tokens[0].start <= part.tokens[-1].end <= start + length + 1e-6

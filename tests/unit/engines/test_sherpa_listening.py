"""How what sherpa-onnx has heard becomes words with times."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from parley.engines.asr.sherpa_listening import ParaformerListening, ZipformerListening


@dataclass
class Result:
    tokens: list[str]
    timestamps: list[float]
    start_time: float = 0.0


@dataclass
class Recognizer:
    """Hears the symbols of one step after another."""

    steps: list[list[str]]
    heard: list[str] = field(default_factory=list[str])
    timestamps: list[float] = field(default_factory=list[float])
    start_time: float = 0.0

    def decode_stream(self, stream: object) -> None:
        self.heard += self.steps.pop(0)

    def get_result_all(self, stream: object) -> Result:
        return Result(list(self.heard), self.timestamps, self.start_time)

    def reset(self, stream: object) -> None:
        self.heard = []


SYMBOLS = st.lists(
    st.lists(st.sampled_from(["你", "好", "hel@@", "lo", "<unk>", "it's", "5"]), max_size=4), max_size=8
)


@given(SYMBOLS)
def test_words_of_a_step_lie_in_its_chunk(steps: list[list[str]]) -> None:
    recognizer = Recognizer([list(step) for step in steps])
    listening = ParaformerListening(recognizer, None)
    for _ in steps:
        listening.step()
    tokens = listening.tokens()
    assert all(0 <= before.start <= after.start for before, after in pairwise(tokens))
    assert all(token.start <= token.end for token in tokens)
    assert all(token.start < ParaformerListening.CHUNK_S * len(steps) for token in tokens)
    text = "".join(token.text for token in tokens)
    assert "<" not in text
    listening.begin_anew()
    assert listening.tokens() == []


def test_times_of_a_transducer_are_those_of_the_whole_input() -> None:
    recognizer = Recognizer([], ["▁HE", "LLO", "你"], [0.4, 0.6, 1.2], start_time=10.0)
    tokens = ZipformerListening(recognizer, None).tokens()
    assert [(token.text, token.start) for token in tokens] == [(" HELLO", 10.4), ("你", 11.2)]


@given(st.lists(st.floats(0, 20), max_size=6), st.integers(0, 6))
def test_symbols_without_times_of_their_own_go_forward(times: list[float], count: int) -> None:
    recognizer = Recognizer([], ["▁A"] * count, sorted(times))
    tokens = ZipformerListening(recognizer, None).tokens()
    assert len(tokens) == count
    assert all(before.start <= after.start for before, after in pairwise(tokens))

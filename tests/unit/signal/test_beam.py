from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.signal.beam import Beam, Hypothesis, search

VOCABULARY = 4
END = 0


class Table:
    """A decoder whose scores depend on all tokens so far; keeps rows as a real one keeps caches."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.rows: list[tuple[int, ...]] = [()]

    def scores(self, text: tuple[int, ...]) -> np.ndarray:
        return np.random.default_rng([self.seed, *text]).normal(0, 2, VOCABULARY).astype(np.float32)

    def __call__(self, rows, tokens) -> np.ndarray:
        self.rows = [(*self.rows[row], token) for row, token in zip(rows, tokens, strict=True)]
        return np.stack([self.scores(text) for text in self.rows])

    def logs(self, text: tuple[int, ...]) -> list[float]:
        found = []
        for index, token in enumerate(text):
            scores = self.scores(text[:index]).astype(np.float64)
            found.append(float(scores[token] - np.log(np.exp(scores).sum())))
        return found


def start(table: Table) -> np.ndarray:
    return table.scores(())[None]


@given(st.integers(0, 10_000), st.integers(1, 4), st.integers(1, 6))
def test_a_hypothesis_says_how_likely_each_token_is(seed, width, longest):
    table = Table(seed)
    found = search(start(table), table, Beam(end_token=END, longest=longest, width=width))
    assert list(found.logs) == pytest.approx(table.logs(found.tokens), abs=1e-4)
    assert found.total == pytest.approx(sum(found.logs))
    assert len(found.tokens) <= longest + 1
    assert END not in found.tokens[:-1]


@given(st.integers(0, 10_000))
def test_a_beam_of_one_is_greedy(seed):
    table = Table(seed)
    text: tuple[int, ...] = ()
    while len(text) < 5 and END not in text:
        text = (*text, int(table.scores(text).argmax()))
    found = search(start(table), table, Beam(end_token=END, longest=5, width=1))
    assert found.tokens == text


@given(st.integers(0, 10_000))
def test_an_endless_beam_finds_the_likeliest_text_of_a_length(seed):
    table = Table(seed)
    beam = Beam(end_token=-1, longest=4, width=VOCABULARY**4, slack=1e9)
    best = max(product(range(VOCABULARY), repeat=4), key=lambda text: sum(table.logs(text)))
    assert search(start(table), table, beam).total == pytest.approx(sum(table.logs(best)), abs=1e-4)


def test_a_text_that_never_ends_is_stopped():
    def always_one(rows, tokens):
        return np.tile(np.array([0.0, 9.0], dtype=np.float32), (len(rows), 1))

    found = search(always_one([0], [0]), always_one, Beam(end_token=0, longest=7))
    assert found.tokens == (1,) * 7


def test_no_token_has_no_mean_that_fails():
    assert Hypothesis().mean == 0.0

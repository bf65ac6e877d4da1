"""Hotwords in every way that clients write them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.server.funasr.hotwords import LONGEST_PHRASE, MOST_PHRASES, read_hotwords

words = st.text(alphabet="abcdefgäß阿里巴通义实验室'", min_size=1, max_size=8)
phrases = st.lists(words, min_size=1, max_size=3).map(" ".join)
weights = st.integers(min_value=1, max_value=100)
mappings = st.dictionaries(phrases, weights, max_size=10)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("", ()),
        ("  \n ", ()),
        ("{}", ()),
        ('{"阿里巴巴":20,"通义实验室":30}', (("阿里巴巴", 1.0), ("通义实验室", 1.5))),
        ({"阿里巴巴": 20}, (("阿里巴巴", 1.0),)),
        (["阿里巴巴", "hello world"], (("阿里巴巴", 1.0), ("hello world", 1.0))),
        ("阿里巴巴 达摩院 夜雨飘零", (("阿里巴巴", 1.0), ("达摩院", 1.0), ("夜雨飘零", 1.0))),
        ("阿里巴巴,达摩院", (("阿里巴巴", 1.0), ("达摩院", 1.0))),
        ("阿里巴巴，达摩院", (("阿里巴巴", 1.0), ("达摩院", 1.0))),
        ("阿里巴巴 20\nhello world 40", (("阿里巴巴", 1.0), ("hello world", 2.0))),
        ("阿里巴巴 20\r\n\r\n达摩院 20\r\n", (("阿里巴巴", 1.0), ("达摩院", 1.0))),
        ("hello world 40", (("hello world", 2.0),)),
        ("阿里巴巴 20 达摩院 30", (("阿里巴巴", 1.0), ("达摩院", 1.5))),
        ("hello world\nParley", (("hello world", 1.0), ("Parley", 1.0))),
        ("110", (("110", 1.0),)),
        ("110 119", (("110", 1.0), ("119", 1.0))),
        ('{"a": 0, "b": -1, "c": "x", "d": "20", "e": 1e999, "f": null}', (("d", 1.0),)),
        ('{"a": 20', (('{"a":', 1.0),)),
        (7, ()),
        (None, ()),
        ("[" * 5000, ()),
    ],
)
def test_every_syntax(written: object, read: object):
    assert read_hotwords(written) == read


@given(mappings)
def test_an_object_and_its_text_are_the_same(told: dict[str, int]):
    assert read_hotwords(json.dumps(told)) == read_hotwords(json.dumps(told, ensure_ascii=False))
    assert read_hotwords(told) == tuple((" ".join(phrase.split()), told[phrase] / 20) for phrase in told)


@given(st.dictionaries(phrases, weights, min_size=1, max_size=10))
def test_lines_with_weights_are_the_same_as_an_object(told: dict[str, int]):
    lines = "\n".join(f"{phrase} {weight}" for phrase, weight in told.items())
    assert read_hotwords(lines) == read_hotwords(told)


@given(st.lists(words, min_size=1, max_size=10, unique=True))
def test_blanks_and_commas_stand_between_words(told: list[str]):
    expected = tuple((word, 1.0) for word in told)
    assert read_hotwords(" ".join(told)) == expected
    assert read_hotwords(",".join(told)) == expected
    assert read_hotwords(told) == expected


@given(st.one_of(st.text(), st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists)))
def test_nothing_fails_and_everything_is_bounded(value: object):
    for phrase, weight in read_hotwords(value):
        assert 0 < len(phrase) <= LONGEST_PHRASE
        assert 0 < weight < 1000


def test_no_more_than_the_bound():
    assert len(read_hotwords({f"word {number}": 20 for number in range(1000)})) == MOST_PHRASES
    assert read_hotwords(["x" * 101]) == ()

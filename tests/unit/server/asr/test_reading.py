"""What is said about a `start` that is wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest

from parley.errors import InvalidOption
from parley.server.asr.reading import read_text
from parley.server.socket.refusing import Refused
from parley.wire.speech.asr_client import MOST_HOTWORDS, Start


@pytest.mark.parametrize(
    ("hotwords", "complaint"),
    [
        ("Parley", "a list of phrases, or an object"),
        (5, "a list of phrases, or an object"),
        ([""], "at least 1 character"),
        ([1], "valid string"),
        ({"Parley": 0}, "greater than 0"),
        ({"": 2}, "at least 1 character"),
        (["a"] * (MOST_HOTWORDS + 1), "at most 500 phrases"),
        ({str(number): 0 for number in range(MOST_HOTWORDS + 1)}, "at most 500 phrases"),
    ],
)
def test_wrong_hotwords_are_told_of_as_they_were_meant(hotwords: Any, complaint: str) -> None:
    with pytest.raises(Refused) as refused:
        read_text(json.dumps({"type": "start", "data": {"hotwords": hotwords}}))
    assert isinstance(refused.value.error, InvalidOption)
    assert "'hotwords'" in str(refused.value) and complaint in str(refused.value)


@pytest.mark.parametrize("hotwords", [[], {}, None, ["a"] * MOST_HOTWORDS, {"a": 2}])
def test_hotwords_come_in_two_shapes(hotwords: Any) -> None:
    assert isinstance(read_text(json.dumps({"type": "start", "data": {"hotwords": hotwords}})), Start)

"""What an engine answers is checked before it is believed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from parley.errors import EngineFailed
from parley.wire import frames
from parley.workers.calls import answer


class Careless:
    """Answers so many texts, whatever it was asked."""

    def __init__(self, count: int) -> None:
        self._count = count

    def punctuate(self, texts: Sequence[str], language: str | None) -> Sequence[str]:
        return ["Text."] * self._count


def punctuate(engine: Any) -> frames.Reply:
    request = frames.Punctuate(texts=("one", "two"), language=None)
    return answer(engine, frames.Call(call_id=1, engine="careless", request=request), lambda _: None)


def test_texts_come_back_one_for_one() -> None:
    assert punctuate(Careless(2)) == frames.Punctuated(texts=("Text.", "Text."))


@pytest.mark.parametrize("count", [0, 1, 3])
def test_too_few_or_too_many_texts_are_the_engine_s_failure(count: int) -> None:
    with pytest.raises(EngineFailed, match=f"'careless' answered {count} texts for 2"):
        punctuate(Careless(count))

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.server.http.ranges import Stretch, Unsatisfiable, matches, still_holds, wanted


@given(st.text(max_size=40), st.integers(0, 10**7))
def test_any_header_gives_bytes_of_the_file_or_all_of_it(header: str, size: int) -> None:
    try:
        stretch = wanted(header, size)
    except Unsatisfiable:
        return
    assert stretch is None or 0 <= stretch.first <= stretch.last < size


@given(st.integers(0, 1000), st.integers(0, 1000), st.integers(0, 1000))
def test_a_plain_range(first: int, last: int, size: int) -> None:
    header = f"bytes={first}-{last}"
    if last < first:
        assert wanted(header, size) is None
    elif first >= size:
        with pytest.raises(Unsatisfiable):
            wanted(header, size)
    else:
        assert wanted(header, size) == Stretch(first, min(last, size - 1))


@pytest.mark.parametrize(
    "header", [None, "", "bytes", "bytes=", "bytes=-", "items=0-1", "bytes=0-1,5-6", "bytes=٣-٤"]
)
def test_what_is_not_one_range_means_the_whole_file(header: str | None) -> None:
    assert wanted(header, 100) is None


def test_if_range_wants_the_same_version() -> None:
    assert still_holds(None, '"a"', 5)
    assert still_holds('"a"', '"a"', 5)
    assert not still_holds('W/"a"', '"a"', 5)
    assert still_holds("Thu, 01 Jan 1970 00:00:05 GMT", '"a"', 5)
    assert not still_holds("Thu, 01 Jan 1970 00:00:04 GMT", '"a"', 5)
    assert not still_holds("Thu, 99 Jan 1970", '"a"', 5)


def test_if_none_match_compares_weakly() -> None:
    assert matches('"b", W/"a"', '"a"')
    assert matches("*", '"a"')
    assert not matches(None, '"a"')
    assert not matches('"ab"', '"a"')

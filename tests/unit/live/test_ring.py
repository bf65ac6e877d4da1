from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.live.ring import BLOCK_SAMPLES, AudioRing


def numbered(first: int, last: int) -> bytes:
    """Samples whose values say where they are."""
    return b"".join((sample % 65536).to_bytes(2, "little") for sample in range(first, last))


def test_audio_is_read_where_it_lies() -> None:
    ring = AudioRing(5.0)
    ring.append(numbered(0, 40_000))
    assert ring.read(15_999, 33_000) == numbered(15_999, 33_000)
    ring.forget(20_000)
    assert (ring.first, ring.last, ring.held, ring.room) == (20_000, 40_000, 20_000, 60_000)
    assert ring.read(20_000, 40_000) == numbered(20_000, 40_000)
    assert ring.read(40_000, 40_000) == b""


def test_what_is_not_held_is_not_read() -> None:
    ring = AudioRing(1.0)
    ring.append(numbered(0, 100))
    ring.forget(10)
    for first, last in ((9, 20), (20, 101), (30, 20), (-5, 20)):
        with pytest.raises(ValueError, match="not held"):
            ring.read(first, last)


def test_half_a_sample_is_refused() -> None:
    with pytest.raises(ValueError, match="half"):
        AudioRing(1.0).append(b"abc")


def test_a_full_ring_loses_the_oldest_and_keeps_no_more_memory() -> None:
    ring = AudioRing(2.0)
    for second in range(10):
        ring.append(numbered(second * 16_000, (second + 1) * 16_000))
    assert (ring.first, ring.last, ring.room) == (128_000, 160_000, 0)
    assert ring.read(128_000, 160_000) == numbered(128_000, 160_000)
    ring.append(numbered(160_000, 260_000))
    assert ring.read(228_000, 260_000) == numbered(228_000, 260_000)


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("append"), st.integers(0, 2 * BLOCK_SAMPLES)),
            st.tuples(st.just("forget"), st.integers(-10, 6 * BLOCK_SAMPLES)),
        ),
        max_size=12,
    ),
    st.integers(0, 5 * BLOCK_SAMPLES),
    st.integers(0, 5 * BLOCK_SAMPLES),
)
def test_it_is_like_one_long_row_of_samples(acts: list[tuple[str, int]], one: int, other: int) -> None:
    ring = AudioRing(3.0)
    first = last = 0
    for act, number in acts:
        if act == "append":
            ring.append(memoryview(_NUMBERS)[2 * last : 2 * (last + number)])
            last += number
        else:
            ring.forget(number)
            first = min(max(first, number), last)
        first = max(first, last - 3 * BLOCK_SAMPLES)
        assert (ring.first, ring.last) == (first, last)
    begin, end = sorted((min(max(one, first), last), min(max(other, first), last)))
    assert ring.read(begin, end) == _NUMBERS[2 * begin : 2 * end]


_NUMBERS = numbered(0, 24 * BLOCK_SAMPLES)

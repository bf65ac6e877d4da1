"""A set of chunks as bits, against a set of numbers."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from parley.storage.bitmap import MOST_RANGES, Bitmap


@st.composite
def chosen(draw: st.DrawFn) -> tuple[int, list[int]]:
    count = draw(st.integers(1, 70))
    return count, draw(st.lists(st.integers(0, count - 1), max_size=80))


@given(chosen())
def test_it_is_the_set_of_what_was_added(given: tuple[int, list[int]]) -> None:
    count, added = given
    bitmap = Bitmap(count)
    for index in added:
        bitmap.add(index)
    check(bitmap, count, set(added))
    check(Bitmap(count, bitmap.to_bytes()), count, set(added))


def check(bitmap: Bitmap, count: int, held: set[int]) -> None:
    assert {index for index in range(count) if index in bitmap} == held
    assert bitmap.received == len(held)
    assert bitmap.is_full == (len(held) == count)
    assert bitmap.prefix == next(index for index in range(count + 1) if index not in held)
    ranges = bitmap.missing()
    assert [i for first, last in ranges for i in range(first, last + 1)] == sorted(set(range(count)) - held)
    assert all(last + 1 < first for (_, last), (first, _) in itertools.pairwise(ranges))


def test_it_can_be_cleared() -> None:
    bitmap = Bitmap(9, b"\xff\x01")
    assert bitmap.is_full
    bitmap.clear()
    assert (bitmap.received, bitmap.prefix, bitmap.missing()) == (0, 0, ((0, 8),))


@given(st.permutations(range(40)))
def test_the_prefix_in_any_order(order: list[int]) -> None:
    bitmap = Bitmap(40)
    for number, index in enumerate(order, start=1):
        bitmap.add(index)
        held = set(order[:number])
        assert bitmap.prefix == next(part for part in range(41) if part not in held)


def test_a_million_holes_are_told_in_part() -> None:
    bitmap = Bitmap(1_000_000, b"\x55" * 125_000)
    ranges = bitmap.missing()
    assert len(ranges) == MOST_RANGES
    assert ranges[:2] == ((1, 1), (3, 3))

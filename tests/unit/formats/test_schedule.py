import pytest

from parley.formats.schedule import Block, schedule


def block(start: int, end: int, lane: str = "A", width: int = 5) -> Block:
    return Block(start, end, ("words",), None, lane, width)


def shown(*blocks: Block, max_ms: int = 7000, duration_ms: int = 60_000) -> list[tuple[int, int]]:
    return [(found.start, found.end) for found in schedule(blocks, max_ms, duration_ms)]


def test_nothing_is_nothing() -> None:
    assert shown() == []


def test_a_block_that_can_be_read_keeps_its_times() -> None:
    assert shown(block(1000, 3000), block(3000, 4500)) == [(1000, 3000), (3000, 4500)]


def test_a_short_block_stays_for_five_sixths_of_a_second() -> None:
    assert shown(block(1000, 1100)) == [(1000, 1833)]


def test_a_wide_block_stays_until_it_can_be_read() -> None:
    assert shown(block(1000, 1500, width=60)) == [(1000, 4000)]


@pytest.mark.parametrize("lane", ["A", "B"])
def test_a_block_never_stays_over_the_next_one(lane: str) -> None:
    assert shown(block(1000, 1100), block(1500, 3000, lane))[0] == (1000, 1500)


def test_a_block_does_not_outlast_the_recording() -> None:
    assert shown(block(1000, 1100), duration_ms=1300) == [(1000, 1300)]


def test_the_longest_block_bounds_reading_time_too() -> None:
    assert shown(block(0, 9000), block(20_000, 20_100, width=500)) == [(0, 7000), (20_000, 27_000)]


def test_two_voices_may_overlap() -> None:
    assert shown(block(1000, 3000), block(2000, 4000, "B")) == [(1000, 3000), (2000, 4000)]


def test_one_voice_does_not_overlap_itself() -> None:
    assert shown(block(1000, 3000), block(2000, 4000)) == [(1000, 2000), (2000, 4000)]


def test_the_first_of_two_at_once_keeps_half_a_second() -> None:
    assert shown(block(1000, 3000), block(1000, 3000)) == [(1000, 1500), (1500, 3000)]


def test_empty_blocks_at_one_moment_are_kept_apart() -> None:
    times = shown(*[block(5000, 5000) for _ in range(4)], block(5600, 8000))
    assert all(start < end for start, end in times)
    assert [start for start, _ in times] == [5000, 5499, 5500, 5501, 5600]


def test_blocks_are_ordered_by_start_across_voices() -> None:
    times = shown(block(4000, 5000), block(1000, 2000, "B"), block(3000, 3500, "B"))
    assert [start for start, _ in times] == [1000, 3000, 4000]

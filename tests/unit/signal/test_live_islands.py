from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from parley.signal.live_islands import LiveIslands, Quietness
from parley.speech.span import Span

FRAME_S = 0.032


def cut(frames: list[bool], *, at: int = 0) -> list[Span]:
    line = LiveIslands(FRAME_S)
    ended = line.take(frames[:at])
    ended += line.take(frames[at:])
    return [*ended, *line.finish(len(frames) * FRAME_S)]


def test_speech_gets_a_lead_and_a_tail() -> None:
    (island,) = cut([False] * 10 + [True] * 20 + [False] * 20)
    assert abs(island.start - (10 * FRAME_S - 0.07)) < 1e-9
    assert abs(island.end - (30 * FRAME_S + 0.1)) < 1e-9


def test_short_noise_is_none_and_short_pauses_are_bridged() -> None:
    assert cut([False] * 5 + [True] * 4 + [False] * 20) == []
    assert len(cut([True] * 20 + [False] * 6 + [True] * 20)) == 1
    assert len(cut([True] * 20 + [False] * 9 + [True] * 20)) == 2


def test_what_is_open_is_told() -> None:
    line = LiveIslands(FRAME_S)
    assert line.open_since is None
    line.take([False] * 10 + [True] * 6)
    assert line.open_since is None, "it may be noise still"
    line.take([True])
    assert line.open_since is not None and abs(line.open_since - (10 * FRAME_S - 0.07)) < 1e-9
    line.take([False] * 7)
    assert line.open_since is not None and line.goes_on
    line.take([False])
    assert line.open_since is None and not line.goes_on


def test_what_was_never_surely_speech_is_noise() -> None:
    line = LiveIslands(FRAME_S)
    for is_speech in [True] * 100 + [False] * 10:
        assert line.step(is_speech, is_sure=False) == []
        assert line.open_since is None
    for is_speech in [True] * 700:
        assert line.step(is_speech, is_sure=False) == []
    line.step(True)
    assert line.open_since is not None
    (island,) = line.finish(811 * FRAME_S)
    assert island.end == 811 * FRAME_S


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(1, 60)), max_size=20))
def test_an_island_that_was_open_comes(runs: list[tuple[bool, bool, int]]) -> None:
    frames = [(speech, sure) for speech, sure, length in runs for _ in range(length)]
    line = LiveIslands(FRAME_S, Quietness(longest_s=2.0))
    promised: list[float] = []
    came: list[Span] = []
    for speech, sure in frames:
        came += line.step(speech, is_sure=sure)
        if line.open_since is not None and line.open_since not in promised:
            promised.append(line.open_since)
    came += line.finish(len(frames) * FRAME_S)
    starts = [island.start for island in came]
    assert [start for start in starts if start in promised] == promised


def test_endless_speech_is_cut_where_somebody_took_breath() -> None:
    frames = [True] * 400 + [False] * 3 + [True] * 400
    islands = cut(frames)
    assert len(islands) >= 2
    assert abs(islands[0].end - 402 * FRAME_S) < 1e-9
    assert islands[1].start == islands[0].end


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 700)), max_size=8), st.integers(0, 5000))
def test_islands_are_sorted_disjoint_bounded_and_independent_of_how_they_come(
    runs: list[tuple[bool, int]], at: int
) -> None:
    frames = [speech for speech, length in runs for _ in range(length)]
    islands = cut(frames, at=min(at, len(frames)))
    assert islands == cut(frames)
    duration = len(frames) * FRAME_S
    reached = 0.0
    for island in islands:
        assert reached <= island.start < island.end <= duration + 1e-9
        assert island.duration <= Quietness().longest_s + 1.0
        reached = island.end
    for index, speech in enumerate(frames):
        run = frames[max(0, index - 7) : index + 8]
        if speech and all(run) and len(run) == 15:
            middle = (index + 0.5) * FRAME_S
            assert any(island.start <= middle <= island.end for island in islands)


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(1, 60)), max_size=20))
def test_what_is_settled_stays(runs: list[tuple[bool, bool, int]]) -> None:
    frames = [(speech, sure) for speech, sure, length in runs for _ in range(length)]
    line = LiveIslands(FRAME_S, Quietness(longest_s=5.0))
    came: list[Span] = []
    said: list[tuple[float, float | None, int]] = []
    for speech, sure in frames:
        came += line.step(speech, is_sure=sure)
        said.append((line.settled_s, line.open_since, len(came)))
    came += line.finish(len(frames) * FRAME_S)
    assert [settled for settled, _, _ in said] == sorted(settled for settled, _, _ in said)
    for settled, open_since, count in said:
        rest = came[count:]
        if open_since is not None:
            # Where speech was cut because it is too long, the parts touch.
            while len(rest) > 1 and rest[0].end == rest[1].start:
                rest[:2] = [Span(rest[0].start, rest[1].end)]
            assert rest[0].end >= settled
            rest = rest[1:]
        assert all(island.start >= settled for island in rest)


def test_what_is_never_sure_is_settled_in_time() -> None:
    line = LiveIslands(FRAME_S)
    for number in range(1, 300):
        line.step(True, is_sure=False)
        assert number * FRAME_S - line.settled_s <= 2.0 + 0.07 + FRAME_S

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise
from math import inf

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.live.scripted import FRAME_S, ScriptedVad

from parley.signal.endpointing import PREROLL_S, Endpointer
from parley.signal.moments import Moment, Paused, SpeechBegan, SpeechEnded, UtteranceEnded
from parley.speech.span import Span

RATE = 16_000
NEVER_LATE = (False,)


def at_once(start: float) -> float:
    return 0.7


def by_the_pause(start: float) -> float:
    """A patience that differs from pause to pause, and depends on the pause alone."""
    return (0.1, 0.4, 0.7, 1.0, 3.0)[int(start * 1000) % 5]


def listen(
    truth: Sequence[Span],
    samples: int,
    *,
    cuts: Sequence[int] = (),
    finals: Sequence[int] = (),
    doubtful: Sequence[Span] = (),
    longest_s: float = 20.0,
    patience: Callable[[float], float] = at_once,
    late: Sequence[bool] = NEVER_LATE,
) -> list[Moment]:
    """All moments. `cuts` are the samples at which pieces end, `finals` those with a `finalize`; in turn a
    piece's moments are taken `late`, with those of the next ones."""
    vad, line, told = ScriptedVad(truth, doubtful), Endpointer(longest_s), list[Moment]()

    def drain() -> None:
        while (moment := line.next()) is not None:
            told.append(moment)
            if isinstance(moment, Paused):
                assert line.is_waiting and line.next() is None
                line.set_patience(patience(moment.start))
                assert not line.is_waiting

    borders = sorted({cut for cut in (*cuts, *finals) if 0 < cut < samples})
    for number, border in enumerate([*borders, samples]):
        heard = vad.hear(border - vad.heard, is_last=border == samples)
        line.hear(heard.islands, heard.open_since, border / RATE, settled_s=heard.settled_s)
        if border in finals:
            line.cut(border / RATE)
        if not late[number % len(late)]:
            drain()
    line.finish(samples / RATE)
    drain()
    assert line.limit_s == inf
    return told


def ends(told: Sequence[Moment]) -> list[UtteranceEnded]:
    return [moment for moment in told if isinstance(moment, UtteranceEnded)]


def steps(size: int, samples: int) -> range:
    return range(size, samples, size)


def test_a_short_pause_goes_on_and_a_long_one_ends() -> None:
    told = listen([Span(1, 2), Span(2.4, 3), Span(5, 5.5)], 8 * RATE, cuts=steps(1600, 8 * RATE))
    assert [len(one.islands) for one in ends(told)] == [2, 1]
    assert [one.cause for one in ends(told)] == ["silence", "silence"]
    began = [moment for moment in told if isinstance(moment, SpeechBegan)]
    assert began[0].audio_from == began[0].time - PREROLL_S
    assert began[1].audio_from is None
    assert began[2].audio_from == began[2].time - PREROLL_S


def test_the_preroll_takes_nothing_from_the_utterance_before() -> None:
    told = listen([Span(1, 2), Span(2.4, 3)], 5 * RATE, patience=lambda start: 0.1)
    first, second = ends(told)
    assert first.end < second.start < first.end + PREROLL_S + 0.07
    assert second.audio_from == max(first.end, second.start - PREROLL_S)


def test_an_utterance_ends_as_soon_as_the_vad_is_settled() -> None:
    vad, line = ScriptedVad([Span(1, 2)]), Endpointer(20.0)
    for number in range(1, 200):
        heard = vad.hear(512)
        line.hear(heard.islands, heard.open_since, vad.heard / RATE, settled_s=heard.settled_s)
        told = list(iter(line.next, None))
        if any(isinstance(moment, Paused) for moment in told):
            line.set_patience(0.7)
        (ended,) = ends(told) or (None,)
        if ended is not None:
            assert ended.end + 0.7 <= number * FRAME_S <= ended.end + 0.7 + 0.07 + 2 * FRAME_S
            return
    raise AssertionError("it never ended")


def test_what_does_not_say_how_far_it_is_settled_is_given_time() -> None:
    line = Endpointer(20.0)
    line.hear([Span(1.0, 2.0)], None, 2.8)
    assert [type(moment) for moment in iter(line.next, None)] == [SpeechBegan]
    line.hear([], None, 3.0)
    assert [type(moment) for moment in iter(line.next, None)] == [SpeechEnded, Paused]
    line.set_patience(0.7)
    line.hear([], None, 3.4)
    assert line.next() is None
    line.hear([], None, 3.6)
    assert [type(moment) for moment in iter(line.next, None)] == [UtteranceEnded]


def test_finalize_ends_speech_where_it_is_and_what_follows_is_new() -> None:
    told = listen([Span(1, 4)], 6 * RATE, finals=[2 * RATE])
    first, second = ends(told)
    assert (first.end, first.cause) == (2.0, "finalize")
    assert (second.start, second.audio_from) == (2.0, 2.0)


def test_finalize_makes_no_utterance_too_long() -> None:
    line = Endpointer(2.0)
    line.hear([], 1.0, 3.1, settled_s=2.4)
    line.cut(3.1)
    (ended,) = ends(list(iter(line.next, None)))
    assert ended.cause == "finalize" and ended.end == ended.audio_from + 2.0


def test_finalize_leaves_no_utterance_of_a_breath() -> None:
    told = listen([Span(1, 2.05)], 4 * RATE, finals=[2 * RATE])
    assert [one.end for one in ends(told)] == [2.0]


def test_finalize_in_a_pause_ends_it_at_once_and_in_silence_does_nothing() -> None:
    told = listen([Span(1, 2)], 6 * RATE, finals=[round(2.4 * RATE), 5 * RATE])
    assert [(one.cause, one.end < 2.2) for one in ends(told)] == [("finalize", True)]


def test_the_end_of_the_audio_ends_what_is_open() -> None:
    told = listen([Span(1, 3)], 3 * RATE)
    assert [(one.end, one.cause) for one in ends(told)] == [(3.0, "end")]
    assert [type(moment) for moment in told] == [SpeechBegan, SpeechEnded, Paused, UtteranceEnded]


def test_endless_speech_is_cut_without_a_gap() -> None:
    told = ends(listen([Span(0, 60)], 60 * RATE, longest_s=8.0, cuts=steps(3200, 60 * RATE)))
    assert all(one.end - one.audio_from <= 8.0 for one in told)
    assert all(after.audio_from == before.end for before, after in pairwise(told))
    assert told[0].start == 0.0 and told[-1].end == 60.0


def test_where_a_cut_island_goes_on_in_another_part_it_goes_on() -> None:
    truth = [Span(1.274, 1.548), Span(1.577, 10.577), Span(10.801, 16.273)]
    known = {"longest_s": 2.0, "patience": by_the_pause}
    assert listen(truth, 260_369, cuts=steps(160, 260_369), **known) == listen(truth, 260_369, **known)


def test_a_long_utterance_loses_its_patience() -> None:
    truth = [Span(start, start + 1.0) for start in range(1, 40, 2)]
    told = ends(listen(truth, 45 * RATE, patience=lambda start: 2.0))
    assert all(10.0 <= one.end - one.audio_from <= 18.0 for one in told[:-1])
    assert all(one.cause == "longest" for one in told[:-1])
    assert sum(len(one.islands) for one in told) == len(truth)


def test_an_answer_that_nobody_asked_for_changes_nothing() -> None:
    line = Endpointer(20.0)
    line.set_patience(0.0)
    line.hear([Span(1, 2)], None, 2.3, settled_s=2.2)
    told = list(iter(line.next, None))
    line.set_patience(float("nan"))
    line.set_patience(0.0)
    line.hear([], None, 30.0, settled_s=30.0)
    assert [type(moment) for moment in [*told, *iter(line.next, None)]] == [
        SpeechBegan,
        SpeechEnded,
        Paused,
        UtteranceEnded,
    ]


def test_a_vad_that_was_started_anew_and_forgot_the_island_ends_it() -> None:
    line = Endpointer(20.0)
    line.hear([], 1.0, 2.0, settled_s=1.9)
    line.hear([], None, 2.2, settled_s=2.1)
    told = list(iter(line.next, None))
    began = SpeechBegan(time=1.0, audio_from=1.0 - PREROLL_S)
    assert told == [began, SpeechEnded(time=1.9), Paused(start=1.9)]


def test_audio_is_kept_from_where_it_may_be_needed() -> None:
    vad, line = ScriptedVad([Span(1, 2), Span(4, 5)]), Endpointer(20.0)
    for _ in range(80):
        heard = vad.hear(1600)
        line.hear(heard.islands, heard.open_since, vad.heard / RATE, settled_s=heard.settled_s)
        before = line.needed_from
        while (moment := line.next()) is not None:
            if isinstance(moment, Paused):
                line.set_patience(0.7)
            if isinstance(moment, (UtteranceEnded, SpeechBegan)) and moment.audio_from is not None:
                assert before <= moment.audio_from
    assert line.needed_from > 7.0


@st.composite
def scenes(draw: st.DrawFn) -> tuple[list[Span], list[Span], int]:
    """Speech, sounds that may be speech, and the number of samples."""
    parts = draw(st.lists(st.tuples(st.integers(0, 2500), st.integers(20, 9000)), max_size=8))
    borders = list(accumulate(length for part in parts for length in part))
    spans = [Span(start / 1000, end / 1000) for start, end in zip(borders[::2], borders[1::2], strict=True)]
    doubtful = draw(st.lists(st.tuples(st.integers(0, 20_000), st.integers(20, 4000)), max_size=3))
    weak = [Span(start / 1000, (start + length) / 1000) for start, length in doubtful]
    seconds = (borders[-1] / 1000 if borders else 0.0) + draw(st.sampled_from([0.0, 0.3, 2.0, 5.0]))
    return spans, weak, round(seconds * RATE) + draw(st.integers(1, 600))


@given(
    scenes(),
    st.lists(st.integers(1, 30 * RATE), max_size=12),
    st.sampled_from([0, 160, 512, 3200, 16_000]),
    st.lists(st.integers(1, 30 * RATE), max_size=3),
    st.sampled_from([2.0, 5.0, 20.0]),
    st.lists(st.booleans(), min_size=1, max_size=5),
)
def test_moments_depend_on_the_audio_alone(
    scene: tuple[list[Span], list[Span], int],
    cuts: list[int],
    step: int,
    finals: list[int],
    longest_s: float,
    late: list[bool],
) -> None:
    truth, doubtful, samples = scene
    known = {
        "finals": finals,
        "doubtful": doubtful,
        "longest_s": longest_s,
        "patience": by_the_pause,
    }
    fine = [*cuts, *(steps(step, samples) if step else ())]
    whole = listen(truth, samples, **known)
    assert listen(truth, samples, cuts=fine, late=late, **known) == whole
    assert_in_order(whole, longest_s)


def assert_in_order(told: Sequence[Moment], longest_s: float) -> None:
    reached, speaking, audio_from = 0.0, False, None
    for moment in told:
        if isinstance(moment, SpeechBegan):
            assert not speaking and moment.time >= reached
            assert (moment.audio_from is None) == (audio_from is not None)
            if moment.audio_from is not None:
                assert reached <= moment.audio_from <= moment.time
                audio_from = moment.audio_from
            speaking = True
        elif isinstance(moment, SpeechEnded):
            assert speaking and moment.time >= reached
            speaking, reached = False, moment.time
        elif isinstance(moment, UtteranceEnded):
            assert not speaking and moment.audio_from == audio_from
            assert moment.islands[0].start == moment.start and moment.islands[-1].end == moment.end == reached
            assert all(one.end < other.start for one, other in pairwise(moment.islands))
            assert all(one.duration > 0 for one in moment.islands)
            assert moment.end - moment.audio_from <= longest_s + 1e-9
            audio_from = None
    assert not speaking and audio_from is None


@given(scenes(), st.sampled_from([2.0, 20.0]))
def test_no_speech_is_lost(scene: tuple[list[Span], list[Span], int], longest_s: float) -> None:
    truth, doubtful, samples = scene
    vad = ScriptedVad(truth, doubtful)
    islands = vad.hear(samples, is_last=True).islands
    told = ends(listen(truth, samples, longest_s=longest_s, doubtful=doubtful))
    found = [island for one in told for island in one.islands]
    for island in islands:
        inside = sum(max(0.0, min(island.end, one.end) - max(island.start, one.start)) for one in found)
        # Where an island is cut because it is too long, a rest as short as a breath is not heard.
        assert inside >= island.duration - 0.2 - 1e-9

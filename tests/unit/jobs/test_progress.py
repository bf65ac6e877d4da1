"""How far a work is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from parley.batch.events import Advanced, Event, Heard, Notice, Stage, Waiting
from parley.jobs.progress import ATTRIBUTING, READING, WAITING, Progress
from parley.speech.transcript import Segment

times = st.floats(0, 1e5)
events: st.SearchStrategy[Event] = st.one_of(
    st.builds(Advanced, st.sampled_from(list(Stage)), times, times),
    st.builds(Notice, st.text(max_size=10)),
    st.builds(Waiting, st.text(max_size=10)),
    st.just(Heard(Segment(start=0.0, end=1.0, text="x"))),
)


def test_it_moves_on_time_up_to_nine_and_then_on_speech() -> None:
    progress = Progress()
    assert (progress.at(0.0), progress.message) == (0, WAITING)
    progress.begin(100.0)
    assert (progress.at(100.0), progress.message) == (0, READING)
    assert 0 < progress.at(115.0) < progress.at(1e6) < 10
    progress.happened(Advanced(Stage.RECOGNISE, 30.0, 60.0))
    assert progress.at(1e6) == 54
    assert progress.message == "0:30 of 1:00 of speech recognised."
    progress.happened(Advanced(Stage.RECOGNISE, 60.0, 60.0))
    assert (progress.at(1e6), progress.message) == (99, ATTRIBUTING)


def test_a_restart_goes_on_where_it_was() -> None:
    progress = Progress(54.0)
    progress.begin(0.0)
    progress.happened(Advanced(Stage.RECOGNISE, 6.0, 60.0))
    assert progress.at(1.0) == 54


@given(st.lists(st.tuples(events | st.none(), st.floats(0, 100)), max_size=50), st.integers(0, 99))
def test_it_never_falls_and_is_never_done(happened: list[tuple[Event | None, float]], start: int) -> None:
    progress, now, before = Progress(float(start)), 0.0, float(start)
    for event, passed in happened:
        now += passed
        if event is None:
            progress.begin(now)
        else:
            progress.happened(event)
        reached = progress.at(now)
        assert before <= reached <= 99 and reached == int(reached)
        before = reached

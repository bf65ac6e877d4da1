"""What waits to be sent: orders first, audio last, and nothing that is out of date."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.server.assistant.scripted import RATE, audio_of

from parley.assistant.events import (
    AnswerText,
    AssistantEvent,
    Farewell,
    Loudness,
    PlaybackOrder,
    State,
    StateChanged,
    UserText,
)
from parley.server.assistant.lanes import MOST_WAITING, Lanes, pieces_of

SPEAKING, IDLE = StateChanged(state=State.SPEAKING), StateChanged(state=State.IDLE)
PAUSE, RESUME, FLUSH = (PlaybackOrder(turn=1, action=action) for action in ("pause", "resume", "flush"))


def lanes_with(*events: AssistantEvent) -> Lanes:
    lanes = Lanes()
    for event in events:
        lanes.put(event)
    return lanes


def rest_of(lanes: Lanes) -> list[AssistantEvent]:
    found: list[AssistantEvent] = []
    while (event := lanes.take()) is not None:
        found.append(event)
    return found


def said(text: str, *, final: bool = False, turn: int = 1) -> UserText:
    return UserText(turn=turn, revision=0, text=text, is_final=final)


def answer(text: str, *, complete: bool = False, turn: int = 1) -> AnswerText:
    return AnswerText(turn=turn, revision=0, content=text, is_complete=complete)


def test_a_pause_is_told_before_everything_that_waits() -> None:
    lanes = lanes_with(SPEAKING, audio_of(1.0), answer("One."), PAUSE)
    assert rest_of(lanes) == [PAUSE, SPEAKING, answer("One.")]
    assert lanes.audio is None


def test_an_order_takes_the_place_of_one_of_its_turn_that_was_not_told() -> None:
    lanes = lanes_with(PAUSE, SPEAKING, RESUME, PAUSE, FLUSH, PlaybackOrder(turn=2, action="pause"))
    assert rest_of(lanes) == [FLUSH, PlaybackOrder(turn=2, action="pause"), SPEAKING]


def test_held_audio_goes_on_where_it_was() -> None:
    lanes = lanes_with(audio_of(0.2), PAUSE)
    assert lanes.audio is None
    lanes.put(RESUME)
    first = lanes.take_audio()
    assert (first.first_sample, len(first.pcm)) == (0, RATE // 10 * 2)
    lanes.put(PAUSE)
    lanes.put(audio_of(0.1, first_sample=RATE // 5))
    lanes.put(RESUME)
    assert [lanes.take_audio().first_sample, lanes.take_audio().first_sample] == [RATE // 10, RATE // 5]


def test_a_flush_drops_the_audio_of_its_turn_and_no_later_one() -> None:
    lanes = lanes_with(audio_of(0.3), PAUSE, FLUSH, audio_of(0.1, turn=2))
    audio = lanes.take_audio()
    assert audio.turn == 2 and lanes.audio is None
    lanes = lanes_with(audio_of(0.1, turn=2), FLUSH)
    assert lanes.audio is not None


def test_only_the_newest_of_what_replaces_itself_waits() -> None:
    events = (said("a"), Loudness(level=0.1), answer("x"), said("a b"), Loudness(level=0.2), answer("x y"))
    assert rest_of(lanes_with(*events)) == [said("a b"), Loudness(level=0.2), answer("x y")]


def test_a_final_text_is_the_last_of_its_turn_and_comes_in_order() -> None:
    lanes = lanes_with(said("a"), IDLE, said("a b", final=True), said("c", turn=2))
    assert rest_of(lanes) == [IDLE, said("a b", final=True), said("c", turn=2)]


def test_a_whole_answer_is_not_replaced_by_that_of_another_turn() -> None:
    lanes = lanes_with(answer("x"), answer("x y", complete=True), answer("z", turn=2))
    assert rest_of(lanes) == [answer("x y", complete=True), answer("z", turn=2)]


def test_an_answer_that_has_grown_is_told_behind_what_was_told_before_it() -> None:
    grown = answer("x y", complete=True)
    assert rest_of(lanes_with(answer("x"), SPEAKING, grown)) == [SPEAKING, grown]


def test_after_the_farewell_no_audio_is_left() -> None:
    lanes = lanes_with(audio_of(1.0), Farewell())
    assert rest_of(lanes) == [Farewell()]
    assert lanes.audio is None


def test_news_of_a_client_that_reads_nothing_are_bounded() -> None:
    lanes = lanes_with(*[said(str(number)) for number in range(10 * MOST_WAITING)])
    assert not lanes.is_full
    for _ in range(MOST_WAITING - 1):
        assert not lanes.is_full
        lanes.put(IDLE)
    assert lanes.is_full


@given(seconds=st.floats(0.0, 2.0), first=st.integers(0, 10**6), text=st.text(max_size=5))
def test_pieces_are_the_audio_they_were_cut_from(seconds: float, first: int, text: str) -> None:
    whole = audio_of(seconds, first_sample=first, text=text)
    pieces = pieces_of(whole)
    assert b"".join(piece.pcm for piece in pieces) == whole.pcm
    assert all(0 < len(piece.pcm) <= RATE // 10 * 2 for piece in pieces)
    place = first
    for piece in pieces:
        assert piece.first_sample == place
        place += len(piece.pcm) // 2
    assert [piece.text for piece in pieces] == [text, *[""] * (len(pieces) - 1)][: len(pieces)]

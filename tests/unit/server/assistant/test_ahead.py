"""How much audio may be on its way to a loudspeaker, by a clock of the test's own."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from parley.server.assistant.ahead import Ahead

RATE = 16000
PIECE = RATE // 10


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


class Client:
    """Sends pieces of turn 1 as fast as it is allowed."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.ahead = Ahead(1.5, self.clock)
        self.sent = 0

    def pour(self, most: int = 10_000) -> float:
        """As much as may go now; seconds of audio sent in all."""
        while self.sent < most * PIECE and self.ahead.wait_s(1) == 0.0:
            self.ahead.sent(1, self.sent, PIECE, RATE)
            self.sent += PIECE
        return self.sent / RATE

    def wait(self, seconds: float) -> None:
        self.clock.now += seconds


def is_near(found: float, expected: float) -> bool:
    """A piece more or less."""
    return abs(found - expected) <= 0.11


def test_no_more_than_that_is_ahead_of_who_tells_nothing() -> None:
    client = Client()
    assert is_near(client.pour(), 1.5)
    client.wait(1.0)
    assert is_near(client.pour(), 2.5)
    client.wait(60.0)
    assert is_near(client.pour(), client.sent / RATE)


def test_the_wait_that_is_told_is_long_enough() -> None:
    client = Client()
    for _ in range(50):
        client.pour()
        wait_s = client.ahead.wait_s(1)
        assert wait_s > 0
        client.wait(wait_s)
        assert client.ahead.wait_s(1) < 0.001


def test_a_client_that_tells_is_believed() -> None:
    client = Client()
    client.pour()
    client.ahead.played(1, RATE)
    assert is_near(client.pour(), 2.5)
    client.wait(1.0)
    assert is_near(client.pour(), 2.5), "its loudspeaker stands still"
    client.ahead.played(1, 2 * RATE)
    assert is_near(client.pour(), 3.5)


def test_one_that_falls_silent_is_taken_to_play_on() -> None:
    client = Client()
    client.pour()
    client.ahead.played(1, RATE)
    client.pour()
    client.wait(3.0)
    assert is_near(client.pour(), 3.5)


def test_while_it_is_held_nothing_is_played() -> None:
    client = Client()
    client.pour()
    client.wait(0.5)
    client.ahead.hold(1)
    client.wait(5.0)
    assert is_near(client.pour(), 2.0)
    client.ahead.go_on(1, RATE // 2)
    client.wait(0.5)
    assert is_near(client.pour(), 2.5)


def test_another_turn_begins_at_once_and_reports_of_the_old_one_mean_nothing() -> None:
    client = Client()
    client.pour()
    client.ahead.hold(1)
    assert client.ahead.wait_s(2) == 0.0
    client.ahead.sent(2, 0, 3 * RATE, RATE)
    client.ahead.played(1, 10 * RATE)
    client.ahead.hold(1)
    client.ahead.go_on(1, 0)
    assert client.ahead.wait_s(2) == 1.5
    client.ahead.played(2, RATE)
    assert client.ahead.wait_s(2) == 0.5


def test_what_was_thrown_away_is_not_waited_for() -> None:
    client = Client()
    client.ahead.played(1, 0)
    client.pour()
    client.ahead.hold(1)
    client.ahead.flush(1)
    # What was made and never sent is counted too: samples of a turn are counted once.
    client.sent = begun = 20 * RATE
    assert is_near(client.pour() - begun / RATE, 1.5)
    client.wait(3.0)
    assert is_near(client.pour() - begun / RATE, 2.5)


def test_nobody_has_played_what_was_not_sent() -> None:
    client = Client()
    client.pour()
    assert client.ahead.played(1, 100 * RATE) == client.sent
    assert client.ahead.played(1, RATE) == RATE
    assert client.ahead.played(2, RATE) == 0
    before = client.sent / RATE
    assert is_near(client.pour() - before, 1.5)


def test_a_clause_that_comes_late_is_played_from_then_on() -> None:
    client = Client()
    client.pour(most=10)
    client.wait(30.0)
    assert is_near(client.pour(), 2.5)
    client.wait(1.0)
    assert is_near(client.pour(), 3.5)


steps = st.one_of(
    st.tuples(st.just("wait"), st.floats(0.0, 5.0)),
    st.tuples(st.just("played"), st.floats(0.0, 30.0)),
    st.tuples(st.sampled_from(["hold", "go_on"]), st.floats(0.0, 30.0)),
)


@given(st.lists(steps, max_size=30))
def test_whatever_happens_audio_goes_on_once_it_may(script: list[tuple[str, float]]) -> None:
    client = Client()
    client.pour()
    for what, number in script:
        match what:
            case "wait":
                client.wait(number)
            case "played":
                client.ahead.played(1, int(number * RATE))
            case "hold":
                client.ahead.hold(1)
            case _:
                client.ahead.go_on(1, min(client.sent, int(number * RATE)))
        client.pour()
        assert client.ahead.wait_s(1) >= 0.0
    client.ahead.go_on(1, client.sent)
    before = client.sent
    client.wait(10.0)
    client.pour(most=before // PIECE + 5)
    assert client.sent > before

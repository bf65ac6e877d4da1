"""What is sent arrives once and in order, marks at their places, whatever lines are lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.client.outgoing import MOST_FRAME_BYTES, Outgoing
from parley.errors import LiveError
from parley.wire.speech.asr_client import Finalize, Stop

FRAME = 4
MOST = 64


class Server:
    """Takes what a line brings; `marks` are the places where something ended."""

    def __init__(self) -> None:
        self.audio = bytearray()
        self.half = b""
        self.marks: list[int] = []
        self.stopped_at: int | None = None

    @property
    def samples(self) -> int:
        return len(self.audio) // FRAME

    def take_all(self, outgoing: Outgoing, most: int) -> None:
        for _ in range(most):
            self.take(outgoing.take())

    def take(self, message: object) -> None:
        if isinstance(message, bytes):
            whole = self.half + message
            size = len(whole) - len(whole) % FRAME
            self.audio += whole[:size]
            self.half = whole[size:]
        elif isinstance(message, Finalize):
            if not self.marks or self.marks[-1] != self.samples:
                self.marks.append(self.samples)
        elif isinstance(message, Stop):
            self.stopped_at = self.samples


steps = st.lists(
    st.one_of(
        st.tuples(st.just("say"), st.integers(1, 40)),
        st.tuples(st.just("mark"), st.just(0)),
        st.tuples(st.just("send"), st.integers(1, 4)),
        # So many messages were under way and are lost with the line.
        st.tuples(st.just("cut"), st.integers(0, 3)),
        st.tuples(st.just("acknowledge"), st.just(0)),
    ),
    max_size=60,
)


@given(steps)
def test_nothing_is_lost_and_nothing_comes_twice(script: list[tuple[str, int]]) -> None:
    outgoing, server = Outgoing(FRAME, MOST), Server()
    said, marks = bytearray(), list[int]()
    for step, number in script:
        match step:
            case "say":
                piece = bytes((len(said) + i) % 251 for i in range(number))
                taken = outgoing.append(memoryview(piece))
                said += piece[:taken]
            case "mark":
                outgoing.finalize()
                if not marks or marks[-1] != len(said):
                    marks.append(len(said))
            case "send":
                server.take_all(outgoing, number)
            case "cut":
                for _ in range(number):
                    outgoing.take()
                server.half = b""
                outgoing.rewind(server.samples)
            case _:
                outgoing.acknowledge(server.samples)
    outgoing.stop()
    server.take_all(outgoing, 1000)
    assert server.audio + server.half == said
    # Whoever ends an utterance in the middle of a sample ends it before that sample.
    assert server.marks == list(dict.fromkeys(mark // FRAME for mark in marks))
    assert server.stopped_at == server.samples


def test_it_takes_no_more_than_it_may_keep() -> None:
    outgoing = Outgoing(FRAME, MOST)
    assert outgoing.append(memoryview(bytes(100))) == MOST
    assert outgoing.append(memoryview(bytes(1))) == 0
    outgoing.take()
    assert outgoing.append(memoryview(bytes(1))) == 0
    outgoing.acknowledge(10)
    assert outgoing.append(memoryview(bytes(100))) == 10 * FRAME


def test_messages_have_a_bound() -> None:
    outgoing = Outgoing(2, 10 * MOST_FRAME_BYTES)
    outgoing.append(memoryview(bytes(3 * MOST_FRAME_BYTES - 7)))
    sizes = [len(piece) for piece in iter(outgoing.take, None) if isinstance(piece, bytes)]
    assert sizes == [MOST_FRAME_BYTES, MOST_FRAME_BYTES, MOST_FRAME_BYTES - 7]


def test_a_server_that_was_ahead_or_has_forgotten() -> None:
    outgoing = Outgoing(FRAME, MOST)
    outgoing.append(memoryview(bytes(40)))
    outgoing.take()
    # More than was sent: only what was sent is forgotten.
    outgoing.acknowledge(1000)
    assert outgoing.take() is None
    for samples in (9, 11):
        with pytest.raises(LiveError):
            outgoing.rewind(samples)
    outgoing.rewind(10)


def test_leaving_drops_what_was_not_sent() -> None:
    outgoing = Outgoing(FRAME, MOST)
    outgoing.append(memoryview(bytes(8)))
    assert outgoing.take() == bytes(8)
    outgoing.append(memoryview(bytes(8)))
    outgoing.finalize()
    outgoing.abandon()
    assert isinstance(outgoing.take(), Stop)
    assert outgoing.take() is None
    assert outgoing.is_stopped

"""Fairness between users."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from parley.jobs.task import Priority
from parley.jobs.turns import BAND, Turns

USERS = ("ann", "bob", "cy", "dee")
BANDS = {Priority.HIGH: 0, Priority.NORMAL: 1, Priority.LOW: 2}


@dataclass(frozen=True)
class Waiting:
    turn: int
    arrived: int
    user: str
    priority: Priority


class Queue:
    """Orders as the real one does: by turn, then by age."""

    def __init__(self) -> None:
        self.turns = Turns()
        self.waiting: list[Waiting] = []
        self.arrived = 0

    def send(self, user: str, priority: Priority = Priority.NORMAL) -> Waiting:
        turn = self.turns.next(user, priority)
        self.turns.take(user, turn)
        self.arrived += 1
        task = Waiting(turn, self.arrived, user, priority)
        self.waiting.append(task)
        return task

    def serve(self) -> Waiting:
        task = min(self.waiting, key=lambda it: (it.turn, it.arrived))
        self.waiting.remove(task)
        self.turns.serve(task.turn)
        return task


def test_users_alternate_however_much_one_sends() -> None:
    queue = Queue()
    for _ in range(4):
        queue.send("ann")
    for _ in range(2):
        queue.send("bob")
    assert [queue.serve().user for _ in range(6)] == ["ann", "bob", "ann", "bob", "ann", "ann"]


def test_who_comes_late_joins_the_present_round() -> None:
    queue = Queue()
    for _ in range(100):
        queue.send("ann")
    for _ in range(50):
        queue.serve()
    queue.send("bob")
    assert "bob" in [queue.serve().user for _ in range(2)]


steps = st.lists(st.tuples(st.sampled_from(USERS), st.sampled_from(list(Priority))) | st.none(), max_size=60)


@given(steps)
def test_nobody_waits_longer_than_the_others_take_one_turn_each(
    events: list[tuple[str, Priority] | None],
) -> None:
    queue = Queue()
    passed: defaultdict[Waiting, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    for event in events:
        if event is not None:
            queue.send(*event)
        elif queue.waiting:
            _serve_and_check(queue, passed)
    while queue.waiting:
        _serve_and_check(queue, passed)


def _serve_and_check(queue: Queue, passed: defaultdict[Waiting, defaultdict[str, int]]) -> None:
    served = queue.serve()
    for other in queue.waiting:
        assert BANDS[served.priority] <= BANDS[other.priority], "a lower priority went first"
        if other.priority is served.priority and other.user != served.user and _is_first(queue, other):
            passed[other][served.user] += 1
            assert passed[other][served.user] <= 2, "somebody had a second round before"


def _is_first(queue: Queue, task: Waiting) -> bool:
    own = [it for it in queue.waiting if (it.user, it.priority) == (task.user, task.priority)]
    return task is min(own, key=lambda it: it.turn)


@given(steps)
def test_a_restart_changes_nobodys_place(events: list[tuple[str, Priority] | None]) -> None:
    queue = Queue()
    for event in events:
        if event is not None:
            queue.send(*event)
        elif queue.waiting:
            queue.serve()
    restored = Turns()
    restored.restore((task.user, task.turn) for task in queue.waiting)
    queue.turns = restored
    before = sorted(queue.waiting, key=lambda it: (it.turn, it.arrived))
    newcomer = queue.send("eve")
    ahead = [it for it in before if it.turn < newcomer.turn and it.priority is Priority.NORMAL]
    assert all(sum(it.user == user for it in ahead) <= 1 for user in USERS)


@given(st.sampled_from(list(Priority)), st.integers(0, BAND))
def test_turns_fit_into_31_bits_and_into_their_band(priority: Priority, served: int) -> None:
    turns = Turns()
    turns.restore([("ann", BANDS[priority] * BAND + min(served, BAND - 1))])
    turn = turns.next("ann", priority)
    assert turn // BAND == BANDS[priority]
    assert 0 < turn + 1 < 2**31

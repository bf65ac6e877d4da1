"""One step of the machine while it is taken."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from parley.assistant.contract import Message
from parley.assistant.effects import Effect, Remember, Tell, TellFirst
from parley.assistant.events import AssistantEvent, PlaybackOrder, State, StateChanged
from parley.assistant.floor import MOST_REMEMBERED, Answer, Floor

EDGES: frozenset[tuple[State, State]] = frozenset(
    {
        (State.IDLE, State.LISTENING),
        (State.IDLE, State.THINKING),
        (State.LISTENING, State.IDLE),
        (State.LISTENING, State.FINALIZING),
        (State.LISTENING, State.THINKING),
        (State.FINALIZING, State.IDLE),
        (State.FINALIZING, State.LISTENING),
        (State.FINALIZING, State.THINKING),
        (State.THINKING, State.IDLE),
        (State.THINKING, State.LISTENING),
        (State.THINKING, State.SPEAKING),
        (State.SPEAKING, State.IDLE),
        (State.SPEAKING, State.LISTENING),
        (State.SPEAKING, State.THINKING),
    }
)
"""The changes of state there are. A typed turn goes to Thinking at once; everything else takes the round
Idle, Listening, FinalizingASR, Thinking, Speaking, or ends it early."""


class Course:
    """The floor as it becomes, and the effects so far."""

    def __init__(self, floor: Floor, now: float) -> None:
        self.floor = floor
        self.now = now
        self.effects: list[Effect] = []

    def change(self, **changes: Any) -> None:
        """Other values of the floor."""
        self.floor = replace(self.floor, **changes)

    def change_answer(self, **changes: Any) -> Answer:
        """Other values of the answer there is."""
        if self.floor.answer is None:
            raise RuntimeError("there is no answer")
        answer = replace(self.floor.answer, **changes)
        self.change(answer=answer)
        return answer

    def mark(self, **times: float | None) -> None:
        """A stage of the turn was reached."""
        self.change(marks=replace(self.floor.marks, **times))

    def do(self, effect: Effect) -> None:
        """Want something done."""
        self.effects.append(effect)

    def tell(self, event: AssistantEvent) -> None:
        """Tell the client."""
        self.do(Tell(event=event))

    def order(self, order: PlaybackOrder) -> None:
        """Tell the loudspeaker, before anything else."""
        self.do(TellFirst(event=order))

    def go(self, state: State) -> None:
        """Change the state, and say so."""
        if state is self.floor.state:
            return
        if (self.floor.state, state) not in EDGES:
            raise RuntimeError(f"there is no way from {self.floor.state} to {state}")
        self.change(state=state)
        self.tell(StateChanged(state=state))

    def wait(self, seconds: float) -> None:
        """The state lasts so long at most."""
        self.change(until=self.now + seconds)

    def keep(self, message: Message) -> None:
        """Something was said: the machine remembers it too."""
        self.change(history=(*self.floor.history, message)[-MOST_REMEMBERED:])
        self.do(Remember(message=message))

    def message(self, *, is_user: bool, text: str, interrupted: bool = False) -> Message:
        """What was said now."""
        at = self.now + self.floor.epoch
        return Message(role="user" if is_user else "assistant", text=text, at=at, interrupted=interrupted)

"""Whatever a client and the workers do, in any order: nothing is lost, said twice, or left behind."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from tests.unit.live.scripted_fleet import ScriptedFleet, room, said
from tests.unit.live.virtual_time import VirtualLoop

from parley.errors import SessionNotFound
from parley.live.contract import LiveSession
from parley.live.options import LiveWish
from parley.speech.live import Done, Failed, Final, LiveEvent, Partial, Trouble, Voice
from parley.wire import frames

seldom = st.integers(0, 7).map(lambda number: number == 7)


class Client(RuleBasedStateMachine):
    """One client of a room; every word that it says is another."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = VirtualLoop()
        self.word = 0
        self.spoken: list[str] = []
        self.events: list[LiveEvent] = []
        self.listener: asyncio.Task[None] | None = None
        self.is_away = self.was_cut_short = False
        self.is_stopped = self.is_gone = False

    def do(self, main: Any) -> Any:
        return self.loop.run_until_complete(main)

    @initialize(
        profile=st.sampled_from(["plain", "two", "alone", "pointed"]),
        partials=st.booleans(),
        delays=st.lists(st.sampled_from([0.0, 0.01, 0.3, 2.0]), min_size=1, max_size=5),
        seats=st.integers(1, 2),
        deaths=st.lists(st.integers(0, 40), max_size=3),
    )
    def begin(self, profile: str, partials: bool, delays: list[float], seats: int, deaths: list[int]) -> None:
        self.fleet = ScriptedFleet()
        self.fleet.delay = lambda _: delays[len(self.fleet.requests) % len(delays)]
        fatal = set(deaths)

        def mishap(request: frames.Request, attempt: int) -> str | None:
            number = len(self.fleet.requests)
            return "dies" if number in fatal and not isinstance(request, frames.OpenStream) else None

        self.fleet.mishap = mishap
        self.room = room(self.fleet, seats=seats, profile=profile, resume_s=30.0, session_idle_s=10_000.0)
        self.do(self.room.__aenter__())
        self.session: LiveSession = self.do(self.room.open("me", LiveWish(partials=partials)))
        self.token = self.session.facts.resume_token
        self.do(self.attach())

    async def attach(self) -> None:
        finals = [event.utterance for event in self.events if isinstance(event, Final)]
        after = finals[-1] if finals else None

        async def listen() -> None:
            async for event in self.session.listen(after):
                self.events.append(event)

        self.listener = asyncio.create_task(listen())
        await asyncio.sleep(0)

    async def detach(self) -> None:
        assert self.listener is not None
        self.listener.cancel()
        await asyncio.wait({self.listener})

    @precondition(lambda self: not (self.is_stopped or self.is_away))
    @rule(count=st.integers(1, 4), pause=st.sampled_from([0.0, 0.4, 1.5]), paced=st.booleans())
    def speak(self, count: int, pause: float, paced: bool) -> None:
        words = list(range(self.word + 1, self.word + 1 + count))
        self.word += count
        self.spoken += [f"w{word}" for word in words]
        self.do(self.send(said(words, pause), paced))

    @precondition(lambda self: not (self.is_stopped or self.is_away))
    @rule(count=st.integers(1, 3))
    def say_something(self, count: int) -> None:
        """More of the same, so that there is mostly something to lose."""
        self.speak(count, 1.0, True)

    async def send(self, pcm: bytes, paced: bool) -> None:
        size = 3200 if paced else 77_777
        for first in range(0, len(pcm), size):
            await self.session.write(pcm[first : first + size])
            await asyncio.sleep(0.1 if paced else 0.0)

    @precondition(lambda self: not (self.is_stopped or self.is_away))
    @rule()
    def finalize(self) -> None:
        self.do(self.session.finalize())

    @rule(seconds=st.sampled_from([0.0, 0.05, 0.5, 3.0]))
    def wait(self, seconds: float) -> None:
        self.do(asyncio.sleep(seconds))

    @rule()
    def lose_workers(self) -> None:
        self.fleet.kill()

    @precondition(lambda self: not self.is_away)
    @rule()
    def lose_line(self) -> None:
        self.is_away = True
        self.do(self.detach())
        self.do(self.session.leave())

    @precondition(lambda self: self.is_away and not self.is_gone)
    @rule()
    def come_back(self) -> None:
        try:
            self.session = self.do(self.room.resume("me", self.token))
        except SessionNotFound:
            self.is_gone = True
            return
        self.is_away = False
        self.do(self.attach())

    @precondition(lambda self: not (self.is_stopped or self.is_away))
    @rule(really=seldom)
    def stop(self, really: bool) -> None:
        if not really:
            return
        self.is_stopped = True
        self.do(self.session.stop())

    @precondition(lambda self: not self.is_away)
    @rule(really=seldom)
    def close(self, really: bool) -> None:
        if not really:
            return
        self.is_stopped = self.was_cut_short = True
        self.do(self.session.close())

    def teardown(self) -> None:
        try:
            if hasattr(self, "room"):
                self.do(self.end())
                self.check()
        finally:
            self.loop.close()

    async def end(self) -> None:
        if self.is_away:
            await asyncio.sleep(0.1)
        else:
            await self.session.stop()
            assert self.listener is not None
            await asyncio.wait({self.listener}, timeout=300)
            assert self.listener.done()
        if self.is_away:
            # Nobody comes back.
            await asyncio.sleep(100)
        assert self.room.stats().sessions == 0
        # What is left in the workers is dropped when they are free.
        await asyncio.sleep(100)
        assert self.fleet.streams == 0
        await self.room.__aexit__(None, None, None)
        await asyncio.sleep(0)
        others = asyncio.all_tasks() - {asyncio.current_task()}
        assert not others

    def check(self) -> None:
        finals = [event for event in self.events if isinstance(event, Final)]
        numbers = [final.utterance for final in finals]
        assert numbers == list(range(len(finals)))
        if not self.is_away:
            self.check_whole(finals)
        self.check_promises()

    def check_whole(self, finals: list[Final]) -> None:
        ends = [event for event in self.events if isinstance(event, (Done, Failed))]
        assert len(set(map(id, ends))) == 1 and isinstance(self.events[-1], (Done, Failed))
        shown = {event.utterance for event in self.events if isinstance(event, Partial)}
        assert shown <= {final.utterance for final in finals}
        if self.was_cut_short:
            return
        assert isinstance(self.events[-1], Done)
        if not any(isinstance(event, Trouble) for event in self.events):
            text = " ".join(final.text for final in finals).replace(".", "")
            assert text.split() == self.spoken
        times = [event.time for event in self.events if isinstance(event, Voice)]
        assert times == sorted(times)

    def check_promises(self) -> None:
        promised: dict[int, str] = {}
        done: set[int] = set()
        for event in self.events:
            if isinstance(event, (Partial, Final)):
                assert event.text.startswith(promised.get(event.utterance, ""))
            if isinstance(event, Partial):
                assert event.utterance not in done
                promised[event.utterance] = event.text[: event.stable_chars]
            if isinstance(event, Final):
                done.add(event.utterance)


TestClient = Client.TestCase
TestClient.settings = settings(
    max_examples=60,
    stateful_step_count=14,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)

"""A conversation from its opening to its farewell, and a line to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

from parley.assistant.contract import ConversationFacts
from parley.assistant.driver import Driver
from parley.assistant.ear import Ear
from parley.assistant.events import AssistantEvent, State, Trouble
from parley.assistant.happenings import (
    FinalizePressed,
    Happening,
    InterruptPressed,
    LineBack,
    LineLost,
    PlayedSamples,
    ResetAsked,
    StopAsked,
    Typed,
)
from parley.assistant.keeper import Keeper
from parley.errors import InvalidOption, ParleyError, TextTooLong
from parley.signal.tokens import is_said


class Session:
    """One client's conversation; `is_over` from its farewell on, `is_free` once all it held is."""

    def __init__(self, user: str, facts: ConversationFacts, driver: Driver, ear: Ear, keeper: Keeper) -> None:
        self.user = user
        self.line = 0
        self._facts = facts
        self._driver = driver
        self._ear = ear
        self._keeper = keeper
        self._is_heard = False
        self._free = asyncio.Event()
        self._freeing: asyncio.Task[None] | None = None

    @property
    def facts(self) -> ConversationFacts:
        """What it was opened as; after a reset its conversation is another one."""
        return replace(self._facts, conversation_id=self._keeper.conversation_id)

    @property
    def state(self) -> State:
        """Whose turn it is."""
        return self._driver.floor.state

    @property
    def is_over(self) -> bool:
        """Whether its farewell was told."""
        return self._driver.floor.is_over

    @property
    def received_samples(self) -> int:
        """Of the microphone."""
        return self._ear.received_samples

    async def write(self, pcm: bytes | bytearray | memoryview) -> None:
        """More of the microphone."""
        await self._driver.outbox.wait_for_room()
        if not self.is_over:
            await self._ear.write(pcm)

    def say(self, text: str) -> None:
        """A typed turn."""
        most = self._driver.floor.limits.max_typed_chars
        if len(text) > most:
            raise TextTooLong(f"A typed turn has {most} characters at most; send less.")
        if not is_said(text):
            raise InvalidOption("'text' is empty; write what you want to say.")
        self.feed(Typed(text=text))

    async def reset(self) -> None:
        """Begin anew; returns when there is another conversation."""
        self.feed(ResetAsked())
        await self._keeper.settle()

    def feed(self, event: Happening) -> None:
        """Something happened."""
        self._driver.feed(event)

    def tell(self, event: Trouble) -> None:
        """Something that the machine need not know."""
        self._driver.tell(event)

    def listen(self) -> AsyncIterator[AssistantEvent]:
        """Events for a new listener, who is told the state first."""
        events = self._driver.outbox.listen()
        if self._is_heard:
            self.feed(LineBack())
        self._is_heard = True
        return events

    def leave(self) -> None:
        """The line is lost."""
        self._driver.outbox.leave()
        self.feed(LineLost())

    def come_back(self) -> int:
        """Another line takes the place of the one before; its number."""
        self.line += 1
        self.leave()
        return self.line

    def free(self, then: Callable[[], None]) -> None:
        """The farewell is told: give back everything that is held."""
        if self._freeing is None:
            self._freeing = asyncio.create_task(self._free_all(then))

    async def wait_free(self, timeout_s: float | None = None) -> None:
        """Returns when nothing is held any more, or after so long."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._free.wait()
        except TimeoutError:
            return

    async def close(self, why: ParleyError | None = None) -> None:
        """End now; returns when everything is free."""
        self.feed(StopAsked(error=why))
        await self.wait_free()

    async def _free_all(self, then: Callable[[], None]) -> None:
        try:
            await self._driver.close()
            await self._ear.close()
            await self._keeper.close()
        finally:
            then()
            self._free.set()


class SessionLine:
    """What a door is given: a session as one of its lines sees it. What an older line says is not heard."""

    def __init__(self, session: Session, number: int, forget: Callable[[Session], None]) -> None:
        self._session = session
        self._number = number
        self._forget = forget

    @property
    def facts(self) -> ConversationFacts:
        """See AssistantSession."""
        return self._session.facts

    @property
    def state(self) -> State:
        """See AssistantSession."""
        return self._session.state

    @property
    def received_samples(self) -> int:
        """See AssistantSession."""
        return self._session.received_samples

    @property
    def _is_current(self) -> bool:
        return self._session.line == self._number

    async def write(self, pcm: bytes | bytearray | memoryview) -> None:
        """See AssistantSession."""
        if self._is_current:
            await self._session.write(pcm)

    async def finalize(self) -> None:
        """See AssistantSession."""
        self._feed(FinalizePressed())

    async def say(self, text: str) -> None:
        """See AssistantSession."""
        if self._is_current:
            self._session.say(text)

    async def interrupt(self) -> None:
        """See AssistantSession."""
        self._feed(InterruptPressed())

    async def played(self, turn: int, samples: int) -> None:
        """See AssistantSession."""
        self._feed(PlayedSamples(turn=turn, samples=samples))

    async def reset(self) -> None:
        """See AssistantSession."""
        if self._is_current:
            await self._session.reset()

    async def stop(self) -> None:
        """See AssistantSession."""
        self._feed(StopAsked())

    def listen(self) -> AsyncIterator[AssistantEvent]:
        """See AssistantSession."""
        return self._events(self._session.listen() if self._is_current else None)

    async def _events(self, events: AsyncIterator[AssistantEvent] | None) -> AsyncIterator[AssistantEvent]:
        if events is None:
            return
        async for event in events:
            yield event
        if self._is_current and self._session.is_over:
            self._forget(self._session)

    async def leave(self) -> None:
        """See AssistantSession."""
        if self._is_current:
            self._session.leave()

    async def close(self) -> None:
        """See AssistantSession."""
        if self._is_current:
            await self._session.close()
            self._forget(self._session)

    def _feed(self, event: Happening) -> None:
        if self._is_current:
            self._session.feed(event)

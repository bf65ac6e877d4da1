"""Opens conversations, finds those whose line was lost, and sees them out."""

from __future__ import annotations

import asyncio
import hmac
import logging
import secrets
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from parley.assistant.contract import (
    AssistantStats,
    ConversationFacts,
    LanguageModel,
    Memory,
    Message,
    Warmable,
)
from parley.assistant.driver import Driver, Means
from parley.assistant.ear import Ear
from parley.assistant.events import Loudness, Trouble, TurnMetrics
from parley.assistant.floor import ANSWER_RATE_HZ, MOST_REMEMBERED, Floor
from parley.assistant.happenings import Happening, Opened, StopAsked
from parley.assistant.keeper import Keeper
from parley.assistant.options import AssistantLimits, AssistantWish
from parley.assistant.parrot import Parrot
from parley.assistant.session import Session, SessionLine
from parley.assistant.tally import Tally
from parley.errors import (
    FleetClosed,
    InvalidOption,
    ParleyError,
    SessionNotFound,
    TooManySessions,
    VoicesNotInstalled,
)
from parley.live.contract import LiveRoom
from parley.live.options import LiveWish
from parley.speech.voice import FASTEST, SLOWEST
from parley.synthesis.contract import SynthesisRoom
from parley.synthesis.options import SpeakingWish

_log = logging.getLogger(__name__)

CLOSE_GRACE_S = 5.0
"""So long the conversations that are still there may take to be kept when the room is closed."""


class Assistant:
    """The room of contract.AssistantRoom: `async with Assistant(...) as room`. `told` is called with every
    turn's metrics and every trouble.

    `profile_tts` says which engine speaks best beside a profile. `instructions` are what the language
    model is told where a client says nothing else.
    """

    def __init__(
        self,
        live: LiveRoom,
        synthesis: SynthesisRoom | None,
        model: LanguageModel,
        memory: Memory,
        limits: AssistantLimits,
        instructions: str = "",
        profile_tts: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.monotonic,
        told: Callable[[TurnMetrics | Trouble], None] | None = None,
    ) -> None:
        self._live = live
        self._synthesis = synthesis
        self._model = model
        self._memory = memory
        self._limits = limits
        self._instructions = instructions
        self._profile_tts = profile_tts or {}
        self._clock = clock
        self._sessions: dict[str, Session] = {}
        self._ended: dict[str, Session] = {}
        self._opening: list[str] = []
        self._tally = Tally(told)
        self._is_closed = False
        self._burials: dict[str, asyncio.TimerHandle] = {}
        self._warming: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self.drain(CLOSE_GRACE_S)
        finally:
            for session in tuple(self._ended.values()):
                self._forget(session)
            warming = set(self._warming)
            for task in warming:
                task.cancel()
            if warming:
                await asyncio.wait(warming)

    async def open(self, user: str, wish: AssistantWish) -> SessionLine:
        """See AssistantRoom."""
        _check(wish)
        self._admit(user)
        self._opening.append(user)
        try:
            session, trouble = await self._begin(user, wish)
        finally:
            self._opening.remove(user)
        self._tally.opened += 1
        self._sessions[session.facts.session_id] = session
        session.feed(Opened())
        if trouble is not None:
            session.tell(Trouble(error=trouble))
        if self._is_closed:
            session.feed(StopAsked(error=_closed()))
        return SessionLine(session, session.line, self._forget)

    async def _begin(self, user: str, wish: AssistantWish) -> tuple[Session, ParleyError | None]:
        """Everything that a conversation is made of; and what it lacks."""
        conversation_id, history = await self._recall(user, wish)
        parts = _Parts()
        ear = Ear(self._live, user, _live_wish(wish), parts.feed, parts.tell, self._clock)
        await ear.open()
        try:
            if isinstance(self._model, Warmable):
                self._warm(self._model.warm())
            speaking, voice, trouble = await self._voice(user, wish, ear.profile)
        except BaseException:
            await ear.close()
            raise
        facts = ConversationFacts(
            session_id=secrets.token_hex(8),
            resume_token=secrets.token_urlsafe(24),
            conversation_id=conversation_id,
            voice=voice,
            language=wish.language,
            sample_rate_hz=ANSWER_RATE_HZ,
            model=self._model.name,
            is_parrot=isinstance(self._model, Parrot),
        )
        floor = Floor(
            limits=self._limits,
            hands_free=wish.hands_free,
            has_voice=speaking is not None,
            epoch=time.time() - self._clock(),
            history=tuple(history),
        )
        keeper = Keeper(self._memory, user, conversation_id, wish.language, parts.lament)
        means = Means(
            user=user,
            model=self._model,
            instructions=wish.instructions or self._instructions,
            language=wish.language,
            synthesis=self._synthesis,
            voice=speaking,
            finalize=ear.finalize,
            measured=self._tally.measured,
            troubled=self._tally.troubled,
            over=parts.over,
            clock=self._clock,
        )
        driver = Driver(floor, means, keeper)
        session = Session(user, facts, driver, ear, keeper)
        parts.driver, parts.ended = driver, lambda: self._over(session)
        return session, trouble

    async def _recall(self, user: str, wish: AssistantWish) -> tuple[str, Sequence[Message]]:
        if wish.conversation_id is None:
            return await self._memory.begin(user, wish.language), ()
        messages = await self._memory.messages(user, wish.conversation_id, MOST_REMEMBERED)
        return wish.conversation_id, messages

    async def _voice(
        self, user: str, wish: AssistantWish, profile: str | None
    ) -> tuple[SpeakingWish | None, str | None, ParleyError | None]:
        """How answers are spoken and by whom, or why they are not."""
        speaking = SpeakingWish(
            voice=wish.voice,
            language=wish.language,
            engine=self._profile_tts.get(profile or ""),
            speed=wish.speed,
            sample_rate_hz=ANSWER_RATE_HZ,
        )
        try:
            if self._synthesis is None:
                raise VoicesNotInstalled("No voice is installed, so answers are text; see 'parley voices'.")
            # Whether a voice can do what is wished is known when it is asked to; it is not made to speak.
            trial = await self._synthesis.open(user, speaking)
        except VoicesNotInstalled as error:
            return None, None, error
        voice = trial.voice
        await trial.cancel()
        self._warm(self._synthesis.warm(voice))
        return speaking, voice.voice_id, None

    def _warm(self, getting_ready: Coroutine[Any, Any, None]) -> None:
        """Have somebody get ready while the user begins to speak; what fails is told when it is needed."""
        task = asyncio.create_task(getting_ready)
        self._warming.add(task)
        task.add_done_callback(self._is_warm)

    def _is_warm(self, task: asyncio.Task[None]) -> None:
        self._warming.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            _log.debug("not ready for a conversation", exc_info=error)

    async def resume(self, user: str, token: str) -> SessionLine:
        """See AssistantRoom."""
        found = None
        for session in (*self._sessions.values(), *self._ended.values()):
            if hmac.compare_digest(session.facts.resume_token.encode(), token.encode()):
                found = session
        if found is None or found.user != user:
            raise SessionNotFound("There is no such conversation any more; open a new one.")
        return SessionLine(found, found.come_back(), self._forget)

    async def drain(self, grace_s: float) -> None:
        """See AssistantRoom."""
        self._is_closed = True
        sessions = tuple(self._sessions.values())
        for session in sessions:
            session.feed(StopAsked(error=_closed()))
        if sessions:
            await asyncio.gather(*(session.wait_free(grace_s) for session in sessions))

    def stats(self) -> AssistantStats:
        """See AssistantRoom."""
        return self._tally.stats(len(self._sessions))

    def _admit(self, user: str) -> None:
        if self._is_closed:
            raise _closed()
        users = [*(session.user for session in self._sessions.values()), *self._opening]
        limits = self._limits
        if len(users) >= limits.max_sessions or users.count(user) >= limits.max_sessions_per_user:
            self._tally.refused += 1
            raise TooManySessions("As many conversations are open as may be; end one, or try again later.")

    def _over(self, session: Session) -> None:
        """Its farewell waits for its listener; what it held is given back, then its place."""
        name = session.facts.session_id
        self._ended[name] = session

        def give_place() -> None:
            self._sessions.pop(name, None)

        session.free(give_place)
        loop = asyncio.get_running_loop()
        self._burials[name] = loop.call_later(self._limits.resume_s, self._forget, session)
        while len(self._ended) > self._limits.max_sessions:
            self._forget(next(iter(self._ended.values())))

    def _forget(self, session: Session) -> None:
        name = session.facts.session_id
        self._ended.pop(name, None)
        if burial := self._burials.pop(name, None):
            burial.cancel()


class _Parts:
    """What the ear and the keeper reach the driver by, which is made after them."""

    def __init__(self) -> None:
        self.driver: Driver | None = None
        self.ended: Callable[[], None] | None = None

    def feed(self, event: Happening) -> None:
        """Something was heard; before the conversation is open nobody has said anything."""
        if self.driver is not None:
            self.driver.feed(event)

    def tell(self, event: Loudness | Trouble) -> None:
        """The client is to know."""
        if self.driver is not None:
            self.driver.tell(event)

    def lament(self, error: ParleyError) -> None:
        """Something was not kept."""
        self.tell(Trouble(error=error))

    def over(self) -> None:
        """The farewell was told."""
        if self.ended is not None:
            self.ended()


def _check(wish: AssistantWish) -> None:
    if not SLOWEST <= wish.speed <= FASTEST:
        raise InvalidOption(f"'speed' is between {SLOWEST:g} and {FASTEST:g}; correct it.")


def _live_wish(wish: AssistantWish) -> LiveWish:
    return LiveWish(
        sample_rate_hz=wish.sample_rate_hz,
        language=wish.language,
        profile=wish.profile,
        levels=True,
        turns=True,
    )


def _closed() -> FleetClosed:
    return FleetClosed("The server is being stopped; open a new conversation when it is back.")

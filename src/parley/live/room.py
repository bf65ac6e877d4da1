"""Opens live sessions, finds those whose line was lost, and sees them out."""

from __future__ import annotations

import asyncio
import hmac
import logging
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self

from parley.engines.profiles import Profile
from parley.errors import (
    FleetClosed,
    SessionNotFound,
    UnsupportedOption,
)
from parley.live.admission import Admission
from parley.live.berth import Berth, Seats
from parley.live.contract import LiveStats, Recorder, Recording, SessionFacts
from parley.live.errands import Caller
from parley.live.line import SessionLine
from parley.live.options import LiveLimits, LiveWish
from parley.live.plans import Plan, plan
from parley.live.seat import Seat
from parley.live.session import Session
from parley.live.tally import Tally

_log = logging.getLogger(__name__)

TICK_S = 0.2
CLOSE_GRACE_S = 5.0
"""So long the sessions that are still there may take to tell their finals when the room is closed."""


class LiveSpeech:
    """The room of contract.LiveRoom: `async with LiveSpeech(...) as room`.

    `profiles` are installed, `known` are all there are; `seats` name the pool of each engine.
    """

    def __init__(
        self,
        fleet: Caller,
        profiles: Mapping[str, Profile],
        known: Mapping[str, Profile],
        default: str,
        seats: Sequence[Mapping[str, str]],
        limits: LiveLimits,
        recorder: Recorder | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._profiles = profiles
        self._known = known
        self._default = default
        self._seats = Seats(fleet, seats, clock)
        self._limits = limits
        self._recorder = recorder
        self._clock = clock
        self._sessions: dict[str, Session] = {}
        self._opening = 0
        self._ended: dict[str, Session] = {}
        self._tally = Tally()
        self._admission = Admission(limits, clock)
        self._is_closed = False
        self._ticker: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._ticker = asyncio.create_task(self._tick())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self.drain(CLOSE_GRACE_S)
        finally:
            for session in tuple(self._sessions.values()):
                await session.close(_closed())
            self._ended.clear()
            await self._seats.close()
            if self._ticker is not None:
                self._ticker.cancel()
                await asyncio.wait({self._ticker})

    async def open(self, user: str, wish: LiveWish) -> SessionLine:
        """See LiveRoom."""
        planned = plan(wish, self._profiles, self._known, self._default, self._limits)
        if wish.record and self._recorder is None:
            raise UnsupportedOption("Nothing is recorded here; leave 'record' out.")
        if self._is_closed:
            raise _closed()
        self._admission.admit(user, self._sessions.values(), self._opening)
        seat = self._seats.choose(planned.engines)
        if seat is None:
            raise UnsupportedOption(
                f"Profile '{planned.profile}' has no live workers here; restart the server, "
                "or use another one."
            )
        self._opening += 1
        try:
            recording = await self._recorder.open(user, wish) if wish.record and self._recorder else None
        finally:
            self._opening -= 1
        if self._is_closed:
            if recording is not None:
                await recording.abandon()
            raise _closed()
        return self._begin(user, wish, planned, seat, recording)

    def _begin(
        self, user: str, wish: LiveWish, planned: Plan, seat: Seat, recording: Recording | None
    ) -> SessionLine:
        facts = SessionFacts(
            session_id=secrets.token_hex(8),
            resume_token=secrets.token_urlsafe(24),
            profile=planned.profile,
            sample_rate_hz=wish.sample_rate_hz,
            streaming=planned.is_streaming,
        )
        session = Session(
            user=user,
            facts=facts,
            wish=wish,
            plan=planned,
            limits=self._limits,
            berth=Berth(self._seats, seat, facts.session_id, planned.engines),
            recording=recording,
            clock=self._clock,
            over=self._over,
        )
        self._sessions[facts.session_id] = session
        self._tally.opened += 1
        return SessionLine(session, session.line, self._forget)

    async def resume(self, user: str, token: str) -> SessionLine:
        """See LiveRoom."""
        found = None
        for session in (*self._sessions.values(), *self._ended.values()):
            if hmac.compare_digest(session.facts.resume_token.encode(), token.encode()):
                found = session
        if found is None or found.user != user:
            raise SessionNotFound("There is no such session any more; open a new one.")
        return SessionLine(found, found.come_back(), self._forget)

    async def drain(self, grace_s: float) -> None:
        """See LiveRoom."""
        self._is_closed = True
        sessions = tuple(self._sessions.values())
        for session in sessions:
            session.end_input(_closed())
        if sessions:
            await asyncio.gather(*(session.wait(grace_s) for session in sessions))

    def stats(self) -> LiveStats:
        """See LiveRoom."""
        sessions = tuple(self._sessions.values())
        return self._tally.stats(sessions, self._admission.refused)

    def _over(self, session: Session) -> None:
        """Its last event is told, and waits for its listener."""
        self._sessions.pop(session.facts.session_id, None)
        self._tally.add(session)
        self._ended[session.facts.session_id] = session
        while len(self._ended) > self._limits.max_sessions:
            self._ended.pop(next(iter(self._ended)))

    def _forget(self, session: Session) -> None:
        self._ended.pop(session.facts.session_id, None)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            try:
                self._look_at_the_time()
            except Exception:  # noqa: BLE001 - the supervisor: no session may outlive its client because of another
                _log.exception("live sessions could not be looked after")

    def _look_at_the_time(self) -> None:
        for session in tuple(self._sessions.values()):
            session.tick()
        self._admission.note(self._sessions.values())
        self._bury()

    def _bury(self) -> None:
        now = self._clock()
        for session in tuple(self._ended.values()):
            if session.ended_at is not None and now - session.ended_at >= self._limits.resume_s:
                self._forget(session)


def _closed() -> FleetClosed:
    return FleetClosed("The server is being stopped; open a new session when it is back.")

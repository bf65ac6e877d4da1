"""One worker as the fleet sees it: greets, loads, answers one call at a time, and is watched throughout."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import msgspec

import parley
from parley.engines.contract import EngineSpec
from parley.errors import EngineOutdated, InputError, ProfileNotInstalled, WorkerDied, WorkerHung, rebuild
from parley.fleet.child import Child
from parley.fleet.exchange import Exchange
from parley.fleet.limits import FleetLimits
from parley.fleet.line import Ticket
from parley.fleet.lost import Lost, TooLarge
from parley.fleet.spec import PoolSpec
from parley.fleet.watch import Watch
from parley.fleet.wear import Wear
from parley.wire.frames import (
    FRAME_VERSION,
    Call,
    Failure,
    FromWorker,
    Heartbeat,
    Hello,
    Load,
    Loaded,
    Progress,
    Request,
    Result,
    Trying,
)
from parley.wire.framing import FrameError


class Worker:
    """Speaks with one child. Every wait ends: by an answer, by `Lost`, or by `TooLarge`."""

    def __init__(self, child: Child, spec: PoolSpec, limits: FleetLimits) -> None:
        self.child = child
        self.loaded: dict[str, Loaded] = {}
        self.trying = ""
        self._loading: EngineSpec | None = None
        self._spec = spec
        self._limits = limits
        self._loop = asyncio.get_running_loop()
        self._watch = Watch(limits, self._loop.time())
        self._wear = Wear(limits)
        self._numbers = itertools.count(1)
        self._ticket: Ticket | None = None
        self._rss_bytes = 0
        self._exchange = Exchange(child, self._heard)

    @property
    def is_gone(self) -> bool:
        """Whether nothing more will be heard of it."""
        return self._exchange.ended.done()

    @property
    def worn(self) -> str | None:
        """Why it should be recycled, None while it may go on."""
        return self._wear.reason()

    async def greet(self) -> None:
        """Wait for the first frame; raises EngineOutdated or Lost."""
        self._watch.begin(self._loop.time(), "starting", self._limits.start_deadline_s)
        try:
            hello = await self.attend(asyncio.create_task(self._exchange.greeting()))
        except Lost as lost:
            if lost.is_nonsense:
                raise self._outdated(lost.detail) from lost
            raise
        theirs = (hello.package_version, hello.frame_version) if isinstance(hello, Hello) else None
        if theirs != (parley.__version__, FRAME_VERSION):
            raise self._outdated(f"{hello} where {parley.__version__}, {FRAME_VERSION} was expected")
        self._watch.rest()

    async def load(self, engine: EngineSpec, frame: Load) -> Loaded:
        """Load an engine; raises what loading raised in the worker, or Lost with `trying` as it was."""
        self.trying, self._loading = "", engine
        self._begin_loading(engine)
        question = msgspec.structs.replace(frame, call_id=next(self._numbers))
        answer = await self._ask(question)
        if not isinstance(answer, Loaded):
            raise _with_remedy(self._unwelcome(answer), engine)
        self._wear.loaded()
        self.loaded[engine.name] = answer
        return answer

    async def perform(self, ticket: Ticket, request: Request) -> Result:
        """Do the call of a ticket; raises its error, Lost or TooLarge.

        When the caller gives the call up, it may still end within `given_up_s`, which saves the
        worker; after that the worker is lost. One of live speech is not: others speak to it.
        """
        self._watch.begin_call(self._loop.time(), ticket.audio_s)
        question = Call(call_id=next(self._numbers), engine=ticket.engine.name, request=request)
        self._ticket = ticket
        try:
            answer = await self._ask(question, None if self._spec.is_live else ticket.answer)
        finally:
            self._ticket = None
        self._wear.called(self._rss_bytes)
        if not isinstance(answer, Result):
            raise self._unwelcome(answer)
        return answer

    async def attend(self, work: asyncio.Future[Any], given_up: asyncio.Future[Any] | None = None) -> Any:
        """The result of `work`, watching the worker meanwhile; once `given_up` not for long any more."""
        wanted = {given_up} if given_up is not None else set[asyncio.Future[Any]]()
        try:
            while not work.done():
                await self._look({work, self._exchange.ended, *wanted})
                if any(future.done() for future in wanted):
                    wanted.clear()
                    self._watch.begin(self._loop.time(), "being stopped", self._patience_s)
            return work.result()
        finally:
            work.cancel()

    async def _look(self, futures: set[asyncio.Future[Any]]) -> None:
        """Wait until something happens or it is time to look; raises Lost or TooLarge."""
        before = self._loop.time()
        interval_s = self._watch.next_look_s(before)
        done, _ = await asyncio.wait(futures, timeout=interval_s, return_when=asyncio.FIRST_COMPLETED)
        if done == {self._exchange.ended}:
            raise await self._departed()
        now = self._loop.time()
        self._watch.looked(before, now, interval_s)
        if not done and (failing := self._watch.overdue(now)) is not None:
            raise Lost(WorkerHung, failing)
        limit = self._limits.rss_limit_bytes
        if limit is not None and self._ticket is not None and self._rss_bytes > limit:
            raise TooLarge

    async def _departed(self) -> Lost:
        """What to say of a child whose pipe has ended, or who talks nonsense."""
        nonsense = self._exchange.ended.exception()
        await self.child.expire()
        if nonsense is None:
            return Lost(WorkerDied, self.child.fate(), self.child.murmur.last_lines())
        return Lost(WorkerDied, "sent something that is no frame", str(nonsense), is_nonsense=True)

    async def _ask(self, question: Load | Call, given_up: asyncio.Future[Any] | None = None) -> FromWorker:
        try:
            return await self.attend(asyncio.create_task(self._exchange.ask(question)), given_up)
        except FrameError as error:
            raise InputError("The request cannot be sent to a worker.", detail=str(error)) from error
        finally:
            self._watch.rest()

    @property
    def _patience_s(self) -> float:
        """For a call that nobody waits for any more."""
        given_up_s = self._limits.given_up_s
        return self._limits.stop_grace_s if given_up_s is None else given_up_s

    def _begin_loading(self, engine: EngineSpec, where: str = "") -> None:
        allowed_s = self._limits.load_allowed(sum(model.size_mib for model in engine.models))
        self._watch.begin(self._loop.time(), f"loading {engine.name}{where}", allowed_s)

    def _unwelcome(self, answer: FromWorker) -> Exception:
        if isinstance(answer, Failure):
            return rebuild(answer.code, answer.message, answer.detail)
        return Lost(WorkerDied, "answered something else than was asked", repr(answer))

    def _outdated(self, why: str) -> EngineOutdated:
        return EngineOutdated(self._spec.trouble("holds another version of parley"), detail=why)

    def _heard(self, frame: FromWorker) -> None:
        now = self._loop.time()
        self._watch.heard(now)
        if isinstance(frame, Heartbeat):
            self._rss_bytes = frame.rss_bytes
        elif isinstance(frame, Trying) and self._loading is not None:
            # Each device has the whole time: the one before may have taken most of it.
            self.trying = frame.device
            self._begin_loading(self._loading, f" on {frame.device}")
        elif isinstance(frame, Progress) and self._ticket is not None and not self._ticket.is_settled:
            self._watch.advance(now, frame.done_s)
            self._ticket.progress(frame.done_s)


def _with_remedy(error: Exception, engine: EngineSpec) -> Exception:
    """The worker knows what is missing, the parent knows how to get it."""
    if isinstance(error, ProfileNotInstalled) and engine.install:
        return ProfileNotInstalled(f"{error.message} Install it with: {engine.install}", detail=error.detail)
    return error

"""Tells targets what happened, tries again where one does not answer, and forgets nothing on a restart.

    tell() ──► a short line in memory ──► outbox (on the disk) ──► one task per target ──► target
               never waits                                         again after 5 s, 15 s, 45 s, ...

A dead target costs a row of the outbox and a socket; no job waits for it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

import msgspec

from parley.errors import StorageError
from parley.notify.events import Event
from parley.notify.options import NotifierOptions
from parley.notify.outbox import Delivery, Outbox
from parley.notify.payload import pack, unpack
from parley.notify.target import DeliveryFailed, Target

CALLBACK_PREFIX = "callback:"

_AT_ONCE = 100
_GLANCE_S = 0.1
_LONGEST_SLEEP_S = 60.0

PAUSE_S = 1.0
"""Before the outbox is asked again, after it could not be read or written."""

_T = TypeVar("_T")

_log = logging.getLogger(__name__)


class Notifier:
    """Feeds the targets. `targets` are by the names the outbox knows them by; `callback` makes the
    target of an address that a task names; `count` hears `(kind of target, outcome)`.
    """

    def __init__(
        self,
        outbox: Outbox,
        targets: Mapping[str, Target],
        options: NotifierOptions,
        *,
        callback: Callable[[str], Target] | None = None,
        count: Callable[[str, str], None] = lambda kind, outcome: None,
    ) -> None:
        self._outbox = outbox
        self._targets = targets
        self._options = options
        self._callback = callback
        self._count = count
        self._told: deque[tuple[str, Event]] = deque()
        self._news = asyncio.Event()
        self._busy: dict[str, asyncio.Task[None]] = {}
        self._settled: dict[str, tuple[float, int] | None] = {}
        """What became of deliveries and is not written down: removed, or the next try and its number."""
        self._rounds = asyncio.Lock()
        self.waiting = 0

    def tell(self, event: Event, callback: str | None = None) -> None:
        """Note an event for every target that wants it, and for the address of its task. Never waits."""
        names = list(self._targets) if event.kind in self._options.events else []
        if callback is not None and self._callback is not None:
            names.append(CALLBACK_PREFIX + callback)
        for name in names:
            if len(self._told) >= self._options.most_waiting:
                dropped, _ = self._told.popleft()
                self._give_way(1, dropped)
            self._told.append((name, event))
        self._news.set()

    async def run(self) -> None:
        """Deliver until cancelled."""
        try:
            while True:
                self._news.clear()
                await self._quietly(self._round)
                await self._sleep()
        finally:
            for task in self._busy.values():
                task.cancel()
            await asyncio.gather(*self._busy.values(), return_exceptions=True)

    async def flush(self, patience_s: float) -> None:
        """Write down what was told, and give targets a moment; what is left waits for the next start."""
        try:
            async with asyncio.timeout(patience_s):
                await self._quietly(self._round)
                while self._told or self._busy or self._settled:
                    await asyncio.sleep(_GLANCE_S)
                    await self._quietly(self._round)
        except TimeoutError:
            return

    async def _round(self) -> None:
        async with self._rounds:
            await self._write_down()
            while sum(self._start(delivery) for delivery in await self._due()):
                pass
            self.waiting = await self._outbox.count()

    async def _write_down(self) -> None:
        """Bring the outbox up to date: what was told, and what became of deliveries."""
        while self._told:
            name, event = self._told[0]
            dropped = await self._outbox.put(name, event.kind, pack(event), most=self._options.most_waiting)
            self._told.popleft()
            if dropped:
                self._give_way(dropped, name)
        for delivery_id, again in list(self._settled.items()):
            if again is None:
                await self._outbox.remove(delivery_id)
            else:
                await self._outbox.postpone(delivery_id, due_at=again[0], attempts=again[1])
            del self._settled[delivery_id]

    async def _due(self) -> Sequence[Delivery]:
        return await self._outbox.due(time.time(), besides=list(self._busy), limit=_AT_ONCE)

    def _start(self, delivery: Delivery) -> bool:
        """Begin a delivery, unless its target is busy with another."""
        name = delivery.target
        callbacks = sum(busy.startswith(CALLBACK_PREFIX) for busy in self._busy)
        is_callback = name.startswith(CALLBACK_PREFIX)
        if name in self._busy or delivery.id in self._settled:
            return False
        if is_callback and callbacks >= self._options.most_callbacks:
            return False
        task = asyncio.create_task(self._deliver(delivery), name="notification")
        self._busy[name] = task
        task.add_done_callback(lambda done: self._end(delivery, done))
        return True

    def _end(self, delivery: Delivery, task: asyncio.Task[None]) -> None:
        self._busy.pop(delivery.target, None)
        self._news.set()
        if not task.cancelled() and (bug := task.exception()) is not None:
            _log.error("a notification failed for a reason nobody foresaw", exc_info=bug)
            self._settled.setdefault(delivery.id, None)

    async def _deliver(self, delivery: Delivery) -> None:
        """Try once. What became of it is noted before anything can fail: nobody is told for ever."""
        target, event = self._find(delivery.target), _read(delivery.payload)
        if target is None or event is None:
            _log.warning("a notification was dropped: its target is not configured any more")
            self._settled[delivery.id] = None
            return
        try:
            await target.send(event)
        except DeliveryFailed as failure:
            self._fail(delivery, target.kind, event, failure)
        else:
            self._settled[delivery.id] = None
            self._count(target.kind, "sent")

    def _fail(self, delivery: Delivery, kind: str, event: Event, failure: DeliveryFailed) -> None:
        attempts = delivery.attempts + 1
        if failure.permanent or attempts >= self._options.attempts:
            self._settled[delivery.id] = None
            self._count(kind, "given_up")
            _log.warning("%s was not told of %s: %s It is given up.", kind, event.kind, failure.message)
            return
        wait = self._options.wait_after(attempts)
        self._settled[delivery.id] = time.time() + wait, attempts
        self._count(kind, "failed")
        _log.info("%s was not told of %s: %s Again in %.0f s.", kind, event.kind, failure.message, wait)

    def _find(self, name: str) -> Target | None:
        if name.startswith(CALLBACK_PREFIX):
            return self._callback(name.removeprefix(CALLBACK_PREFIX)) if self._callback else None
        return self._targets.get(name)

    def _give_way(self, number: int, name: str) -> None:
        _log.warning("%d notifications were dropped: too many wait for targets that do not answer", number)
        self._count(name.partition(":")[0], "dropped")

    async def _sleep(self) -> None:
        """Until something was told, a target is free, or a delivery is due."""
        due = await self._quietly(lambda: self._outbox.next_due(besides=list(self._busy)))
        wait = _LONGEST_SLEEP_S if due is None else due - time.time()
        if self._settled:
            wait = _GLANCE_S
        try:
            # Not wait_for: before Python 3.12 it may lose a cancellation that comes with the news.
            async with asyncio.timeout(min(_LONGEST_SLEEP_S, max(_GLANCE_S, wait))):
                await self._news.wait()
        except TimeoutError:
            return

    async def _quietly(self, work: Callable[[], Awaitable[_T]]) -> _T | None:
        """A full disk is told by others; notifications wait until it is over."""
        try:
            return await work()
        except StorageError as error:
            _log.warning("the outbox could not be read or written: %s", error.code)
            await asyncio.sleep(PAUSE_S)
            return None


def _read(payload: bytes) -> Event | None:
    try:
        return unpack(payload)
    except msgspec.MsgspecError:
        return None

"""What becomes of a session's utterances: partial texts while they go on, one last word when they have ended.

Both ways of hearing do one thing at a time, for the oldest utterance that is not told, in a task that is
there only while there is something to do.
"""

from __future__ import annotations

import asyncio
import contextlib
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from parley.live.berth import Berth
from parley.live.outbox import Outbox
from parley.live.plans import Plan
from parley.live.recognising import Recognising
from parley.live.rescue import Rescue, SpotLost
from parley.live.telling import Said, Telling
from parley.live.utterances import Utterance

MOST_UNTOLD = 8
"""Utterances that have ended and are not told, before no more audio is listened to."""

FULL_WAIT_S = 0.1
"""How often is looked whether a listener who takes nothing has taken something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What hearing needs of its session; `changed` is called when something was told, `defect` when it
    cannot go on. As long as not `may_tell`, finals wait."""

    plan: Plan
    berth: Berth
    outbox: Outbox
    telling: Telling
    read: Callable[[int, int], bytes]
    new_rescue: Callable[[], Rescue]
    changed: Callable[[], None]
    defect: Callable[[BaseException], None]
    may_tell: Callable[[], bool]


class Hearing(ABC):
    """The utterances that are not told yet; all but the last have ended."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._plan = means.plan
        self._telling = means.telling
        self._recognising = Recognising(means.plan, means.berth, means.new_rescue(), means.read)
        self._utterances: deque[Utterance] = deque()
        self._task: asyncio.Task[None] | None = None
        self.skipped_partials = 0

    @property
    def oldest(self) -> Utterance | None:
        """The first utterance that is not told, ended or not."""
        return self._utterances[0] if self._utterances else None

    @property
    def is_crowded(self) -> bool:
        """Whether so many utterances wait that listening should."""
        return len(self._utterances) > MOST_UNTOLD

    @property
    def is_idle(self) -> bool:
        """Whether everything is told."""
        return not self._utterances and (self._task is None or self._task.done())

    def begin(self, utterance: Utterance) -> None:
        """An utterance goes on from now; the one before has ended."""
        self._utterances.append(utterance)

    def grew(self) -> None:
        """The utterance that goes on has more audio, or has ended."""
        if self._task is None or self._task.done():
            if not self._has_work():
                return
            self._task = asyncio.create_task(self._work())
            self._task.add_done_callback(self._ended)

    def surrender(self) -> None:
        """End: whatever was shown becomes final as it is."""
        while self._utterances:
            self._telling.surrender(self._utterances.popleft())
        self.close()

    def close(self) -> None:
        """Leave nothing behind."""
        if self._task is not None:
            self._task.cancel()

    async def wait_closed(self) -> None:
        """Return when the task is gone."""
        if self._task is not None:
            await asyncio.wait({self._task})

    @abstractmethod
    def _wants_partial(self, utterance: Utterance) -> bool:
        """Whether it is time for a partial text of an utterance that goes on."""

    @abstractmethod
    async def _partial(self, utterance: Utterance) -> None:
        """Make and tell one; raises SpotLost, or what ends the session."""

    @abstractmethod
    async def _last_word(self, utterance: Utterance) -> Said:
        """What an utterance that has ended says; raises SpotLost, or what ends the session."""

    def _has_work(self) -> bool:
        oldest = self.oldest
        return oldest is not None and (oldest.whole is not None or self._wants_partial(oldest))

    async def _work(self) -> None:
        while self._has_work():
            utterance = self._utterances[0]
            if utterance.whole is None:
                await self._try_partial(utterance)
                continue
            await self._wait_for_listener()
            await self._conclude(utterance)

    async def _wait_for_listener(self) -> None:
        while not self._means.may_tell():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(FULL_WAIT_S):
                    await self._means.outbox.wait_for_room()

    async def _try_partial(self, utterance: Utterance) -> None:
        try:
            await self._partial(utterance)
        except SpotLost:
            # The final will say what is wrong, if it still is.
            utterance.is_mute = True

    async def _conclude(self, utterance: Utterance) -> None:
        try:
            said = await self._last_word(utterance)
        except SpotLost as lost:
            self._utterances.popleft()
            self._telling.lost(utterance, lost.error)
        else:
            self._utterances.popleft()
            self._telling.final(utterance, said)
            self._recognising.remember(said.text)
        self._means.changed()

    def _ended(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._means.defect(error)
        else:
            self._means.changed()

"""Many sessions at once, as many as are wanted, each somewhere else in the same script."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from parley.bench.live.journal import Journal
from parley.bench.live.line import LINE_LOST, Dial, LineClosed, Refused
from parley.bench.live.matching import beyond
from parley.bench.live.pacing import BYTES_PER_S, CHUNK_S, for_ever
from parley.bench.live.session import Session
from parley.wire.speech.asr_client import Start

_GOLDEN = 0.618034
"""Steps of this share of the script lie evenly in it, however many they are."""

CLOSING_S = 60.0
"""For sessions that were told to leave."""


@dataclass(slots=True)
class _Member:
    session: Session
    task: asyncio.Task[None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What the sessions of a crowd were told in a stretch of time; seconds."""

    lags_s: tuple[float, ...]
    """As the server said."""
    finals_s: tuple[float, ...]
    """By how much finals came later than the silence that ends an utterance."""
    late_s: tuple[float, ...]
    """By how much we sent late."""


@dataclass(slots=True, kw_only=True)
class Crowd:
    """Sessions that speak `pcm` over and over; `refused` and `lost` count by reason, since it was made."""

    dial: Dial
    start: Start
    pcm: bytes
    silence_s: float
    refused: Counter[str] = field(default_factory=Counter[str])
    lost: Counter[str] = field(default_factory=Counter[str])
    _members: list[_Member] = field(default_factory=list[_Member])
    _left: list[_Member] = field(default_factory=list[_Member])
    _made: int = 0

    @property
    def size(self) -> int:
        """Sessions that speak."""
        return len(self._members)

    async def resize(self, number: int, over_s: float) -> None:
        """Come to `number` sessions; new ones begin one after another within `over_s`."""
        surplus = [self._members.pop() for _ in range(self.size - number)]
        for member in surplus:
            member.session.leave()
        self._left += surplus
        missing = number - self.size
        if missing > 0:
            begin = asyncio.get_running_loop().time()
            starts = [asyncio.create_task(self._join(begin + over_s * n / missing)) for n in range(missing)]
            await asyncio.gather(*starts)

    async def knock(self) -> None:
        """Try to be one more; whoever is let in stays."""
        await self._join(0.0)

    async def close(self) -> None:
        """End all sessions, and wait for what they still have to hear, but not for ever."""
        await self.resize(0, 0.0)
        tasks = [member.task for member in self._left]
        if tasks:
            await asyncio.wait(tasks, timeout=CLOSING_S)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._left.clear()

    def heard(self, since: float, until: float) -> Heard:
        """What those that speak now were told."""
        journals = [member.session.journal for member in self._members]
        acks = [ack for each in journals for ack in each.acks if since <= ack.at < until]
        return Heard(
            lags_s=tuple(ack.lag_ms / 1000 for ack in acks),
            finals_s=tuple(
                value for each in journals for value in beyond(each, self.silence_s, since, until)
            ),
            late_s=tuple(value for each in journals for value in _lately(each, until - since)),
        )

    def lags_now(self) -> list[float]:
        """The lag that each session was told last, in seconds."""
        journals = [member.session.journal for member in self._members]
        return [each.acks[-1].lag_ms / 1000 for each in journals if each.acks]

    @property
    def skipped(self) -> int:
        """Partials left out so far in the sessions there are or were."""
        return sum(each.session.journal.skipped for each in (*self._members, *self._left))

    async def _join(self, at: float) -> None:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(max(0.0, at - loop.time()))
        session = Session(self.dial, self.start, self._chunks())
        try:
            await session.open()
        except Refused as error:
            self.refused[error.reason] += 1
        except LineClosed:
            self.refused[LINE_LOST] += 1
        else:
            member = _Member(session, asyncio.create_task(session.speak()))
            self._members.append(member)
            member.task.add_done_callback(lambda _: self._ended(member))

    def _chunks(self) -> Iterator[bytes]:
        self._made += 1
        return for_ever(self.pcm, self._made * _GOLDEN % 1.0 * len(self.pcm) / BYTES_PER_S)

    def _ended(self, member: _Member) -> None:
        if member in self._members:
            self._members.remove(member)
            self._left.append(member)
            self.lost[member.session.journal.problem or LINE_LOST] += 1


def _lately(journal: Journal, seconds: float) -> list[float]:
    return journal.late_s[-max(1, int(seconds / CHUNK_S)) :]

"""How long finals and partials have to be waited for, beside a crowd or alone."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from parley.bench.live.delays import delays
from parley.bench.live.line import Dial, LineClosed, Refused
from parley.bench.live.matching import Waits, together, waits
from parley.bench.live.pacing import once
from parley.bench.live.report import Latency
from parley.bench.live.script import Script
from parley.bench.live.session import Session
from parley.errors import LiveOverloaded, ParleyError, ServerUnreachable
from parley.wire.speech.asr_client import Start

STAGGER_S = 0.37
"""Between the beginnings of those that are listened to: no multiple of a chunk."""

PATIENCE_S = 30.0
"""With a server that is still busy with what was before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyMeasurement:
    """Says the script in real time; `silence_s` of silence ends an utterance."""

    dial: Dial
    start: Start
    script: Script
    silence_s: float

    async def measure(self, asked: int, beside: int) -> Latency:
        """With `asked` sessions that say the script, while `beside` others speak; raises ParleyError."""
        found = together(await asyncio.gather(*(self._one(number) for number in range(asked))))
        return summed(found, asked, asked + beside, self.silence_s)

    async def _one(self, number: int) -> Waits:
        await asyncio.sleep(number * STAGGER_S)
        session = await opened(self.dial, self.start, self.script.pcm)
        await session.speak()
        require_done(session)
        return waits(self.script.said, session.journal)


def summed(found: Waits, asked: int, sessions: int, silence_s: float) -> Latency:
    """What was waited for in a few numbers."""
    return Latency(
        sessions=sessions,
        asked=asked,
        final=delays(found.finals),
        beyond=delays(found.finals, less_s=silence_s),
        word=delays(found.words),
        without_final=found.without_final,
        only_final=found.only_final,
        misheard=found.misheard,
    )


async def opened(dial: Dial, start: Start, pcm: bytes) -> Session:
    """A session that will say `pcm` once, when the server is no longer overloaded; raises ParleyError."""
    clock = asyncio.get_running_loop().time
    until = clock() + PATIENCE_S
    while True:
        session = Session(dial, start, once(pcm))
        try:
            await session.open()
            return session
        except Refused as error:
            if error.reason != LiveOverloaded.code or clock() > until:
                raise ParleyError(f"The server opened no session: {error.message}") from error
        except LineClosed as error:
            raise ServerUnreachable(f"No live session could be opened: {error}") from error
        await asyncio.sleep(1.0)


def require_done(*sessions: Session) -> None:
    """Raises ParleyError for a session that did not come to its end."""
    for session in sessions:
        if session.journal.problem:
            raise ParleyError(f"A live session ended before its time ({session.journal.problem}).")


def probes(sessions: int, most: int = 4) -> tuple[int, int]:
    """Of so many sessions, how many are listened to and how many speak beside them."""
    asked = max(1, min(most, sessions))
    return asked, max(0, sessions - asked)

"""What the room asks of the fleet: one clause said, one voice learnt."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from parley.engines.contract import EngineSpec
from parley.errors import (
    EngineFailed,
    OutOfMemory,
    ParleyError,
    SpeakingError,
    UnitPoisoned,
    WorkerDied,
    WorkerHung,
)
from parley.fleet.fleet import Answer
from parley.speech.voice import SpeakOptions
from parley.wire.frames import Request
from parley.wire.speaking import Speak, Spoken

URGENT, AHEAD = -2, -1
"""Who would fall silent goes before who has audio left, both before recordings where all take turns."""

CHARS_PER_S = 15.0
"""Characters said in a second; the patience for a clause is counted in seconds of audio."""

_LONGEST_PER_CHAR_S = 0.6
"""Numbers take longest: of "1234567" in Chinese each digit is two syllables."""

_LONGEST_FLOOR_S = 5.0
_LONGEST_S = 300.0
"""At 48 kHz 28 MB, which is less than a frame may have."""


class Caller(Protocol):
    """What the room needs of the fleet."""

    async def call(
        self,
        engine: str,
        request: Request,
        audio_s: float,
        on_progress: Callable[[float], None] | None = None,
        priority: int = 0,
        *,
        on_cpu: bool = False,
        pool: str | None = None,
    ) -> Answer:
        """See `Fleet.call`."""
        ...

    async def warm(self, *engines: str, keep: bool = True) -> None:
        """See `Fleet.warm`."""
        ...


async def say(
    fleet: Caller, engine: EngineSpec, text: str, options: SpeakOptions, priority: int
) -> tuple[Spoken, float]:
    """A clause as audio, and the processor seconds it took; raises ParleyError, one sentence for the user."""
    seconds = len(text) / CHARS_PER_S / options.speed
    longest_s = min(
        _LONGEST_S, (_LONGEST_FLOOR_S + _LONGEST_PER_CHAR_S * len(text)) / min(1.0, options.speed)
    )
    request = Speak(text=text, options=options, max_s=longest_s)
    try:
        answer = await _call(fleet, engine, request, seconds, priority)
    except (UnitPoisoned, WorkerDied, WorkerHung, EngineFailed, OutOfMemory) as error:
        raise _failed(error) from error
    if not isinstance(answer.reply, Spoken):
        raise TypeError(f"a tts engine answered {type(answer.reply).__name__}")
    return answer.reply, answer.cpu_s


async def _call(fleet: Caller, engine: EngineSpec, request: Request, seconds: float, priority: int) -> Answer:
    try:
        return await fleet.call(engine.name, request, seconds, priority=priority)
    except OutOfMemory:
        # Slower, but heard; where there is no other device this is OutOfMemory again.
        return await fleet.call(engine.name, request, seconds, priority=priority, on_cpu=True)


def _failed(error: ParleyError) -> SpeakingError:
    return SpeakingError(
        "The voice could not say a part of the text; try again, say it in other words or choose another "
        "voice.",
        detail=f"{error.code}: {error.message} {error.detail}",
    )

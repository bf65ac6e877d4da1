"""One conversation as a person has it: a microphone that never rests, and a loudspeaker."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from parley.bench.live.line import LineClosed
from parley.bench.live.pacing import BYTES_PER_S, pace
from parley.bench.talk.line import TalkLine, Told
from parley.bench.talk.tape import Tape
from parley.errors import ParleyError, ServerUnreachable
from parley.speech.media import SAMPLE_BYTES, SAMPLE_RATE_HZ
from parley.speech.span import Span
from parley.wire.speech.assistant_client import AssistantStart, AssistantStop, Interrupt, Played

CHUNK_S = 0.02
"""As a browser's microphone gives it."""

_CHUNK = int(CHUNK_S * SAMPLE_RATE_HZ) * SAMPLE_BYTES

READY_S = 60.0
"""For the answer to `start`."""

ANSWER_S = 60.0
"""From the end of speech to the first sound; the first one waits for workers that load their models."""

REPORT_S = 0.2
"""Between two messages of what was played."""

REST_S = 0.5
"""Of silence between two turns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnTaken:
    """What the tape holds of a turn: `spoken` is where the recording lies, `until_s` where the turn ended;
    `stages` is what the server says of its times."""

    spoken: Span
    until_s: float
    stages: dict[str, Any]


class Conversation:
    """Says recordings, one after the other, and interrupts each answer when its first sound was heard."""

    def __init__(self, line: TalkLine, start: AssistantStart) -> None:
        self._line = line
        self._start = start
        self._tape = Tape()
        self._waiting: deque[bytes] = deque()
        self._is_over = asyncio.Event()
        self._began = 0.0
        self._sent_s = 0.0
        self._state = "Idle"
        self._changed = asyncio.Condition()
        self._stages: dict[int, dict[str, Any]] = {}
        self._sounding: int | None = None
        self._problem: str | None = None
        self._flushed = 0
        self._given = 0
        self.model = ""
        self.voice = ""
        self.is_parrot = False
        self.late_s: list[float] = []

    @property
    def tape(self) -> Tape:
        """Both sides so far."""
        return self._tape

    async def open(self) -> None:
        """Be let in; raises ServerUnreachable, ParleyError."""
        await self._line.say(self._start)
        try:
            async with asyncio.timeout(READY_S):
                while (told := await self._line.hear()).kind != "ready":
                    if told.kind in ("voice_assistant:error", "auth_required"):
                        wanted = "The server wants a token; give one: --token"
                        raise ParleyError(str(told.data.get("message") or wanted))
        except (TimeoutError, LineClosed) as error:
            raise ServerUnreachable("The server opened no conversation.") from error
        if told.data["voice"] is None:
            raise ParleyError("The server has no voice; install one: pip install 'parley[espeak]'.")
        self.model, self.voice = str(told.data["model"]), str(told.data["voice"])
        self.is_parrot = bool(told.data["parrot"])
        self._tape.loudspeaker.sample_rate_hz = int(told.data["sample_rate"])

    async def hold(self, recordings: list[bytes]) -> list[TurnTaken]:
        """Say them all; raises ParleyError where an answer does not come."""
        self._began = self._now()
        tasks = [asyncio.create_task(work) for work in (self._speak(), self._listen(), self._report())]
        try:
            return [await self._turn(pcm) for pcm in recordings]
        finally:
            self._is_over.set()
            with contextlib.suppress(LineClosed):
                await self._line.say(AssistantStop())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._line.close()

    async def _turn(self, pcm: bytes) -> TurnTaken:
        self._sounding = None
        first_s = self._sent_s
        self._waiting.extend(pcm[at : at + _CHUNK] for at in range(0, len(pcm), _CHUNK))
        last_s = first_s + (len(pcm) + _CHUNK) / BYTES_PER_S
        await self._until(lambda: self._sounding is not None, last_s - self._sent_s + ANSWER_S)
        turn = self._sounding or 0
        # The first sound is in the first clause; some of it has to be on the tape.
        await asyncio.sleep(REST_S)
        await self._line.say(Interrupt())
        await self._until(lambda: turn in self._stages and self._state in ("Idle", "Listening"), ANSWER_S)
        until_s = self._at()
        await asyncio.sleep(REST_S)
        return TurnTaken(
            spoken=Span(first_s, last_s),
            until_s=until_s,
            stages=self._stages[turn],
        )

    async def _until(self, is_so: Callable[[], bool], patience_s: float) -> None:
        try:
            async with asyncio.timeout(patience_s), self._changed:
                await self._changed.wait_for(lambda: self._problem is not None or is_so())
        except TimeoutError:
            raise ParleyError("The server gave no answer in time.") from None
        if self._problem is not None:
            raise ParleyError(self._problem)

    async def _speak(self) -> None:
        # The listener learns why the line closed.
        with contextlib.suppress(LineClosed):
            await pace(self._chunks(), self._began, self._send, self.late_s.append, self._is_over)

    def _chunks(self) -> Iterator[bytes]:
        silence = bytes(_CHUNK)
        while not self._is_over.is_set():
            chunk = self._waiting.popleft() if self._waiting else silence
            yield chunk.ljust(_CHUNK, b"\0")

    async def _send(self, chunk: bytes) -> None:
        self._tape.microphone.lay(self._sent_s, chunk)
        self._sent_s += len(chunk) / BYTES_PER_S
        await self._line.send(chunk)

    async def _listen(self) -> None:
        try:
            while True:
                self._take(await self._line.hear())
                async with self._changed:
                    self._changed.notify_all()
        except LineClosed as error:
            self._problem = str(error)
            async with self._changed:
                self._changed.notify_all()

    def _take(self, told: Told) -> None:
        match told.kind:
            case "audio":
                if told.data["turn"] > self._flushed:
                    self._sounding = int(told.data["turn"])
                    self._tape.loudspeaker.lay(self._at(), told.pcm)
                    self._given = int(told.data["first_sample"]) + int(told.data["samples"])
            case "voice_assistant:playback" if told.data["action"] == "flush":
                self._flushed = max(self._flushed, int(told.data["turn"]))
                self._tape.loudspeaker.cut(self._at())
            case "voice_assistant:state_changed":
                self._state = str(told.data["state"])
            case "voice_assistant:turn_metrics":
                self._stages[int(told.data["turn"])] = told.data
            case "voice_assistant:error":
                self._problem = str(told.data["message"])
            case _:
                pass

    async def _report(self) -> None:
        """Say what was played, as a loudspeaker that never stops would have it."""
        began: dict[int, float] = {}
        with contextlib.suppress(LineClosed):
            while True:
                await asyncio.sleep(REPORT_S)
                turn = self._sounding
                if turn is not None and turn > self._flushed:
                    played_s = self._at() - began.setdefault(turn, self._at())
                    played = min(self._given, int(played_s * self._tape.loudspeaker.sample_rate_hz))
                    await self._line.say(Played(turn=turn, samples=played))

    def _at(self) -> float:
        """Seconds on the tape."""
        return self._now() - self._began

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()

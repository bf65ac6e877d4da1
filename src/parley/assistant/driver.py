"""Runs what the machine wants done, and tells it what happened; decides nothing."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

from parley.assistant import effects
from parley.assistant.contract import LanguageModel
from parley.assistant.effects import Effect
from parley.assistant.events import (
    AnswerAudio,
    AssistantEvent,
    Farewell,
    PlaybackOrder,
    Trouble,
    TurnMetrics,
)
from parley.assistant.floor import Floor
from parley.assistant.happenings import AudioSent, Happening, TimePassed, ToolMissing
from parley.assistant.keeper import Keeper
from parley.assistant.loudspeaker import Loudspeaker
from parley.assistant.machine import step
from parley.assistant.mouth import Mouth
from parley.assistant.outbox import Outbox
from parley.assistant.writer import Writer
from parley.synthesis.contract import SynthesisRoom
from parley.synthesis.options import SpeakingWish


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What a conversation is made of beside its state. `voice` is None where it is silent; `finalize` ends
    the utterance, `measured` and `troubled` count, `over` is called once, with the farewell."""

    user: str
    model: LanguageModel
    instructions: str
    language: str | None
    synthesis: SynthesisRoom | None
    voice: SpeakingWish | None
    finalize: Callable[[], Coroutine[Any, Any, None]]
    measured: Callable[[TurnMetrics], None]
    troubled: Callable[[Trouble], None]
    over: Callable[[], None]
    clock: Callable[[], float]


class Driver:
    """`feed` takes what happens, one after another; nothing in it waits."""

    def __init__(self, floor: Floor, means: Means, keeper: Keeper) -> None:
        self.floor = floor
        self._means = means
        self._keeper = keeper
        self._loudspeaker = Loudspeaker(floor.sample_rate_hz, lambda: self.outbox.look())
        self.outbox = Outbox(self._take_audio)
        self._writer: Writer | None = None
        self._mouth: Mouth | None = None
        self._leaving: set[asyncio.Task[None]] = set()
        self._happened: deque[Happening] = deque()
        self._is_running = False
        self._alarm: asyncio.TimerHandle | None = None
        self._does: Mapping[type[Effect], Callable[[Any], None]] = {
            effects.Tell: self._tell,
            effects.TellFirst: self._tell_first,
            effects.LetSound: self._let_sound,
            effects.Rewind: self._rewind,
            effects.AskModel: self._ask,
            effects.DropModel: self._drop_model,
            effects.SpeakText: self._speak,
            effects.EndText: self._end_text,
            effects.DropVoice: self._drop_voice,
            effects.CallTool: self._call_tool,
            effects.FinalizeRecognition: self._finalize,
            effects.Remember: self._remember,
            effects.ForgetAll: self._forget_all,
            effects.Measure: self._measure,
            effects.End: self._end,
        }

    def feed(self, event: Happening) -> None:
        """Something happened."""
        self._happened.append(event)
        if self._is_running:
            return
        self._is_running = True
        try:
            while self._happened:
                self._step(self._happened.popleft())
        finally:
            self._is_running = False
        self._set_alarm()

    def tell(self, event: AssistantEvent) -> None:
        """Tell the client something that is none of the machine's business."""
        if isinstance(event, Trouble):
            self._means.troubled(event)
        self.outbox.put(event)

    async def close(self) -> None:
        """Free everything."""
        if self._alarm is not None:
            self._alarm.cancel()
        self._leave_model()
        self._leave_voice()
        while self._leaving:
            await asyncio.wait(set(self._leaving))

    def _step(self, event: Happening) -> None:
        now = self._means.clock()
        self.floor, wanted = step(self.floor, event, now)
        for effect in wanted:
            self._does[type(effect)](effect)
        self._loudspeaker.forget(self.floor.position(now))

    def _set_alarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        deadline = self.floor.deadline
        if deadline is not None:
            wait_s = max(0.0, deadline - self._means.clock())
            self._alarm = asyncio.get_running_loop().call_later(wait_s, self.feed, TimePassed())

    # What the listener takes.

    def _take_audio(self) -> AnswerAudio | None:
        audio = self._loudspeaker.take()
        if audio is not None:
            until = audio.first_sample + len(audio.pcm) // 2
            speaker = self._loudspeaker
            self.feed(AudioSent(turn=audio.turn, revision=speaker.revision, until=until))
        return audio

    def _has_room(self) -> bool:
        """Whether the buffer takes more: less waits to be played than may."""
        speaker, floor = self._loudspeaker, self.floor
        answer = floor.answer
        if answer is None or (answer.turn, answer.revision) != (speaker.turn, speaker.revision):
            return True
        ahead = speaker.made - floor.position(self._means.clock())
        return ahead < floor.limits.max_ahead_s * floor.sample_rate_hz

    # Effects.

    def _tell(self, effect: effects.Tell) -> None:
        self.tell(effect.event)

    def _tell_first(self, effect: effects.TellFirst) -> None:
        if isinstance(effect.event, PlaybackOrder):
            obey = {
                "pause": self._loudspeaker.hold,
                "resume": self._loudspeaker.resume,
                "flush": self._loudspeaker.flush,
            }
            obey[effect.event.action]()
        self.outbox.put_first(effect.event)

    def _let_sound(self, effect: effects.LetSound) -> None:
        if (effect.turn, effect.revision) == (self._loudspeaker.turn, self._loudspeaker.revision):
            self._loudspeaker.let_sound()

    def _rewind(self, effect: effects.Rewind) -> None:
        if effect.turn == self._loudspeaker.turn:
            self._loudspeaker.rewind(effect.sample)

    def _ask(self, effect: effects.AskModel) -> None:
        self._leave_model()
        self._leave_voice()
        means = self._means
        self._loudspeaker.begin(effect.turn, effect.revision, effect.first_sample)
        if effect.with_voice and means.synthesis is not None and means.voice is not None:
            self._mouth = Mouth(
                means.synthesis, means.user, means.voice, self._loudspeaker, self.feed, self._has_room
            )
        self._writer = Writer(
            means.model,
            effect.turn,
            effect.revision,
            means.instructions,
            effect.history,
            means.language,
            self.feed,
        )

    def _drop_model(self, effect: effects.DropModel) -> None:
        self._leave_model()

    def _leave_model(self) -> None:
        if self._writer is not None:
            self._see_out(self._writer.drop())
            self._writer = None

    def _speak(self, effect: effects.SpeakText) -> None:
        if self._mouth is not None:
            self._mouth.write(effect.text)

    def _end_text(self, effect: effects.EndText) -> None:
        if self._mouth is not None:
            self._mouth.end()

    def _drop_voice(self, effect: effects.DropVoice) -> None:
        self._leave_voice()
        self._loudspeaker.clear()

    def _leave_voice(self) -> None:
        if self._mouth is not None:
            self._see_out(self._mouth.drop())
            self._mouth = None

    def _see_out(self, task: asyncio.Task[None]) -> None:
        if not task.done():
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)

    def _call_tool(self, effect: effects.CallTool) -> None:
        self.feed(ToolMissing(turn=effect.turn, revision=effect.revision))

    def _finalize(self, effect: effects.FinalizeRecognition) -> None:
        self._see_out(asyncio.create_task(self._means.finalize()))

    def _remember(self, effect: effects.Remember) -> None:
        self._keeper.keep(effect.message)

    def _forget_all(self, effect: effects.ForgetAll) -> None:
        self._keeper.begin_anew()

    def _measure(self, effect: effects.Measure) -> None:
        self._leave_voice()
        self._loudspeaker.clear()
        self._means.measured(effect.metrics)

    def _end(self, effect: effects.End) -> None:
        self.outbox.put(Farewell(error=effect.error))
        self._means.over()

"""One session's way from audio to utterances: listens, decides where utterances end, and hands them on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from parley.errors import RecognitionFailed
from parley.live.hearing import Hearing
from parley.live.inlet import Inlet
from parley.live.judging import Judging
from parley.live.listening import GRID, WARM_UP_S, Listening, Speech
from parley.live.outbox import Outbox
from parley.live.plans import Plan
from parley.live.rescue import SpotLost
from parley.live.utterances import MARGIN_S, Part, Utterance, sample_at
from parley.signal.endpointing import LATE_S, Endpointer
from parley.signal.moments import Moment, Paused, SpeechBegan, SpeechEnded, UtteranceEnded
from parley.speech.live import Trouble, Voice
from parley.speech.media import SAMPLE_RATE_HZ
from parley.speech.span import Span

LEAST_FEED = SAMPLE_RATE_HZ * 8 // 100
MOST_FEED = SAMPLE_RATE_HZ
"""Samples of one feed: less is not worth a call, more keeps others waiting."""

LONGEST_WAIT_S = 0.1
"""Less than that is fed too when nothing more comes for so long."""

_WARM_UP = round(WARM_UP_S * SAMPLE_RATE_HZ) + GRID


class Actor:
    """Runs until the inlet has ended and everything is told."""

    def __init__(
        self,
        plan: Plan,
        judging: Judging,
        inlet: Inlet,
        outbox: Outbox,
        listening: Listening,
        hearing: Hearing,
        keep: Callable[[bytes], Awaitable[None]],
    ) -> None:
        self._judging = judging
        self._inlet = inlet
        self._outbox = outbox
        self._listening = listening
        self._hearing = hearing
        self._keep = keep
        self._endpointer = Endpointer(plan.longest_s)
        self._silence_s = plan.silence_s
        self._utterance: Utterance | None = None
        self._islands: list[Span] = []
        self._floor = 0
        self._changed = asyncio.Event()

    def look(self) -> None:
        """Something was told: there may be room for more."""
        self._changed.set()
        self._deal()

    async def run(self) -> None:
        """Raises what ends the session before its time."""
        is_over = False
        while not is_over:
            await self._wait_for_audio()
            await self._wait_for_room()
            is_over = await self._hear_on()
        while not self._hearing.is_idle:
            self._changed.clear()
            await self._changed.wait()

    async def _wait_for_audio(self) -> None:
        inlet = self._inlet
        while not (inlet.is_ended or inlet.cuts):
            new = inlet.last - self._listening.heard
            if new >= LEAST_FEED:
                return
            await inlet.wait(LONGEST_WAIT_S if new else None)
            if new and inlet.last == self._listening.heard + new:
                return

    async def _wait_for_room(self) -> None:
        """What is told after the end of the input is bounded by the ring, so nobody waits then."""
        while self._hearing.is_crowded or (self._outbox.is_full and not self._inlet.is_ended):
            self._changed.clear()
            await self._inlet.wait(LONGEST_WAIT_S)

    async def _hear_on(self) -> bool:
        """Listen to what has come since; whether that was the end of it."""
        inlet, heard = self._inlet, self._listening.heard
        until = min([inlet.last, heard + MOST_FEED, *list(inlet.cuts)[:1]])
        is_last = inlet.is_ended and until == inlet.last and len(inlet.cuts) <= 1
        speech = await self._listen(until, is_last)
        self._endpointer.hear(speech.islands, speech.open_since, speech.heard_s, settled_s=speech.settled_s)
        if inlet.cuts and inlet.cuts[0] <= until:
            self._endpointer.cut(inlet.cuts.popleft() / SAMPLE_RATE_HZ)
        if is_last:
            self._endpointer.finish(until / SAMPLE_RATE_HZ)
        self._islands += speech.islands
        while (moment := self._endpointer.next()) is not None:
            await self._follow(moment)
        self._grow(speech)
        await self._keep(inlet.ring.read(heard, until))
        self._deal()
        return is_last

    async def _listen(self, until: int, is_last: bool) -> Speech:
        try:
            return await self._listening.hear(until, self._replay_from(), is_last=is_last)
        except SpotLost as lost:
            # The sound of this spot is left out; what was said before it ends here.
            told = "A part of the audio could not be listened to and is left out; say it again."
            self._outbox.put(Trouble(error=RecognitionFailed(told, detail=lost.error.message)))
            self._endpointer.cut(self._listening.heard / SAMPLE_RATE_HZ)
            self._listening.skip(until)
            return Speech(islands=(), open_since=None, heard_s=until / SAMPLE_RATE_HZ)

    async def _follow(self, moment: Moment) -> None:
        match moment:
            case SpeechBegan():
                self._outbox.put(Voice(status="speech_start", time=moment.time))
                if moment.audio_from is not None:
                    self._begin(moment.time)
                elif self._utterance is not None:
                    self._utterance.tail_s = None
            case SpeechEnded():
                self._outbox.put(Voice(status="speech_end", time=moment.time))
            case Paused():
                await self._judge(moment.start)
            case UtteranceEnded():
                self._end(moment)

    def _begin(self, start_s: float) -> None:
        first = max(self._floor, sample_at(start_s - MARGIN_S), self._inlet.ring.first)
        utterance = Utterance(start=start_s, first=first, heard=max(first, self._listening.heard))
        self._utterance = utterance
        self._hearing.begin(utterance)

    def _end(self, ended: UtteranceEnded) -> None:
        utterance, self._utterance = self._utterance, None
        self._floor = sample_at(ended.end)
        self._islands = [island for island in self._islands if island.end > ended.end]
        if utterance is None:
            return
        last = min(self._listening.heard, sample_at(ended.end + min(MARGIN_S, ended.silence_s)))
        utterance.whole = Part(utterance.first, max(utterance.first, last), ended.islands)
        utterance.end, utterance.decided = ended.end, self._listening.heard
        self._hearing.grew()

    async def _judge(self, pause_s: float) -> None:
        utterance = self._utterance
        if utterance is None:
            return
        silence_s = await self._judging.patience_s(
            utterance.first, min(self._listening.heard, sample_at(pause_s))
        )
        self._endpointer.set_patience(silence_s)
        utterance.tail_s = min(MARGIN_S, silence_s)

    def _grow(self, speech: Speech) -> None:
        if self._utterance is not None:
            # A detector that is slow to say so may have heard more than the longest utterance by now.
            limit = sample_at(min(self._endpointer.limit_s, self._listening.heard / SAMPLE_RATE_HZ))
            self._utterance.grow(self._islands, speech.open_since, limit)
            settled_s = speech.heard_s - LATE_S if speech.settled_s is None else speech.settled_s
            self._utterance.sure = sample_at(settled_s + min(MARGIN_S, self._silence_s))
        else:
            self._islands = _lately(self._islands, self._listening.heard)
        self._hearing.grew()

    def _replay_from(self) -> int:
        """Where a listening stream that is opened anew begins."""
        needed = [self._listening.heard, self._needed_from()]
        if self._utterance is not None:
            needed.append(self._utterance.first)
        return max(self._inlet.ring.first, min(needed) - _WARM_UP)

    def _needed_from(self) -> int:
        """Where the audio of an utterance that may still be found begins."""
        heard_s = self._listening.heard / SAMPLE_RATE_HZ
        return sample_at(min(heard_s, self._endpointer.needed_from) - MARGIN_S)

    def _deal(self) -> None:
        """Say how far everything is, and let go of what nobody needs."""
        oldest = self._hearing.oldest
        needed = [self._listening.heard, self._needed_from()]
        dealt = self._listening.heard
        if oldest is not None:
            needed.append(oldest.first)
            dealt = min(dealt, oldest.decided if oldest.whole is not None else dealt)
        self._inlet.deal(dealt, min(needed) - _WARM_UP)


def _lately(islands: Sequence[Span], heard: int) -> list[Span]:
    """Those that the endpointer may still make something of."""
    return [island for island in islands if island.end > heard / SAMPLE_RATE_HZ - WARM_UP_S]

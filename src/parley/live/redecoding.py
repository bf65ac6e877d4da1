"""Hearing with a recogniser of whole stretches: the growing utterance is decoded again and again."""

from __future__ import annotations

from parley.engines.contract import EngineSpec
from parley.errors import EngineFailed, OutOfMemory, ParleyError, UnitPoisoned
from parley.live.errands import Ask, Errand, Urgency
from parley.live.hearing import Hearing, Means
from parley.live.recognising import recognition_of
from parley.live.rescue import SpotLost
from parley.live.telling import Said
from parley.live.utterances import Part, Utterance
from parley.signal.agreement import Agreement
from parley.signal.tokens import join_texts
from parley.speech.media import SAMPLE_RATE_HZ
from parley.speech.recognition import Recognition

MOST_SHARE = 0.5
"""Of a seat's time for partial texts of all who share it. A longer utterance takes longer to decode, and
nobody's listening or final goes before a decode that was begun. Who sits alone may decode all the time."""


class RedecodingHearing(Hearing):
    """At most one decode at a time, every `interval_s` of new audio, less often where that is more than the
    session's part of `MOST_SHARE`; what comes meanwhile is skipped and counted. In a pause the utterance is
    decoded as it will be if nobody goes on: then that is the final.
    """

    def __init__(self, means: Means, asr: EngineSpec, interval_s: float) -> None:
        super().__init__(means)
        self._asr = asr
        self._interval = round(interval_s * SAMPLE_RATE_HZ)
        self._errand: Errand | None = None
        self._decoded: tuple[Part, Recognition] | None = None
        self._asked: Part | None = None
        self._agreement = Agreement()
        self._due = self._rests_until = 0

    def begin(self, utterance: Utterance) -> None:
        """See Hearing."""
        super().begin(utterance)
        self._due = utterance.first + self._interval
        self._rests_until = 0

    def grew(self) -> None:
        """See Hearing."""
        newest = self._utterances[-1] if self._utterances else None
        if self._errand is not None and self._utterances and self._utterances[0].whole is not None:
            # Nobody needs it any more, unless a worker is at it.
            self._means.berth.withdraw(self._errand)
        if newest is not None and newest.whole is None and self._plan.partials:
            self._count_skipped(newest.so_far.last)
        super().grew()

    def _count_skipped(self, heard: int) -> None:
        while self._due + self._interval <= heard:
            self.skipped_partials += 1
            self._due += self._interval

    def _wants_partial(self, utterance: Utterance) -> bool:
        if not self._plan.partials or utterance.is_mute:
            return False
        part = utterance.so_far
        if utterance.is_paused:
            return utterance.is_quiet and self._asked != part
        return part.last >= max(self._due, self._rests_until)

    async def _partial(self, utterance: Utterance) -> None:
        def make() -> Ask | None:
            if utterance.whole is not None:
                return None
            self._asked = utterance.so_far
            self._due = utterance.heard + self._interval
            return self._recognising.ask(self._asr, self._asked)

        # Also where it comes to nothing, it is not tried again before there is more audio.
        self._asked = utterance.so_far
        self._due = utterance.heard + self._interval
        self._errand = errand = self._means.berth.post(self._asr, make, Urgency.PARTIAL)
        try:
            reply = await errand.answer
        except (UnitPoisoned, EngineFailed, OutOfMemory) as error:
            raise SpotLost(error) from error
        except ParleyError:
            # The workers are in trouble: finals and listening see to it.
            self.skipped_partials += 1
            return
        finally:
            self._errand = None
        if reply is not None:
            self._rest(self._asked, errand.took_s)
            self._show(utterance, self._asked, recognition_of(reply))

    def _rest(self, part: Part, took_s: float) -> None:
        """Wait with the next decode until the last one was no more than this session's part."""
        others = self._means.berth.seat.sessions - 1
        self._rests_until = part.last + round(took_s * (1 + others / MOST_SHARE) * SAMPLE_RATE_HZ)

    def _show(self, utterance: Utterance, part: Part, recognition: Recognition) -> None:
        self._decoded = (part, recognition)
        text = join_texts([piece.text for piece in recognition.pieces])
        if utterance.whole is None or utterance.whole == part:
            is_paused = bool(part.islands) and part.last / SAMPLE_RATE_HZ > part.islands[-1].end
            shown, stable = self._agreement.take(text, part.duration, is_paused=is_paused)
            # Punctuation has its say when the utterance has ended: nothing is promised before.
            promised = 0 if self._plan.punctuation else stable
            self._telling.partial(utterance, shown, promised, whole=is_paused)

    async def _last_word(self, utterance: Utterance) -> Said:
        decoded, self._decoded = self._decoded, None
        self._agreement = Agreement()
        whole = utterance.whole
        if whole is None:
            return Said()
        if decoded is not None and decoded[0] == whole and whole.duration <= self._asr.max_stretch_s:
            heard = [decoded]
        else:
            heard = await self._recognising.whole(self._asr, whole)
        return await self._recognising.said(heard)

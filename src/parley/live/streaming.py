"""Hearing with a streaming recogniser, fed with speech as it comes; another may have the last word."""

from __future__ import annotations

from parley.engines.contract import EngineSpec
from parley.errors import ParleyError
from parley.live.errands import Urgency
from parley.live.hearing import Hearing, Means
from parley.live.rescue import SpotLost
from parley.live.telling import Said
from parley.live.utterances import Utterance, shifted
from parley.live.worker_stream import WorkerStream
from parley.signal.tokens import join_texts
from parley.speech.media import SAMPLE_RATE_HZ
from parley.speech.recognition import Piece
from parley.speech.stream import StreamHeard

LEAST_FEED = SAMPLE_RATE_HZ // 10
MOST_FEED = 2 * SAMPLE_RATE_HZ
"""Samples of one feed: less is not worth a call, more keeps others waiting."""


class StreamingHearing(Hearing):
    """One stream for each utterance. A stream that is lost hears the utterance again from its begin.

    With partial texts off it hears an utterance when that has ended, so that load changes nothing.
    """

    def __init__(self, means: Means, streaming: EngineSpec) -> None:
        super().__init__(means)
        self._rescue = means.new_rescue()
        self._stream = WorkerStream(means.berth, streaming, means.plan.told(streaming))
        self._fed = self._furthest = 0
        self._finals: list[Piece] = []
        self._rest = ""
        self._defeat: SpotLost | None = None

    def close(self) -> None:
        """See Hearing."""
        super().close()
        self._stream.close()

    def _wants_partial(self, utterance: Utterance) -> bool:
        if not self._plan.partials or utterance.is_mute:
            return False
        return self._ready(utterance) - max(self._fed, utterance.first) >= LEAST_FEED

    def _ready(self, utterance: Utterance) -> int:
        """How far the stream may hear. Who has the last word must not hear what comes behind the utterance,
        or its text would depend on how much of that had come."""
        last = utterance.so_far.last
        if self._plan.asr is not None or (utterance.is_paused and utterance.tail_s is not None):
            return last
        return min(last, utterance.sure)

    async def _partial(self, utterance: Utterance) -> None:
        try:
            await self._feed(utterance, self._ready(utterance), Urgency.PARTIAL)
        except SpotLost as lost:
            self._defeat = lost
            raise
        if utterance.whole is None:
            self._show(utterance)

    def _show(self, utterance: Utterance) -> None:
        settled = join_texts([piece.text for piece in self._finals])
        text = join_texts([settled, self._rest])
        if not text.startswith(utterance.promised):
            return
        # What another engine may still change is not promised.
        has_last_word = self._plan.asr is None and self._plan.punctuation is None
        self._telling.partial(utterance, text, len(settled) if has_last_word else 0)

    async def _last_word(self, utterance: Utterance) -> Said:
        asr, whole, defeat = self._plan.asr, utterance.whole, self._defeat
        if whole is None:
            return Said()
        try:
            if asr is not None:
                return await self._recognising.said(await self._recognising.whole(asr, whole))
            if defeat is not None:
                raise defeat
            if self._fed > whole.last:
                # A pause was over sooner than anybody could know.
                self._stream.close()
            await self._feed(utterance, whole.last, Urgency.FINAL, is_last=True)
            return await self._recognising.polished(self._finals, self._plan.hearing.language)
        finally:
            self._begin_anew()

    def _begin_anew(self) -> None:
        self._stream.close()
        self._fed = self._furthest = 0
        self._finals, self._rest, self._defeat = [], "", None

    async def _feed(
        self, utterance: Utterance, last: int, urgency: Urgency, *, is_last: bool = False
    ) -> None:
        """Let the stream hear everything up to `last`; raises SpotLost, or what ends the session."""
        while True:
            if not self._stream.is_open:
                self._fed, self._finals, self._rest = utterance.first, [], ""
            until = max(self._fed, min(last, self._fed + MOST_FEED))
            pcm = self._means.read(self._fed, until)
            try:
                heard = await self._stream.feed(pcm, urgency, is_last=is_last and until >= last)
            except ParleyError as error:
                await self._rescue.survive(error)
                continue
            self._take(utterance, heard, until)
            if until >= last:
                return

    def _take(self, utterance: Utterance, heard: StreamHeard, until: int) -> None:
        self._telling.notice(heard.notices)
        start_s = utterance.first / SAMPLE_RATE_HZ
        self._finals += [shifted(piece, start_s) for piece in heard.finals if piece.text.strip()]
        self._rest = heard.partial
        self._fed = until
        if until > self._furthest:
            self._furthest = until
            self._rescue.went_well()

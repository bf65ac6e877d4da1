"""Where utterances begin and end, by the audio alone: load and the size of messages change nothing."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isfinite

from parley.signal.moments import Cause, Moment, Paused, SpeechBegan, SpeechEnded, UtteranceEnded
from parley.signal.packing import MARGIN_S
from parley.signal.vad_line import Heard, VadLine
from parley.speech.span import Span

PREROLL_S = MARGIN_S
"""An utterance's audio begins so much before its first island, where that belongs to no other."""

LATE_S = 0.8
"""How late a VAD that does not say how far it is settled may tell where islands begin and end. FSMN-VAD fed
every 0.1 s: 0.74 s for the one, 0.47 s for the other."""

TIRING, TIRED = 0.5, 0.8
"""The patience with pauses shrinks from this part of the longest utterance on, and is gone at that one."""

MOST_PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class _Cut:
    at: float


@dataclass(frozen=True, slots=True)
class _Finish:
    at: float


@dataclass(slots=True)
class _Utterance:
    """One that goes on: somebody speaks since `since`, or there is a pause (None) with some patience."""

    start: float
    audio_from: float
    since: float | None
    islands: list[Span]
    patience_s: float | None = None


class Endpointer:
    """Turns what a VAD stream says into utterances; times are seconds since the session began.

    ::

        VAD      ......[=======]....[====].............................[=====
        preroll   |<---|       |    |    |                        |<---|
        moments       began    |  began  |                           began (audio_from)
                          ended, paused  |                 |
                                     ended, paused         |
                                         |<-- patience --->utterance ended, at the end of its last island

    An island that begins before the patience is over belongs to the utterance, however late the VAD says
    so: nothing is decided before the VAD is settled. `longest_s` bounds an utterance's audio. From half of
    it on the patience shrinks, so that a long utterance ends in a pause; where there is none it is cut
    where it is `longest_s` long, and what follows is the next utterance.

    Facts go in with `hear`, `cut` and `finish`, in the order of the audio; moments come out of `next`.
    After `Paused` there are none until `set_patience`. Utterances do not overlap.
    """

    def __init__(self, longest_s: float) -> None:
        self._longest_s = longest_s
        self._facts: deque[Heard | _Cut | _Finish] = deque()
        self._moments: deque[Moment] = deque()
        self._line = VadLine()
        self._cut_at: float | None = None
        self._end_at: float | None = None
        self._utterance: _Utterance | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether there was a pause and nobody said yet how long it may last."""
        one = self._utterance
        return one is not None and one.since is None and one.patience_s is None and not self._moments

    @property
    def limit_s(self) -> float:
        """Where the utterance that goes on ends at the latest; no limit between utterances."""
        return self._utterance.audio_from + self._longest_s if self._utterance else inf

    @property
    def needed_from(self) -> float:
        """No utterance whose end was not yet taken from `next` needs audio from before this."""
        ended = [moment.audio_from for moment in self._moments if isinstance(moment, UtteranceEnded)]
        if ended or self._utterance is not None:
            return min([*ended, *([self._utterance.audio_from] if self._utterance else [])])
        waiting = [fact.first for fact in self._facts if isinstance(fact, Heard)]
        starts = [start for start in waiting if start is not None]
        return max(self._line.floor, min([self._line.first, *starts]) - PREROLL_S)

    def hear(
        self,
        islands: Sequence[Span],
        open_since: float | None,
        heard_s: float,
        *,
        settled_s: float | None = None,
    ) -> None:
        """What the VAD said after it has heard `heard_s` in all: islands that ended, and the open one.

        No island that is still to be told begins before `settled_s`, nor does the open one end before it.
        """
        if settled_s is None:
            settled_s = heard_s - LATE_S
        self._facts.append(Heard(tuple(islands), open_since, heard_s, settled_s))

    def cut(self, at_s: float) -> None:
        """End the utterance at `at_s`, which is where everything heard until now ends."""
        self._facts.append(_Cut(at_s))

    def finish(self, at_s: float) -> None:
        """The audio ended at `at_s`, and the VAD has said everything."""
        self._facts.append(_Finish(at_s))

    def set_patience(self, silence_s: float) -> None:
        """Answer the last `Paused`: a silence as long as this ends the utterance."""
        one = self._utterance
        if one is not None and one.since is None and one.patience_s is None:
            known = silence_s if isfinite(silence_s) else MOST_PATIENCE_S
            one.patience_s = min(max(0.0, known), MOST_PATIENCE_S)

    def next(self) -> Moment | None:
        """The next moment, None as long as there is none."""
        while not self._moments:
            if self._step():
                continue
            if self.is_waiting or not self._facts:
                return None
            self._take(self._facts.popleft())
        return self._moments.popleft()

    def _take(self, fact: Heard | _Cut | _Finish) -> None:
        since = self._utterance.since if self._utterance else None
        if isinstance(fact, _Cut):
            self._cut_at = fact.at
        elif isinstance(fact, Heard):
            self._line.take(fact, since)
        else:
            self._end_at = fact.at
            self._line.end_open(fact.at, since)
            self._line.settled_s = inf

    def _step(self) -> bool:
        """Whether what is known now led any further."""
        if self._utterance is None:
            return self._between()
        if self._utterance.since is None:
            return self._pause(self._utterance)
        return self._speech(self._utterance, self._utterance.since)

    def _between(self) -> bool:
        start = self._line.next_start()
        if start is None:
            was_cut, self._cut_at = self._cut_at is not None, None
            return was_cut
        audio_from = max(self._line.floor, start - PREROLL_S)
        self._utterance = _Utterance(start, audio_from, start, [])
        self._moments.append(SpeechBegan(time=start, audio_from=audio_from))
        return True

    def _speech(self, one: _Utterance, since: float) -> bool:
        line, limit = self._line, self.limit_s
        end = line.end_after(since)
        if (line.settled_s if end is None else end) > limit:
            return self._cut_speech(one, since, limit, "longest")
        if end is not None and (line.following() is not None or line.settled_s > end):
            line.islands.popleft()
            self._quieten(one, since, end)
            self._moments.append(Paused(start=end))
            return True
        if self._cut_at is not None:
            at = min(self._cut_at, limit) if end is None else end
            return self._cut_speech(one, since, at, "finalize")
        return False

    def _cut_speech(self, one: _Utterance, since: float, at: float, cause: Cause) -> bool:
        self._quieten(one, since, at)
        self._end(one, at, cause)
        return True

    def _quieten(self, one: _Utterance, since: float, at: float) -> None:
        one.islands.append(Span(since, at))
        one.since = one.patience_s = None
        self._line.floor = at
        self._moments.append(SpeechEnded(time=at))

    def _pause(self, one: _Utterance) -> bool:
        if one.patience_s is None:
            return False
        end = one.islands[-1].end
        patience_s = min(one.patience_s, self._patience_left(one, end))
        start = self._line.next_start()
        if start is not None and start < end + patience_s:
            one.since = start
            self._moments.append(SpeechBegan(time=start))
            return True
        if start is None and self._end_at is not None and self._end_at < end + patience_s:
            self._end(one, end, "end", self._end_at - end)
        elif start is not None or self._line.settled_s >= end + patience_s:
            self._end(one, end, "silence" if patience_s == one.patience_s else "longest", patience_s)
        elif self._cut_at is not None:
            self._end(one, end, "finalize", self._cut_at - end)
        return self._utterance is None

    def _patience_left(self, one: _Utterance, end: float) -> float:
        part = (end - one.audio_from) / self._longest_s
        if part < TIRING:
            return (1 - part) * self._longest_s
        return max(0.0, (TIRED - part) / (TIRED - TIRING) * (1 - TIRED) * self._longest_s)

    def _end(self, one: _Utterance, at: float, cause: Cause, silence_s: float = 0.0) -> None:
        if cause == "finalize":
            self._cut_at = None
        self._utterance = None
        self._moments.append(
            UtteranceEnded(
                start=one.start,
                end=at,
                audio_from=one.audio_from,
                islands=tuple(one.islands),
                cause=cause,
                silence_s=max(0.0, silence_s),
            )
        )

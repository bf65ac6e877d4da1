"""Where utterances begin and end, by the audio alone: load and the size of messages change nothing."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isfinite

from parley.signal.moments import Cause, Moment, Paused, SpeechBegan, SpeechEnded, UtteranceEnded
from parley.speech.span import Span

PREROLL_S = 0.2
"""An utterance's audio begins so much before its first island, where that belongs to no other."""

REST_S = 0.2
"""What is left of an island that was cut is speech if it lasts longer; else the VAD's tail and a breath."""

LATE_S, LATE_END_S = 0.6, 1.2
"""How late a VAD that does not say how far it is settled may tell the start and the end of an island."""

TIRING, TIRED = 0.5, 0.8
"""The patience with pauses shrinks from this part of the longest utterance on, and is gone at that one."""

MOST_PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class _Heard:
    islands: tuple[Span, ...]
    open_since: float | None
    heard_s: float
    settled_s: float


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
        self._facts: deque[_Heard | _Cut | _Finish] = deque()
        self._moments: deque[Moment] = deque()
        self._islands: deque[Span] = deque()
        self._open: float | None = None
        self._settled_s = 0.0
        self._floor = 0.0
        self._cut_at: float | None = None
        self._end_at: float | None = None
        self._utterance: _Utterance | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether there was a pause and nobody said yet how long it may last."""
        one = self._utterance
        return one is not None and one.since is None and one.patience_s is None and not self._moments

    @property
    def certain_s(self) -> float | None:
        """The audio up to here is the utterance's that goes on, for certain; None between utterances."""
        one = self._utterance
        if one is None:
            return None
        if one.since is None:
            return one.islands[-1].end
        reach = self._islands[0].end if self._islands else self._settled_s
        return max(one.since, min(reach, one.audio_from + self._longest_s))

    @property
    def needed_from(self) -> float:
        """No utterance that is still to end needs audio from before this."""
        if self._utterance is not None:
            return self._utterance.audio_from
        starts = [span.start for span in self._islands]
        waiting = [start for fact in self._facts if isinstance(fact, _Heard) for start in _starts(fact)]
        opened = [] if self._open is None else [self._open]
        return max(self._floor, min([*starts, *waiting, *opened, self._settled_s]) - PREROLL_S)

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
            settled_s = heard_s - (LATE_S if open_since is None else LATE_END_S)
        self._facts.append(_Heard(tuple(islands), open_since, heard_s, settled_s))

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

    def _take(self, fact: _Heard | _Cut | _Finish) -> None:
        if isinstance(fact, _Cut):
            self._cut_at = fact.at
            return
        if isinstance(fact, _Finish):
            self._end_at, self._settled_s = fact.at, inf
            self._end_open(fact.at)
            return
        self._islands.extend(fact.islands)
        if fact.open_since is None:
            self._end_open(min(self._settled_s, fact.heard_s))
        self._open = fact.open_since
        self._settled_s = max(self._settled_s, fact.settled_s)

    def _end_open(self, at: float) -> None:
        """A VAD that was started anew may not tell the end of an island that it told as open."""
        since = self._utterance.since if self._utterance else None
        if since is not None and not any(span.end > since for span in self._islands):
            self._islands.append(Span(since, max(since, at)))
        self._open = None

    def _step(self) -> bool:
        """Whether what is known now led any further."""
        if self._utterance is None:
            return self._between()
        if self._utterance.since is None:
            return self._pause(self._utterance)
        return self._speech(self._utterance, self._utterance.since)

    def _between(self) -> bool:
        start = self._next_start()
        if start is None:
            was_cut, self._cut_at = self._cut_at is not None, None
            return was_cut
        audio_from = max(self._floor, start - PREROLL_S)
        self._utterance = _Utterance(start, audio_from, start, [])
        self._moments.append(SpeechBegan(time=start, audio_from=audio_from))
        return True

    def _speech(self, one: _Utterance, since: float) -> bool:
        limit = one.audio_from + self._longest_s
        while self._islands and self._islands[0].end < since:
            self._islands.popleft()
        end = self._islands[0].end if self._islands else None
        if (self._settled_s if end is None else end) > limit:
            return self._cut_speech(one, since, limit, "longest")
        if end is not None:
            following = self._islands[1].start if len(self._islands) > 1 else self._open
            if following is not None and following <= end:
                self._islands.popleft()
                return True
            if following is not None or self._settled_s > end:
                self._islands.popleft()
                self._quieten(one, since, end)
                self._moments.append(Paused(start=end))
                return True
        if self._cut_at is not None:
            return self._cut_speech(one, since, self._cut_at if end is None else end, "finalize")
        return False

    def _cut_speech(self, one: _Utterance, since: float, at: float, cause: Cause) -> bool:
        self._quieten(one, since, at)
        self._end(one, at, cause)
        return True

    def _quieten(self, one: _Utterance, since: float, at: float) -> None:
        one.islands.append(Span(since, at))
        one.since = one.patience_s = None
        self._floor = at
        self._moments.append(SpeechEnded(time=at))

    def _pause(self, one: _Utterance) -> bool:
        if one.patience_s is None:
            return False
        end = one.islands[-1].end
        patience_s = min(one.patience_s, self._patience_left(one, end))
        start = self._next_start()
        if start is not None and start < end + patience_s:
            one.since = start
            self._moments.append(SpeechBegan(time=start))
            return True
        if start is None and self._end_at is not None and self._end_at < end + patience_s:
            self._end(one, end, "end")
        elif start is not None or self._settled_s >= end + patience_s:
            self._end(one, end, "silence" if patience_s == one.patience_s else "longest")
        elif self._cut_at is not None:
            self._end(one, end, "finalize")
        return self._utterance is None

    def _patience_left(self, one: _Utterance, end: float) -> float:
        part = (end - one.audio_from) / self._longest_s
        if part < TIRING:
            return (1 - part) * self._longest_s
        return max(0.0, (TIRED - part) / (TIRED - TIRING) * (1 - TIRED) * self._longest_s)

    def _end(self, one: _Utterance, at: float, cause: Cause) -> None:
        if cause == "finalize":
            self._cut_at = None
        self._utterance = None
        self._moments.append(
            UtteranceEnded(
                start=one.start, end=at, audio_from=one.audio_from, islands=tuple(one.islands), cause=cause
            )
        )

    def _next_start(self) -> float | None:
        """Where speech begins next, as far as that is known. Of an island that was cut a rest counts."""
        while self._islands and self._islands[0].end <= self._least_end(self._islands[0].start):
            self._islands.popleft()
        if self._islands:
            return max(self._floor, self._islands[0].start)
        if self._open is None or self._settled_s <= self._least_end(self._open):
            return None
        return max(self._floor, self._open)

    def _least_end(self, start: float) -> float:
        return self._floor + (REST_S if start < self._floor else 0.0)


def _starts(fact: _Heard) -> list[float]:
    opened = [] if fact.open_since is None else [fact.open_since]
    return [*(span.start for span in fact.islands), *opened]

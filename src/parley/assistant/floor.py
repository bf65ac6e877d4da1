"""Who has the floor: the whole state of a conversation, one frozen value."""

from __future__ import annotations

from dataclasses import dataclass, field

from parley.assistant.contract import Message
from parley.assistant.events import State, TurnMetrics
from parley.assistant.history import Clause, heard_text
from parley.assistant.options import AssistantLimits

ANSWER_RATE_HZ = 24_000
"""Of the answers' audio: what most voices have, and no more than speech needs."""

VERDICT_S = 1.5
"""So long after possible speech has stopped its words are waited for, before it was nothing."""

MOST_DOUBT_S = 6.0
"""Longest time for which an answer is held although nobody can say whether somebody speaks."""

NOTHING_SAID_S = 1.5
"""How long after `finalize` speech may still turn up that was heard before; a detector is late by less."""

MOST_SPECULATED = 3
"""Answers of one turn that are asked for before its text is sure."""

MOST_REMEMBERED = 400
"""Messages of a conversation that are kept at hand; a language model is sent fewer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """What the detector said last: since when somebody speaks, whether that goes on, and whether its
    utterance still lacks its final."""

    began_s: float = -1.0
    is_on: bool = False
    is_open: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """Possible speech during an answer: an interruption if it lasts `need_s`. `is_echo` says that its words
    were the answer's own."""

    began_s: float
    began_at: float
    need_s: float
    is_held: bool
    until: float
    is_echo: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """Where the loudspeaker is known to have been."""

    sample: int
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is being written and spoken. Samples count from the turn's first, `first_sample` is where this
    revision begins. Only one that `stands` is told; the others were asked for before the text was sure.
    `is_started`: the loudspeaker plays it."""

    turn: int
    revision: int
    question: str
    has_voice: bool
    stands: bool
    first_sample: int = 0
    text: str = ""
    is_written: bool = False
    clauses: tuple[Clause, ...] = ()
    is_voiced: bool = False
    sent: int = 0
    played: int = 0
    begun_at: float | None = None
    anchor: Anchor | None = None
    progress_at: float = 0.0
    is_started: bool = False
    wished_tool: bool = False

    @property
    def made(self) -> int:
        """The sample behind the last one that was made."""
        return self.clauses[-1].end if self.clauses else self.first_sample

    @property
    def is_over(self) -> bool:
        """Whether everything was said and heard."""
        if not self.has_voice:
            return self.is_written
        return self.is_voiced and self.played >= self.made

    def heard(self, position: int) -> str:
        """What was heard of it when the loudspeaker is at this sample; of a silent one, what was told."""
        if not self.has_voice or (self.is_voiced and position >= self.made):
            return self.text.strip()
        return heard_text(self.clauses, position)


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """When each stage of the turn was reached; `spoke_until` is the zero of its metrics."""

    spoke_until: float | None = None
    decided_at: float | None = None
    final_at: float | None = None
    first_token_at: float | None = None
    first_clause_at: float | None = None
    first_audio_at: float | None = None
    first_sent_at: float | None = None

    def metrics(self, turn: int, *, interrupted: bool) -> TurnMetrics:
        """As they are told."""
        return TurnMetrics(
            turn=turn,
            endpoint_ms=self._since(self.decided_at),
            asr_final_ms=self._since(self.final_at),
            llm_first_token_ms=self._since(self.first_token_at),
            first_sentence_ms=self._since(self.first_clause_at),
            tts_first_audio_ms=self._since(self.first_audio_at),
            first_audio_sent_ms=self._since(self.first_sent_at),
            interrupted=interrupted,
        )

    def _since(self, at: float | None) -> int | None:
        if at is None or self.spoke_until is None:
            return None
        return max(0, round(1000 * (at - self.spoke_until)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """Everything the machine knows. `epoch` is what the clock of people says when the machine's says 0.

    `turn` is the one that is being taken or answered, `revision` grows with each of its answers that is
    thrown away, `said` are the texts of its utterances (`is_kept`: they are remembered), `sounded` counts
    its samples that were told of earlier revisions. `until` is when the state ends by itself. `reports`
    says that the client tells what it played, `is_mute` that it lately does not.
    """

    limits: AssistantLimits
    hands_free: bool = True
    has_voice: bool = True
    sample_rate_hz: int = ANSWER_RATE_HZ
    epoch: float = 0.0
    state: State = State.IDLE
    turn: int = 1
    revision: int = 0
    said: tuple[str, ...] = ()
    partial: str = ""
    is_typed: bool = False
    is_kept: bool = False
    speculated: int = 0
    sounded: int = 0
    speech: Speech = Speech()
    doubt: Doubt | None = None
    answer: Answer | None = None
    history: tuple[Message, ...] = ()
    marks: Marks = field(default_factory=Marks)
    until: float | None = None
    lost_at: float | None = None
    reports: bool = False
    is_mute: bool = False
    is_over: bool = False

    @property
    def is_held(self) -> bool:
        """Whether the loudspeaker is to be silent for now."""
        return self.lost_at is not None or (self.doubt is not None and self.doubt.is_held)

    @property
    def is_resting(self) -> bool:
        """Whether nobody says anything."""
        waits = self.state is State.LISTENING and not self.speech.is_open
        return self.state is State.IDLE or waits

    @property
    def deadline(self) -> float | None:
        """When `TimePassed` is due; None once all is over."""
        if self.is_over:
            return None
        lost = None if self.lost_at is None else self.lost_at + self.limits.resume_s
        times = [self.until, lost, self.doubt.until if self.doubt else None]
        return min((time for time in times if time is not None), default=None)

    def position(self, now: float) -> int:
        """The sample at which the loudspeaker is: as the client told, or by the clock if it tells nothing."""
        answer = self.answer
        if answer is None:
            return 0
        if answer.anchor is None or (self.reports and not self.is_mute):
            return answer.played
        passed = int((now - answer.anchor.at) * self.sample_rate_hz)
        return min(answer.sent, max(answer.played, answer.anchor.sample + passed))

"""Whatever happens, in whatever order and at whatever time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from parley.assistant import effects as wants
from parley.assistant import happenings as happens
from parley.assistant.contract import Message, ToolWish
from parley.assistant.course import EDGES
from parley.assistant.events import AnswerText, PlaybackOrder, State, StateChanged, TurnMetrics
from parley.assistant.floor import Floor
from parley.assistant.machine import step
from parley.assistant.options import AssistantLimits
from parley.assistant.table import TABLE
from parley.errors import LanguageModelError, SpeakingError
from parley.signal.tokens import is_said

RATE = 24_000
WORDS = ("alpha", "beta", "gamma", "你好", "delta.", "")
Key = tuple[int, int]

ACTS: tuple[happens.Happening, ...] = (
    happens.FinalizePressed(),
    happens.FinalizePressed(),
    happens.InterruptPressed(),
    happens.ResetAsked(),
    happens.LineLost(),
    happens.LineBack(),
    happens.EarFailed(error=SpeakingError("x")),
    happens.Typed(text="typed words"),
)


@dataclass
class Stage:
    """What a driver would do: who writes, who speaks, what may sound."""

    writing: Key | None = None
    speaking: Key | None = None
    text: str = ""
    is_text_over: bool = False
    is_voiced: bool = False
    made: int = 0
    sent: int = 0
    let: Key | None = None
    is_held: bool = False
    was_asked: list[Key] = field(default_factory=list)
    was_dropped: set[Key] = field(default_factory=set)
    was_let: list[Key] = field(default_factory=list)
    completed: list[tuple[int, str]] = field(default_factory=list)
    remembered: list[Message] = field(default_factory=list)
    measured: list[int] = field(default_factory=list)
    is_over: bool = False

    def do(self, effect: wants.Effect) -> None:
        match effect:
            case wants.AskModel():
                assert self.writing is None and self.speaking is None, "two answers at once"
                self.writing = (effect.turn, effect.revision)
                self.speaking = self.writing if effect.with_voice else None
                self.text, self.is_text_over, self.is_voiced = "", False, False
                self.made = self.sent = effect.first_sample
                self.is_held = False
                self.was_asked.append(self.writing)
                assert effect.history[-1].role == "user" and effect.history[-1].text
            case wants.DropModel():
                assert self.writing is not None
                self.writing = None
            case wants.DropVoice():
                assert self.speaking is not None
                self.was_dropped.add(self.speaking)
                self.speaking = self.let = None
            case wants.LetSound():
                key = (effect.turn, effect.revision)
                assert key == self.speaking and key not in self.was_dropped and self.made > 0
                self.let = key
                self.was_let.append(key)
            case _:
                self.note(effect)

    def note(self, effect: wants.Effect) -> None:
        match effect:
            case wants.EndText():
                self.is_text_over = True
            case wants.TellFirst(event=PlaybackOrder() as order):
                self.obey(order)
            case wants.Rewind():
                self.sent = effect.sample
            case wants.Tell(event=AnswerText() as told) if told.is_complete:
                self.completed.append((told.turn, told.content))
            case wants.Tell(event=TurnMetrics() as told):
                self.measured.append(told.turn)
            case wants.Measure():
                # The turn is over: who wrote and spoke has ended, or was dropped.
                self.writing = self.speaking = self.let = None
            case wants.Remember():
                self.remembered.append(effect.message)
            case wants.End():
                self.is_over = True
            case _:
                pass

    def obey(self, order: PlaybackOrder) -> None:
        if order.action == "pause":
            assert not self.is_held
            self.is_held = True
        elif order.action == "resume":
            assert self.is_held and order.from_sample <= self.sent
            self.is_held = False
        else:
            self.is_held = False
            self.sent = self.made


class Conversations(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.floor = Floor(limits=AssistantLimits())
        self.now = 100.0
        self.audio_s = 0.0
        self.stage = Stage()
        self.is_speech = False

    def feed(self, event: happens.Happening) -> None:
        before = self.floor
        rule_ = TABLE[before.state].get(type(event))
        self.floor, wanted = step(before, event, self.now)
        if before.is_over or rule_ is None:
            assert self.floor is before and not wanted
            return
        told = [
            effect.event.state
            for effect in wanted
            if isinstance(effect, wants.Tell) and isinstance(effect.event, StateChanged)
        ]
        if isinstance(event, happens.Opened):
            told = told[1:]
        path = [before.state, *told]
        assert path[-1] is self.floor.state, "a change of state was not told"
        assert all(edge in EDGES for edge in pairwise(path)), path
        assert self.floor.state is before.state or self.floor.state in rule_.leads_to, (event, path)
        for effect in wanted:
            self.stage.do(effect)
        if self.stage.speaking and self.floor.answer and not self.floor.answer.has_voice:
            raise AssertionError("a voice speaks that was given up")

    # What may happen at any time.

    @initialize(
        hands_free=st.booleans(), has_voice=st.booleans(), speculates=st.booleans(), reports=st.booleans()
    )
    def opens(self, hands_free: bool, has_voice: bool, speculates: bool, reports: bool) -> None:
        self.floor = Floor(
            limits=AssistantLimits(speculates=speculates), hands_free=hands_free, has_voice=has_voice
        )
        self.reports = reports
        self.now += 0.1
        self.feed(happens.Opened())

    @rule(seconds=st.sampled_from((0.05, 0.1, 0.2, 0.4, 1.1, 3.0, 8.0, 20.0)))
    def time_goes_by(self, seconds: float) -> None:
        """As the driver does it: woken at each deadline on the way."""
        until = self.now + seconds
        for _ in range(100):
            deadline = self.floor.deadline
            if deadline is None or deadline > until:
                break
            self.now = max(self.now, deadline)
            self.feed(happens.TimePassed())
        else:
            raise AssertionError("time does not lead on")
        self.now = until

    @rule()
    def the_clock_wakes_too_early(self) -> None:
        before = self.floor
        if before.deadline is not None and before.deadline > self.now:
            self.feed(happens.TimePassed())
            assert self.floor == before

    @rule()
    def somebody_speaks(self) -> None:
        self.audio_s += 0.5
        self.is_speech = True
        self.feed(happens.SpeechBegan(time_s=self.audio_s))

    @rule(seconds=st.sampled_from((0.1, 0.4, 0.6, 1.2)))
    @precondition(lambda self: self.is_speech)
    def speech_goes_on(self, seconds: float) -> None:
        if self.is_speech:
            self.feed(happens.SpeechWent(seconds=seconds))

    @rule(seconds=st.sampled_from((0.1, 0.4, 0.6, 1.2)))
    @precondition(lambda self: self.is_speech)
    def speech_stops(self, seconds: float) -> None:
        if self.is_speech:
            self.is_speech = False
            self.audio_s += seconds
            self.feed(happens.SpeechStopped(time_s=self.audio_s, at=self.now - 0.2))

    @rule(words=st.lists(st.sampled_from(WORDS), max_size=3), is_whole=st.booleans())
    def words_appear(self, words: list[str], is_whole: bool) -> None:
        self.feed(happens.PartialHeard(text=" ".join(words), is_whole=is_whole and not self.is_speech))

    @rule(words=st.lists(st.sampled_from(WORDS), max_size=3))
    def an_utterance_ends(self, words: list[str]) -> None:
        self.feed(
            happens.FinalHeard(
                text=" ".join(words),
                end_s=self.audio_s,
                at=self.now - 0.7,
                decided_at=self.now - 0.1,
                confidence=0.5,
            )
        )

    @rule(event=st.sampled_from(ACTS))
    def the_user_acts(self, event: happens.Happening) -> None:
        self.feed(event)

    @rule(words=st.sampled_from(("alpha beta", "gamma", "你好")), early=st.booleans())
    @precondition(lambda self: self.floor.state in (State.IDLE, State.LISTENING))
    def somebody_asks(self, words: str, early: bool) -> None:
        """The usual way; otherwise the interesting states are rare."""
        self.somebody_speaks()
        self.now += 0.5
        self.words_appear(words=[words], is_whole=False)
        self.speech_stops(seconds=0.5)
        self.now += 0.3
        if early:
            self.words_appear(words=[words], is_whole=True)
        else:
            self.an_utterance_ends(words=[words])

    @rule(samples=st.sampled_from((1200, 48_000)))
    @precondition(lambda self: self.stage.writing is not None and self.stage.speaking is not None)
    def an_answer_begins(self, samples: int) -> None:
        self.the_model_writes(text="One two three. ")
        self.the_voice_speaks(samples=samples, text="One two three.")
        if self.may_send:
            self.audio_is_sent(samples=samples)

    @rule(samples=st.sampled_from((1200, 48_000)))
    @precondition(lambda self: self.stage.writing is not None and self.stage.speaking is not None)
    def an_answer_is_made(self, samples: int) -> None:
        self.an_answer_begins(samples=samples)
        self.the_model_ends()
        if self.may_speak and self.stage.is_text_over:
            self.the_voice_ends()

    # What those do who work for it.

    @rule(text=st.sampled_from(("One two three. ", "四五六。", " ", "word")))
    @precondition(lambda self: self.stage.writing is not None)
    def the_model_writes(self, text: str) -> None:
        if self.stage.writing:
            turn, revision = self.stage.writing
            self.stage.text += text
            self.feed(happens.ModelWrote(turn=turn, revision=revision, text=text))

    @rule()
    @precondition(lambda self: self.stage.writing is not None)
    def the_model_ends(self) -> None:
        if self.stage.writing:
            (turn, revision), self.stage.writing = self.stage.writing, None
            self.feed(happens.ModelDone(turn=turn, revision=revision))

    @rule()
    @precondition(lambda self: self.stage.writing is not None)
    def the_model_fails(self) -> None:
        if self.stage.writing:
            turn, revision = self.stage.writing
            self.feed(happens.ModelFailed(turn=turn, revision=revision, error=LanguageModelError("x")))
            assert self.stage.writing is None

    @rule(is_missing=st.booleans())
    @precondition(lambda self: self.stage.writing is not None)
    def a_tool_is_wished(self, is_missing: bool) -> None:
        if self.stage.writing:
            turn, revision = self.stage.writing
            wish = ToolWish(name="clock", arguments="{}")
            self.feed(happens.ToolWished(turn=turn, revision=revision, wish=wish))
            if is_missing:
                self.feed(happens.ToolMissing(turn=turn, revision=revision))

    @rule(samples=st.sampled_from((0, 1200, 24_000)), text=st.sampled_from(("One two three.", "四五六。")))
    @precondition(lambda self: self.may_speak and self.stage.text)
    def the_voice_speaks(self, samples: int, text: str) -> None:
        if self.stage.speaking and self.stage.text:
            turn, revision = self.stage.speaking
            self.stage.made += samples
            self.feed(happens.ClauseWhole(turn=turn, revision=revision))
            self.feed(happens.ClauseMade(turn=turn, revision=revision, text=text, samples=samples))

    @rule()
    @precondition(lambda self: self.may_speak and self.stage.is_text_over)
    def the_voice_ends(self) -> None:
        if self.stage.speaking and self.stage.is_text_over:
            turn, revision = self.stage.speaking
            self.stage.is_voiced = True
            self.feed(happens.VoiceDone(turn=turn, revision=revision))

    @rule()
    @precondition(lambda self: self.may_speak)
    def the_voice_fails(self) -> None:
        if self.stage.speaking:
            turn, revision = self.stage.speaking
            self.feed(happens.VoiceFailed(turn=turn, revision=revision, error=SpeakingError("x")))
            assert self.stage.speaking != (turn, revision)

    @property
    def may_speak(self) -> bool:
        return self.stage.speaking is not None and not self.stage.is_voiced

    @property
    def may_send(self) -> bool:
        return self.stage.let is not None and not self.stage.is_held and self.floor.lost_at is None

    @rule(samples=st.sampled_from((600, 4800, 48_000)))
    @precondition(lambda self: self.may_send)
    def audio_is_sent(self, samples: int) -> None:
        if self.stage.let is not None:
            turn, revision = self.stage.let
            until = min(self.stage.made, self.stage.sent + samples)
            if until > self.stage.sent:
                self.stage.sent = until
                self.feed(happens.AudioSent(turn=turn, revision=revision, until=until))
                assert self.floor.answer is not None and self.floor.answer.sent == until

    @rule(samples=st.sampled_from((300, 4800, 10**6)))
    @precondition(lambda self: self.floor.state is State.SPEAKING)
    def the_client_plays(self, samples: int) -> None:
        answer = self.floor.answer
        if answer is not None and self.reports:
            self.feed(happens.PlayedSamples(turn=answer.turn, samples=answer.played + samples))

    # What belongs to another answer.

    @rule(turn=st.integers(-1, 1), revision=st.integers(-2, 2), kind=st.integers(0, 8))
    def others_speak(self, turn: int, revision: int, kind: int) -> None:
        answer = self.floor.answer
        key = (self.floor.turn + turn, self.floor.revision + revision)
        if answer is not None and key == (answer.turn, answer.revision):
            return
        of = {"turn": key[0], "revision": key[1]}
        events: tuple[happens.Happening, ...] = (
            happens.ModelWrote(**of, text="No"),
            happens.ModelDone(**of),
            happens.ModelFailed(**of, error=LanguageModelError("x")),
            happens.ToolWished(**of, wish=ToolWish(name="x", arguments="")),
            happens.ClauseWhole(**of),
            happens.ClauseMade(**of, text="No", samples=100),
            happens.VoiceDone(**of),
            happens.VoiceFailed(**of, error=SpeakingError("x")),
            happens.AudioSent(**of, until=10**6),
        )
        before = self.floor
        floor, wanted = step(before, events[kind], self.now)
        assert not wanted and floor == before

    # What always holds.

    reports = True

    @invariant()
    def there_is_a_way_out(self) -> None:
        if not self.floor.is_over:
            deadline = self.floor.deadline
            assert deadline is not None and deadline <= self.now + 301

    @invariant()
    def samples_are_in_order(self) -> None:
        answer = self.floor.answer
        if answer is not None:
            assert 0 <= answer.first_sample <= answer.played <= answer.sent <= answer.made
            position = self.floor.position(self.now)
            assert answer.played <= position <= answer.sent
            assert answer.sent == answer.first_sample or (answer.turn, answer.revision) in self.stage.was_let

    @invariant()
    def one_voice_at_most_is_to_be_heard(self) -> None:
        answer = self.floor.answer
        if self.stage.let is not None:
            assert answer is not None and (answer.turn, answer.revision) == self.stage.let
            assert self.floor.state is State.SPEAKING
        assert len(self.stage.was_let) == len(set(self.stage.was_let))

    @invariant()
    def every_turn_is_answered_once(self) -> None:
        turns = Counter(turn for turn, _ in self.stage.completed)
        assert all(count == 1 for count in turns.values())
        assert list(turns) == sorted(turns) == self.stage.measured

    @invariant()
    def what_is_remembered_was_told(self) -> None:
        said = [message.text for message in self.stage.remembered if message.role == "assistant"]
        assert said == [content for _, content in self.stage.completed if is_said(content)]
        assert all(message.text for message in self.stage.remembered)

    @invariant()
    def thinking_has_a_question(self) -> None:
        answering = self.floor.state in (State.THINKING, State.SPEAKING)
        answer = self.floor.answer
        assert answering == (answer is not None and answer.stands)

    def teardown(self) -> None:
        """Left alone, it comes to rest and then to its end."""
        rested = False
        for _ in range(60):
            rested = rested or self.floor.is_resting
            deadline = self.floor.deadline
            if deadline is None:
                break
            self.now = max(self.now, deadline)
            self.feed(happens.TimePassed())
        assert rested and self.floor.is_over and self.stage.is_over
        assert self.floor.state is State.IDLE
        assert self.stage.let is None and self.stage.writing is None
        answered = {turn for turn, _ in self.stage.completed}
        assert {turn for turn, _ in self.stage.was_let} <= answered


Conversations.TestCase.settings = settings(max_examples=60, stateful_step_count=50, deadline=None)
TestConversations = Conversations.TestCase


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_a_long_conversation_goes_as_it_likes(seed: int) -> None:
    """As above, with the weights of life: answers are begun more often than the line is lost."""
    random = Random(seed)
    talk = Conversations()
    talk.opens(
        hands_free=random.random() < 0.5,
        has_voice=random.random() < 0.9,
        speculates=random.random() < 0.7,
        reports=random.random() < 0.8,
    )
    for _ in range(120):
        act_at_random(talk, random)
        for check in INVARIANTS:
            check(talk)
    talk.teardown()


INVARIANTS = (
    Conversations.there_is_a_way_out,
    Conversations.samples_are_in_order,
    Conversations.one_voice_at_most_is_to_be_heard,
    Conversations.every_turn_is_answered_once,
    Conversations.what_is_remembered_was_told,
    Conversations.thinking_has_a_question,
)


def act_at_random(talk: Conversations, random: Random) -> None:
    stage, pick = talk.stage, random.choice
    words = [pick(WORDS) for _ in range(pick((0, 1, 2)))]
    acts: list[tuple[float, bool, Callable[[], None]]] = [
        (4, True, lambda: talk.time_goes_by(seconds=pick((0.05, 0.1, 0.2, 0.4)))),
        (0.5, True, lambda: talk.time_goes_by(seconds=pick((1.1, 2.0, 8.0, 20.0)))),
        (0.2, True, lambda: talk.the_clock_wakes_too_early()),
        (0.4, True, lambda: talk.the_user_acts(event=pick(ACTS))),
        (
            0.5,
            True,
            lambda: talk.others_speak(turn=pick((-1, 0, 1)), revision=pick((-1, 0, 1)), kind=pick(range(9))),
        ),
        (
            2,
            talk.floor.is_resting,
            lambda: talk.somebody_asks(words=pick(("alpha", "你好")), early=pick((True, False))),
        ),
        (1, not talk.is_speech, talk.somebody_speaks),
        (1, talk.is_speech, lambda: talk.speech_goes_on(seconds=pick((0.1, 0.4, 0.6, 1.2)))),
        (1.5, talk.is_speech, lambda: talk.speech_stops(seconds=pick((0.1, 0.4, 0.6, 1.2)))),
        (1, talk.floor.speech.is_open, lambda: talk.words_appear(words=words, is_whole=pick((True, False)))),
        (1, talk.floor.speech.is_open, lambda: talk.an_utterance_ends(words=words)),
        (
            2,
            stage.writing is not None,
            lambda: talk.the_model_writes(text=pick(("One two three. ", "四五六。", " "))),
        ),
        (1, stage.writing is not None, talk.the_model_ends),
        (0.1, stage.writing is not None, talk.the_model_fails),
        (0.2, stage.writing is not None, lambda: talk.a_tool_is_wished(is_missing=pick((True, False)))),
        (
            3,
            talk.may_speak and bool(stage.text),
            lambda: talk.the_voice_speaks(
                samples=pick((0, 1200, 24_000, 48_000)), text=pick(("One two three.", "四五六。"))
            ),
        ),
        (2, talk.may_speak and stage.is_text_over, talk.the_voice_ends),
        (0.1, talk.may_speak, talk.the_voice_fails),
        (4, talk.may_send, lambda: talk.audio_is_sent(samples=pick((600, 4800, 48_000)))),
        (
            3,
            talk.floor.state is State.SPEAKING,
            lambda: talk.the_client_plays(samples=pick((300, 4800, 10**6))),
        ),
    ]
    able = [(weight, act) for weight, is_able, act in acts if is_able]
    (act,) = random.choices([act for _, act in able], [weight for weight, _ in able])
    act()

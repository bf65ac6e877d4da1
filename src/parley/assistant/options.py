"""What a client wishes of a conversation, and what the house allows."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class AssistantWish:
    """How to converse; None leaves a value to the house. With `hands_free` it listens again after each
    answer; without, a turn begins when audio with speech comes. `conversation_id` goes on with a stored
    one."""

    language: str | None = None
    voice: str | None = None
    profile: str | None = None
    instructions: str | None = None
    conversation_id: str | None = None
    hands_free: bool = True
    sample_rate_hz: int = 16000
    speed: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AssistantLimits:
    """The settings' share, in seconds unless said. `barge_in_speech_s` is speech that confirms an
    interruption; in the first `barge_in_guard_s` of an answer `barge_in_guard_speech_s` is asked for, since
    the echo canceller is still learning. `speak_silence_s` is how long a client may play nothing of what it
    has before it is taken to have played it."""

    max_sessions: int = 16
    max_sessions_per_user: int = 4
    session_idle_s: float = 300.0
    resume_s: float = 30.0
    barge_in_speech_s: float = 0.5
    barge_in_guard_s: float = 1.0
    barge_in_guard_speech_s: float = 1.0
    final_timeout_s: float = 15.0
    think_timeout_s: float = 60.0
    speak_silence_s: float = 5.0
    max_ahead_s: float = 20.0
    max_answer_chars: int = 8000
    max_typed_chars: int = 4000
    speculates: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageModelOptions:
    """Which language model answers; `key` None is the parrot. Time-outs in seconds."""

    base_url: str = "https://api.openai.com/v1"
    model: str = ""
    key: str | None = field(default=None, repr=False)
    instructions: str = ""
    history_tokens: int = 6000
    max_answer_tokens: int = 800
    temperature: float | None = None
    first_token_s: float = 20.0
    between_tokens_s: float = 20.0
    answer_s: float = 120.0
    retries: int = 2

"""The keys of live speech: `[live]` in the file, `PARLEY_LIVE__MAX_SESSIONS` outside."""

from __future__ import annotations

from pydantic import Field

from parley.settings.server import Group


class LiveSettings(Group):
    """Live sessions: how many, where they are recognised, how long they wait."""

    workers: int = Field(
        default=0,
        ge=0,
        le=64,
        description="Worker processes for live speech, apart from those of recordings; 0 means one for each "
        "two processor cores, at most 4. They start with the first session.",
    )
    max_sessions: int = Field(
        default=0,
        ge=0,
        description="Live sessions open at once, those that wait for a lost client included; 0 means 16 for "
        "each worker of live speech.",
    )
    max_sessions_per_client: int = Field(
        default=1000, ge=1, description="Live sessions of one user or, without authentication, of everybody."
    )
    max_lag_ms: int = Field(
        default=3000,
        ge=100,
        description="No session is admitted while others wait longer than this for what they have said to be "
        "dealt with.",
    )
    session_idle_s: float = Field(
        default=60.0, gt=0, description="A session that sends no audio for so long is ended."
    )
    resume_s: float = Field(
        default=30.0, ge=0, description="How long a session waits for a client whose line was lost."
    )
    backlog_s: float = Field(
        default=30.0,
        ge=5,
        le=600,
        description="Seconds of audio a session may be behind before its socket is not read any more.",
    )
    endpoint_silence_ms: int = Field(
        default=700, ge=100, le=10_000, description="Silence that ends an utterance, unless the client says."
    )
    max_utterance_s: float = Field(
        default=20.0,
        ge=2,
        le=60,
        description="An utterance as long as this is ended, and from half of it on ever shorter pauses end "
        "it; the recogniser's own limit may be lower.",
    )
    partial_interval_ms: int = Field(
        default=500,
        ge=100,
        le=10_000,
        description="Least audio between two partial texts of an utterance, where no streaming recogniser "
        "hears it.",
    )
    call_floor_s: float = Field(
        default=8.0,
        gt=0,
        description="A worker of live speech that does nothing for so many seconds, plus "
        "`live.call_per_audio_s` for each second of audio in its call, is killed; its sessions go on in "
        "another one.",
    )
    call_per_audio_s: float = Field(
        default=3.0,
        ge=0,
        description="Seconds of patience for each second of audio in a call of live speech.",
    )
    asr_port: int | None = Field(
        default=None,
        ge=0,
        le=65535,
        description="Another port that serves `/asr` at its root, such as 8765, where older clients look.",
    )
    funasr_port: int | None = Field(
        default=None,
        ge=0,
        le=65535,
        description="Another port that serves `/funasr` at its root, such as 10095, where clients of FunASR "
        "look.",
    )

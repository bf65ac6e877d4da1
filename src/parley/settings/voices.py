"""The keys of synthesis: `[voices]` in the file, `PARLEY_VOICES__WORKERS` outside."""

from __future__ import annotations

from pydantic import Field

from parley.settings.server import Group


class VoicesSettings(Group):
    """Voices: which, how many at once, how long they may take."""

    default: str = Field(
        default="",
        description="Voice where nobody names one, as `parley voices list` shows it; empty: the best "
        "installed one for the language.",
    )
    workers: int = Field(
        default=1, ge=1, le=16, description="Most worker processes that speak, of each engine environment."
    )
    max_requests: int = Field(default=16, ge=1, description="Texts spoken at once.")
    max_requests_per_client: int = Field(
        default=8,
        ge=1,
        description="Texts spoken at once for one user or, without authentication, for all.",
    )
    max_text_chars: int = Field(default=20_000, ge=100, description="Longest text of a request.")
    max_ahead_s: float = Field(
        default=20.0, ge=1, le=600, description="Seconds of audio made ahead of what the client has taken."
    )
    idle_s: float = Field(
        default=60.0, gt=0, description="A request that waits for text for so long is ended."
    )
    max_library: int = Field(default=100, ge=0, description="Voices that one user may add.")
    call_floor_s: float = Field(
        default=30.0,
        gt=0,
        description="A worker that takes longer than this for a clause, plus `voices.call_per_char_s` for "
        "each character, is killed.",
    )
    call_per_char_s: float = Field(
        default=0.5, ge=0, description="Seconds of patience for each character of a clause."
    )
    tts_port: int | None = Field(
        default=None,
        ge=0,
        le=65535,
        description="Another port that serves `/tts` at its root, such as 8766, where older clients look.",
    )

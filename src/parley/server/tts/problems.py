"""What went wrong, as `error` messages."""

from __future__ import annotations

from collections.abc import Mapping

from parley.errors import ParleyError, TooManySessions, VoicesBusy
from parley.server.socket.refusing import complaint_of
from parley.wire.speech.tts_server import SpeakProblem

RETRY_AFTER_S: Mapping[type[ParleyError], float] = {VoicesBusy: 2.0, TooManySessions: 10.0}
"""A text is soon said; a line ends when somebody leaves."""


def problem_of(problem: Exception, *, fatal: bool = False, request_id: str | None = None) -> SpeakProblem:
    """The message for anything that went wrong; with an id, that request is over."""
    told = complaint_of(problem, "a request for speech", RETRY_AFTER_S)
    return SpeakProblem(
        request_id=request_id,
        error=told.code,
        message=told.message,
        fatal=fatal,
        retry_after=told.retry_after_s,
    )

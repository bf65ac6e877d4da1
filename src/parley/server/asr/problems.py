"""What went wrong, as `error` messages."""

from __future__ import annotations

from collections.abc import Mapping

from parley.errors import LiveOverloaded, ParleyError, TooManySessions
from parley.server.socket.refusing import complaint_of
from parley.wire.speech.asr_server import LiveProblem

RETRY_AFTER_S: Mapping[type[ParleyError], float] = {LiveOverloaded: 5.0, TooManySessions: 10.0}
"""A machine that is late has caught up or not after a few seconds; a session ends when somebody stops
speaking.
"""


def problem_of(
    problem: Exception, *, fatal: bool, utterance: int | None = None, retry_after_s: float | None = None
) -> LiveProblem:
    """The message for anything that went wrong; never more of it than its code and its sentence."""
    told = complaint_of(problem, "a live session", RETRY_AFTER_S, retry_after_s)
    return LiveProblem(
        error=told.code,
        message=told.message,
        fatal=fatal,
        utterance=utterance,
        retry_after=told.retry_after_s,
    )

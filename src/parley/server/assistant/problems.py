"""What went wrong, as `voice_assistant:error` messages."""

from __future__ import annotations

from collections.abc import Mapping

from parley.errors import LiveOverloaded, ParleyError, TooManySessions, VoicesBusy
from parley.server.socket.refusing import complaint_of
from parley.wire.speech.assistant_server import AssistantProblem

RETRY_AFTER_S: Mapping[type[ParleyError], float] = {
    LiveOverloaded: 5.0,
    VoicesBusy: 5.0,
    TooManySessions: 10.0,
}
"""A machine that is late has caught up or not after a few seconds; a conversation ends when somebody goes."""


def problem_of(problem: Exception, *, fatal: bool) -> AssistantProblem:
    """The message for anything that went wrong; never more of it than its code and its sentence."""
    told = complaint_of(problem, "a conversation", RETRY_AFTER_S)
    return AssistantProblem(code=told.code, message=told.message, fatal=fatal, retry_after=told.retry_after_s)

"""What went wrong, as `error` messages."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from parley.errors import LiveOverloaded, ParleyError, TooManySessions
from parley.server.socket.frames import CloseCode
from parley.wire.speech.asr_server import LiveProblem

RETRY_AFTER_S: Mapping[type[ParleyError], float] = {LiveOverloaded: 5.0, TooManySessions: 10.0}
"""A machine that is late has caught up or not after a few seconds; a session ends when somebody stops
speaking.
"""

_log = logging.getLogger(__name__)


class Refused(Exception):
    """A message that cannot be obeyed; the session, if there is one, goes on."""

    def __init__(self, error: ParleyError, retry_after_s: float | None = None) -> None:
        super().__init__(error.message)
        self.error = error
        self.retry_after_s = retry_after_s


def problem_of(
    problem: Exception, *, fatal: bool, utterance: int | None = None, retry_after_s: float | None = None
) -> LiveProblem:
    """The message for anything that went wrong; never more of it than its code and its sentence."""
    if isinstance(problem, Refused):
        problem, retry_after_s = problem.error, problem.retry_after_s
    if isinstance(problem, ParleyError):
        if problem.detail:
            _log.info("trouble with a live session: %s (%s)", problem.code, problem.detail)
        code, message = problem.code, problem.message
        retry_after_s = retry_after_s or RETRY_AFTER_S.get(type(problem))
    else:
        _log.error("a live session failed: %s", type(problem).__name__, exc_info=problem)
        code, message = ParleyError.code, "Something went wrong in the server; its log says what."
    return LiveProblem(
        error=code,
        message=message,
        fatal=fatal,
        utterance=utterance,
        retry_after=None if retry_after_s is None else round(retry_after_s, 3),
    )


def close_code_of(problem: Exception) -> CloseCode:
    """What a line is closed with after a fatal problem."""
    error = problem.error if isinstance(problem, Refused) else problem
    may_pass = isinstance(error, ParleyError) and not error.permanent
    return CloseCode.TRY_AGAIN_LATER if may_pass else CloseCode.NORMAL

"""What went wrong at a door of speech, before it is put in the words of a protocol."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from parley.errors import ParleyError, RateLimited
from parley.server.pace import Pace
from parley.server.socket.frames import CloseCode

_log = logging.getLogger(__name__)


class Refused(Exception):
    """A message that cannot be obeyed; the session, if there is one, goes on."""

    def __init__(self, error: ParleyError, retry_after_s: float | None = None) -> None:
        super().__init__(error.message)
        self.error = error
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class Complaint:
    """What a client is told of a problem: never more than its code and its sentence."""

    code: str
    message: str
    retry_after_s: float | None


def complaint_of(
    problem: Exception,
    session: str,
    patience: Mapping[type[ParleyError], float],
    asked_s: float | None = None,
) -> Complaint:
    """What to tell of anything that went wrong. The log calls the session `session`; `patience` is after how
    many seconds it is worth while to try again.
    """
    if isinstance(problem, Refused):
        problem, asked_s = problem.error, problem.retry_after_s
    if not isinstance(problem, ParleyError):
        _log.error("%s failed: %s", session, type(problem).__name__, exc_info=problem)
        return Complaint(ParleyError.code, "Something went wrong in the server; its log says what.", None)
    if problem.detail:
        _log.info("trouble with %s: %s (%s)", session, problem.code, problem.detail)
    wait_s = asked_s or patience.get(type(problem))
    return Complaint(problem.code, problem.message, None if wait_s is None else round(wait_s, 3))


def close_code_of(problem: Exception) -> CloseCode:
    """What a line is closed with after a fatal problem."""
    error = problem.error if isinstance(problem, Refused) else problem
    may_pass = isinstance(error, ParleyError) and not error.permanent
    return CloseCode.TRY_AGAIN_LATER if may_pass else CloseCode.NORMAL


def keep_pace(pace: Pace, client: str) -> None:
    """Count a message; raises Refused where too many came."""
    if wait_s := pace.take(client):
        raise Refused(
            RateLimited(f"Too many messages in a short time; wait {wait_s:.1f} s."), retry_after_s=wait_s
        )

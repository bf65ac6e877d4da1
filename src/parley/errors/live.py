"""What may go wrong with live speech. The codes are those of its protocol."""

from __future__ import annotations

from typing import ClassVar

from parley.errors.tree import ParleyError


class LiveError(ParleyError):
    """A live session could not begin or go on."""

    code: ClassVar[str] = "live_error"


class LiveOverloaded(LiveError):
    """The sessions there are take all the time; a new one would make everybody wait."""

    code = "live_overloaded"
    http_status = 503
    permanent = False


class SessionIdle(LiveError):
    """The client sent no audio for too long."""

    code = "idle_timeout"
    http_status = 408


class LineReplaced(LiveError):
    """The client has opened another line for the session, and goes on there."""

    code = "line_replaced"
    http_status = 409


class RecognitionFailed(LiveError):
    """An utterance could not be recognised; the session goes on."""

    code = "recognition_failed"

"""What a live input has given so far."""

from __future__ import annotations

from dataclasses import dataclass

from parley.speech.recognition import Piece
from parley.speech.span import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamHeard:
    """What a stream knows now, in seconds from its first sample.

    `finals` are new and never change again; `partial` replaces the one before. Streams of a `vad`
    engine give `islands` that have ended since the last call, and `open_since`, the start of the
    one that goes on (None in silence, and while it may be noise: an island that was open comes). No
    island that comes later begins before `settled_s`, nor does the open one end before it; None where
    the engine cannot tell. `notices` say what the stream leaves out of what it was told; once is enough.
    """

    partial: str = ""
    finals: tuple[Piece, ...] = ()
    islands: tuple[Span, ...] = ()
    open_since: float | None = None
    settled_s: float | None = None
    notices: tuple[str, ...] = ()

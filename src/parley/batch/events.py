"""What a recipe tells while it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from parley.speech.transcript import Segment


class Stage(StrEnum):
    """The steps of a recipe; also the name under which their units are remembered."""

    DECODE = "decode"
    FIND_SPEECH = "find_speech"
    RECOGNISE = "recognise"
    PLACE = "place"
    ALIGN = "align"
    PUNCTUATE = "punctuate"
    EMBED = "embed"
    CLUSTER = "cluster"


@dataclass(frozen=True, slots=True)
class Advanced:
    """`done_s` of `total_s` seconds of the stage are done; `total_s` is 0 while nobody knows it."""

    stage: Stage
    done_s: float
    total_s: float


@dataclass(frozen=True, slots=True)
class Heard:
    """Text as it is recognised; speaker and punctuation may still change. Not in order of time."""

    segment: Segment


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the user should know; it ends up in the transcript's warnings where it lasts."""

    message: str


@dataclass(frozen=True, slots=True)
class Waiting(Notice):
    """Somebody else works on this; nothing more is told until they have finished or gone."""


Event = Advanced | Heard | Notice
Publish = Callable[[Event], None]

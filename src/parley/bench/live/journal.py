"""What one session heard, and when; moments are those of one clock, in seconds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class HeardPartial:
    """A partial text, as it came."""

    at: float
    utterance: int
    start: float
    text: str


@dataclass(frozen=True, slots=True)
class HeardFinal:
    """A final text, as it came."""

    at: float
    utterance: int
    start: float
    end: float
    text: str


@dataclass(frozen=True, slots=True)
class HeardAck:
    """How far the server was."""

    at: float
    lag_ms: int
    skipped: int


@dataclass(slots=True)
class Journal:
    """`began` is when speaking began: what is at `t` on the audio clock was spoken at `began + t`."""

    began: float = 0.0
    partials: list[HeardPartial] = field(default_factory=list[HeardPartial])
    finals: list[HeardFinal] = field(default_factory=list[HeardFinal])
    acks: list[HeardAck] = field(default_factory=list[HeardAck])
    late_s: list[float] = field(default_factory=list[float])
    """By how much the sender itself was late, chunk by chunk."""
    sent_s: float = 0.0
    streaming: bool = False
    is_done: bool = False
    problem: str = ""
    """The code of the error that ended it."""

    def hear(self, message: dict[str, Any], at: float) -> None:
        """Write down a message; what is not of interest is passed over."""
        data = message.get("data") or {}
        match message["type"]:
            case "partial":
                self.partials.append(HeardPartial(at, data["utterance"], data["start"], data["text"]))
            case "final":
                self.finals.append(
                    HeardFinal(at, data["utterance"], data["start"], data["end"], data["text"])
                )
            case "ack":
                self.acks.append(HeardAck(at, data["lag_ms"], data.get("skipped_partials", 0)))
            case "done":
                self.is_done = True
            case "error" if data.get("fatal", True):
                self.problem = str(data.get("error") or "error")
            case _:
                pass

    @property
    def text(self) -> str:
        """All finals in order."""
        return " ".join(final.text for final in self.finals if final.text)

    @property
    def skipped(self) -> int:
        """Partials left out so far."""
        return self.acks[-1].skipped if self.acks else 0

"""What is counted of live sessions, those that are over included."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from parley.live.contract import LiveStats
from parley.live.session import Session


@dataclass(slots=True, kw_only=True)
class Tally:
    """Counts since the start."""

    opened: int = 0
    finals: int = 0
    skipped_partials: int = 0
    audio_s: float = 0.0
    moved: int = 0

    def add(self, session: Session) -> None:
        """A session is over."""
        self.finals += session.works.finals
        self.skipped_partials += session.works.skipped_partials
        self.audio_s += session.works.audio_s
        self.moved += session.works.moved

    def stats(self, sessions: Sequence[Session], refused: int) -> LiveStats:
        """All of it, with the sessions that are open."""
        return LiveStats(
            sessions=len(sessions),
            waiting_for_client=sum(session.left_at is not None for session in sessions),
            lags_ms=tuple(round(1000 * session.inlet.age_s()) for session in sessions),
            opened=self.opened,
            refused=refused,
            finals=self.finals + sum(session.works.finals for session in sessions),
            skipped_partials=self.skipped_partials + sum(each.works.skipped_partials for each in sessions),
            audio_seconds=self.audio_s + sum(session.works.audio_s for session in sessions),
            moved=self.moved + sum(session.works.moved for session in sessions),
        )

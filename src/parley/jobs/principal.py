"""Who asks."""

from __future__ import annotations

from dataclasses import dataclass

ANYBODY = "anybody"
"""The one user there is where authentication is off."""

ADMIN = "admin"
"""The scope that sees and stops everybody's tasks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A user and what they may do."""

    user: str = ANYBODY
    scopes: frozenset[str] = frozenset()

    @property
    def is_admin(self) -> bool:
        """Whether everybody's tasks are visible."""
        return ADMIN in self.scopes

    def may_see(self, owner: str) -> bool:
        """Whether a task of `owner` is this user's business."""
        return self.is_admin or self.user == owner

"""Who may be to blame for the loss of a worker that several sessions shared."""

from __future__ import annotations

from collections.abc import Iterable

PROOFS = 3
"""A suspect is none any more after so many feeds: the first one or two are what was heard before."""


class Suspects:
    """Sessions that were in a call which cost a worker. They go alone, so that the one to blame is found."""

    def __init__(self) -> None:
        self._proofs: dict[str, int] = {}

    def __contains__(self, owner: object) -> bool:
        return owner in self._proofs

    def blame(self, owners: Iterable[str]) -> None:
        """A worker was lost in a call of theirs."""
        self._proofs |= dict.fromkeys(owners, PROOFS)

    def acquit(self, owner: str) -> None:
        """A feed went well."""
        if owner in self._proofs:
            self._proofs[owner] -= 1
            if not self._proofs[owner]:
                del self._proofs[owner]

    def forget(self, owner: str) -> None:
        """A session is gone."""
        self._proofs.pop(owner, None)

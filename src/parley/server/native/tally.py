"""How many chunks have arrived, told in rising order though chunks are done out of order."""

from __future__ import annotations

import heapq


class Tally:
    """Counts that were noted for each upload and not told yet.

    A lower count was reached earlier, so telling the lowest first is true and never falls.
    """

    def __init__(self) -> None:
        self._untold: dict[str, list[int]] = {}

    def note(self, task_id: str, received: int) -> None:
        """A chunk is on the disk, as the one that made so many."""
        heapq.heappush(self._untold.setdefault(task_id, []), received)

    def tell(self, task_id: str) -> int:
        """The count to tell with the next answer."""
        counts = self._untold[task_id]
        lowest = heapq.heappop(counts)
        if not counts:
            del self._untold[task_id]
        return lowest

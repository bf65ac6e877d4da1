"""How long the parent waits, how often it tries again, and how much it lets a worker grow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetLimits:
    """Deadlines in seconds, sizes in bytes; the same for every pool of a fleet.

    A call may be silent for `call_floor_s + call_per_audio_s` per second of audio not yet done, but
    never longer than `call_ceiling_s`: without that a hang in three hours of audio would be found
    after thirty. Every report of progress starts the wait anew. `heartbeat_deadline_s` must exceed
    the longest time an engine holds the interpreter lock in one piece (importing a library, say).

    `restart_budget` workers may be lost within `restart_window_s`, not counting those lost at work,
    before a pool gives up; a call that succeeds gives one back. A pool also gives up for so long when
    more than `poison_budget` calls in a row were poisoned: ten minutes of stretches, or a broken engine.
    A worker is recycled when its memory grew by
    `recycle_rss_growth_bytes` since its first `settled_calls`, which fill caches and arenas, or after
    `recycle_after_calls` (None: never); one that holds
    more than `rss_limit_bytes` (None: no limit) in the middle of a call is ended.

    `device_memory_mib` bounds, by device, what the engines loaded there may hold together. A load that
    waits for such memory longer than `room_patience_s` is given that of workers that are busy, as soon as
    they have done their call.

    An engine that could not be loaded, or that cost `load_attempts` workers in a row while it was loaded,
    is refused for the next of `load_backoff_s`, then tried again. A device on which a worker was lost while
    it loaded an engine is avoided for the next of `device_backoff_s`. A load may take `load_deadline_s`, and
    `load_per_mib_s` more for each MiB of model files, as from a slow disk, on each device that is tried,
    but never longer than `load_ceiling_s`. Workers that do on the processor what
    was too much for a device go home after `spare_idle_s`. A call that its caller gave up may go on for
    `given_up_s` (None: the stop grace) before its worker is ended.
    """

    start_deadline_s: float = 60.0
    load_deadline_s: float = 120.0
    load_per_mib_s: float = 0.1
    load_ceiling_s: float = 600.0
    heartbeat_deadline_s: float = 20.0
    call_floor_s: float = 30.0
    call_per_audio_s: float = 10.0
    call_ceiling_s: float = 600.0
    stop_grace_s: float = 2.0
    dump_grace_s: float = 1.0
    restart_budget: int = 5
    restart_window_s: float = 60.0
    poison_budget: int = 20
    restart_backoff_s: float = 0.2
    recycle_rss_growth_bytes: int = 1 << 30
    recycle_after_calls: int | None = 5_000
    settled_calls: int = 3
    rss_limit_bytes: int | None = None
    max_waiting_calls: int = 1_000
    device_memory_mib: Mapping[str, int] = field(default_factory=dict[str, int])
    room_patience_s: float = 30.0
    load_attempts: int = 3
    load_backoff_s: tuple[float, ...] = (1.0, 5.0, 30.0, 300.0)
    device_backoff_s: tuple[float, ...] = (300.0, 1800.0, 7200.0)
    spare_idle_s: float = 60.0
    given_up_s: float | None = None

    def load_allowed(self, models_mib: float) -> float:
        """Seconds that loading an engine may take on one device."""
        return min(self.load_ceiling_s, self.load_deadline_s + self.load_per_mib_s * models_mib)

    def silence_allowed(self, remaining_s: float) -> float:
        """Seconds a call may go without progress while `remaining_s` seconds of audio are to be done."""
        return min(self.call_ceiling_s, self.call_floor_s + self.call_per_audio_s * max(0.0, remaining_s))

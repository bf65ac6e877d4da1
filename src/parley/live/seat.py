"""A seat: the worker processes that a few sessions share, one for each environment their engines live in."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from parley.engines.contract import EngineSpec
from parley.errors import ProfileNotInstalled
from parley.live.errands import Ask, Errand, Urgency
from parley.live.lane import Lane
from parley.wire.frames import CloseStream


class Seat:
    """`pools` names the pool of each engine, and `lanes` has them; seats may share some. `sessions` counts
    those that sit here. `spares` are the lanes to the processor, for what was too much for a device."""

    def __init__(
        self, lanes: Mapping[str, Lane], spares: Mapping[str, Lane], pools: Mapping[str, str]
    ) -> None:
        self._lanes = tuple(lanes[pool] for pool in dict.fromkeys(pools.values()))
        self._by_engine = {engine: lanes[pool] for engine, pool in pools.items()}
        self._spares = {engine: spares[pool] for engine, pool in pools.items()}
        self.sessions = 0
        self.troubled_at = float("-inf")

    def has(self, engine: EngineSpec) -> bool:
        """Whether it can do what this engine does."""
        return engine.name in self._by_engine

    @property
    def waiting(self) -> int:
        """Errands that no worker has yet."""
        return sum(len(lane) for lane in self._lanes)

    def post(
        self,
        owner: str,
        engine: EngineSpec,
        make: Callable[[], Ask | None],
        urgency: Urgency,
        *,
        on_cpu: bool = False,
    ) -> Errand:
        """Have something done; raises ProfileNotInstalled where nobody here has the engine."""
        lane = (self._spares if on_cpu else self._by_engine).get(engine.name)
        if lane is None:
            raise ProfileNotInstalled(f"No live worker has the engine '{engine.name}'; restart the server.")
        return lane.post(owner, engine, make, urgency)

    def withdraw(self, errand: Errand) -> None:
        """Take back what was not begun; the answer is None then."""
        self._by_engine[errand.engine.name].withdraw(errand)

    def is_warm(self, engine: EngineSpec) -> bool:
        """Whether the engine was used lately, and is loaded most likely."""
        lane = self._by_engine.get(engine.name)
        return lane is not None and lane.is_warm(engine)

    def close_stream(
        self, owner: str, engine: EngineSpec, stream: str, urgency: Urgency = Urgency.LISTENING
    ) -> None:
        """See to it that a worker drops a stream; nobody waits for that."""
        ask = Ask(request=CloseStream(stream=stream), audio_s=0.0)
        self.post(owner, engine, lambda: ask, urgency)

    def leave(self, owner: str) -> None:
        """A session goes."""
        self.sessions -= 1
        for lane in self._lanes:
            lane.forget(owner)

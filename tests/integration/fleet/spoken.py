"""A real worker, spoken to frame by frame."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from parley.engines.contract import EngineSpec
from parley.engines.registry import discover
from parley.fleet.child import Child
from parley.fleet.spec import PoolSpec
from parley.speech.device import Placement
from parley.wire import frames
from tests.integration.fleet.scenario import QUICK

PLUGINS = Path(__file__).parents[2] / "plugins"
SPECS = discover([PLUGINS])

PATIENCE_S = 30.0


class Spoken:
    """Asks one question after another; `tried` are the devices the worker announced, in order."""

    def __init__(self, child: Child) -> None:
        self.child = child
        self.tried: list[str] = []
        self._number = 0

    async def ask(self, make: type[Any], **facts: Any) -> frames.FromWorker | None:
        """The answer to a frame, None when the worker ended instead."""
        self._number += 1
        await self.child.send(make(call_id=self._number, **facts))
        async with asyncio.timeout(PATIENCE_S):
            while (frame := await self.child.receive()) is not None:
                if isinstance(frame, frames.Trying):
                    assert frame.call_id == self._number
                    self.tried.append(frame.device)
                elif isinstance(frame, frames.Loaded | frames.Result | frames.Probed | frames.Failure):
                    assert frame.call_id == self._number
                    return frame
        return None

    async def load(self, name: str, wanted: str = "auto", **facts: Any) -> frames.FromWorker | None:
        """Load an engine of the plug-ins."""
        spec: EngineSpec = SPECS[name]
        placement = Placement(wanted=wanted, kinds=spec.devices, **facts)
        return await self.ask(
            frames.Load,
            engine=name,
            factory=spec.factory,
            takes_setup=spec.takes_setup,
            backend=spec.backend,
            placement=placement,
            threads=2,
        )

    async def call(self, engine: str, request: frames.Request) -> frames.Reply | frames.Failure | None:
        """What an engine answers."""
        answer = await self.ask(frames.Call, engine=engine, request=request)
        return answer.reply if isinstance(answer, frames.Result) else answer  # type: ignore[return-value]


@asynccontextmanager
async def worker() -> AsyncIterator[Spoken]:
    """A worker that has greeted."""
    child = await Child.start(PoolSpec(name="main", engines=(), workers=1), QUICK)
    try:
        assert isinstance(await child.receive(), frames.Hello)
        yield Spoken(child)
    finally:
        await child.drop()

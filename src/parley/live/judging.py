"""Asks the turn engine how long a pause may last."""

from __future__ import annotations

from collections.abc import Callable

from parley.engines.contract import EngineSpec
from parley.errors import ParleyError
from parley.live.berth import Berth
from parley.live.errands import Urgency
from parley.live.plans import Plan
from parley.live.utterances import sample_at
from parley.wire.frames import JudgePause, PauseJudged


class Judging:
    """Who cannot be asked leaves it at what was wished; `read` gives audio by sample numbers."""

    def __init__(self, plan: Plan, berth: Berth, read: Callable[[int, int], bytes]) -> None:
        self._plan = plan
        self._berth = berth
        self._read = read

    async def patience_s(self, first: int, last: int) -> float:
        """Seconds of silence that end the turn which was said in these samples."""
        engine = self._plan.turn
        if engine is None:
            return self._plan.silence_s
        try:
            return await self._ask(engine, max(first, last - sample_at(engine.context_s)), last)
        except ParleyError:
            return self._plan.silence_s

    async def _ask(self, engine: EngineSpec, first: int, last: int) -> float:
        wanted_s, language = self._plan.silence_s, self._plan.hearing.language
        request = JudgePause(pcm=self._read(min(first, last), last), wanted_s=wanted_s, language=language)
        reply = await self._berth.ask(engine, request, engine.context_s, Urgency.LISTENING)
        return reply.silence_s if isinstance(reply, PauseJudged) else wanted_s

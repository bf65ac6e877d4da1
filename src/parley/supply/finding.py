"""Which hub a model is taken from: the first that answers, and why not another."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Protocol

from parley.engines.model import Hub, ModelSource, ModelSpec
from parley.errors import DownloadFailed, DownloadRefused, SupplyError
from parley.supply import huggingface, modelscope
from parley.supply.hubs import Access, Offer
from parley.supply.line import LineFailed, Refused

if TYPE_CHECKING:
    import httpx


class Report(Protocol):
    """Who is told how a download goes."""

    def say(self, sentence: str) -> None:
        """Something that a person may want to know."""
        ...

    def moved(self, name: str, done_bytes: int, total_bytes: int) -> None:
        """So much of a model is here."""
        ...


class Finder:
    """Asks the hubs for models. A hub that gave no answer is asked last for the models that follow."""

    def __init__(self, client: httpx.AsyncClient, access: Access, report: Report) -> None:
        self._client = client
        self._access = access
        self._report = report
        self._silent: dict[Hub, None] = {}

    async def find(self, model: ModelSpec, without: Collection[ModelSource] = ()) -> Offer:
        """What the first hub that answers has; raises DownloadFailed, DownloadRefused, InvalidOption.

        `without` are sources that have failed before.
        """
        sources = [source for source in self._access.sources(model) if source not in without]
        sources.sort(key=lambda source: source.hub in self._silent)
        problems: dict[ModelSource, SupplyError] = {}
        rounds = ("probe", "patient") if len(sources) > 1 else ("patient",)
        for patient in (each == "patient" for each in rounds):
            for source in sources:
                if isinstance(problems.get(source), Refused):
                    continue
                offer = await self._try(source, problems, patient=patient)
                if offer is not None:
                    self._tell(model, offer, problems)
                    return offer
        raise self._explained(model, problems)

    async def _try(
        self, source: ModelSource, problems: dict[ModelSource, SupplyError], *, patient: bool
    ) -> Offer | None:
        patience = self._access.patience
        tries = patience.asks if patient else 1
        for failures in range(1, tries + 1):
            try:
                return await self._ask(source, patience.answer if patient else patience.probe)
            except Refused as error:
                problems[source] = error
                return None
            except LineFailed as error:
                problems[source] = error
                self._silent[source.hub] = None
                if failures < tries:
                    await asyncio.sleep(patience.pause_before(failures, error.wait))
        return None

    async def _ask(self, source: ModelSource, within: float) -> Offer:
        endpoint = self._access.endpoint(source.hub)
        try:
            if source.hub == Hub.HUGGINGFACE:
                return await huggingface.offer(
                    self._client, endpoint, self._access.token, source, within=within
                )
            return await modelscope.offer(self._client, endpoint, source, within=within)
        except (AttributeError, TypeError, UnicodeEncodeError):
            # JSON of another shape than the hub's, or names that no address can hold.
            raise LineFailed("it answers something else than a hub does") from None

    def _tell(self, model: ModelSpec, offer: Offer, problems: dict[ModelSource, SupplyError]) -> None:
        where = self._access.described(offer.source.hub)
        passed = [source for source in problems if source != offer.source]
        instead = "".join(f"; not {self._why(source, problems[source])}" for source in passed)
        self._report.say(f"{model.name}: from {where}{instead}")

    def _why(self, source: ModelSource, problem: SupplyError) -> str:
        return f"{self._access.described(source.hub)}: {problem.message}"

    def _explained(
        self, model: ModelSpec, problems: dict[ModelSource, SupplyError]
    ) -> DownloadFailed | DownloadRefused:
        reasons = "; ".join(self._why(source, problem) for source, problem in problems.items())
        sentence = (
            f"Model '{model.name}' cannot be downloaded. {reasons}. {self._advice(list(problems.values()))}"
        )
        if problems and all(isinstance(problem, Refused) for problem in problems.values()):
            return DownloadRefused(sentence)
        return DownloadFailed(sentence)

    def _advice(self, problems: Sequence[SupplyError]) -> str:
        if any(isinstance(problem, LineFailed) for problem in problems) or not problems:
            return (
                "Check the connection, name a mirror (models.hf_endpoint), or fill the folder by hand "
                "(--from DIR); the same command goes on where this one stopped."
            )
        return "If it needs a token, set models.hf_token (HF_TOKEN); see docs/models.md."

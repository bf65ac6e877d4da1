"""Brings a model here from a hub, whole or not at all; what was begun is gone on with."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from parley.engines.model import ModelSource, ModelSpec
from parley.errors import DownloadFailed
from parley.supply.fetching import Fetcher
from parley.supply.finding import Finder, Report
from parley.supply.holding import hold_patiently
from parley.supply.hubs import Access, Offer
from parley.supply.line import LineFailed, Refused, open_client
from parley.supply.models import Models
from parley.supply.staging import Free, Staging, disk_free

if TYPE_CHECKING:
    import httpx


@dataclass(frozen=True, slots=True, kw_only=True)
class Downloads:
    """Downloads into the folder of the models."""

    models: Models
    access: Access
    report: Report
    free: Free = disk_free

    async def find(self, wanted: list[ModelSpec]) -> dict[str, Offer]:
        """What the hubs have of these models, by name; raises DownloadFailed, DownloadRefused."""
        offers: dict[str, Offer] = {}
        for model in wanted:
            # Refused before a connection is opened.
            self.access.sources(model)
        async with await open_client(self.access.patience) as client:
            finder = Finder(client, self.access, self.report)
            for model in wanted:
                offers[model.name] = await finder.find(model)
        return offers

    async def pull(self, model: ModelSpec, offer: Offer | None = None) -> Path:
        """The folder of the model, after downloading what is lacking; `offer` is what `find` gave.

        Raises DownloadFailed, DownloadRefused, ModelDamaged, StorageError, InvalidOption.
        """
        if self.models.is_current(model):
            return self.models.place(model.name)
        self.access.sources(model)
        busy = f"Another command downloads or removes the model '{model.name}'."
        lock = self.models.lock(model.name)
        async with hold_patiently(lock, busy, self.access.patience.other, self.report.say):
            if not self.models.is_current(model):
                async with await open_client(self.access.patience) as client:
                    await self._bring(client, model, offer)
        return self.models.place(model.name)

    async def _bring(self, client: httpx.AsyncClient, model: ModelSpec, offer: Offer | None) -> None:
        """From the first hub that holds out to the end."""
        finder = Finder(client, self.access, self.report)
        failed: dict[ModelSource, str] = {}
        while True:
            offer = offer or await finder.find(model, without=failed)
            try:
                await self._take(client, model, offer)
                return
            except (LineFailed, Refused) as error:
                failed[offer.source] = error.message
                where = self.access.described(offer.source.hub)
                if len(failed) >= len(self.access.sources(model)):
                    raise DownloadFailed(
                        f"Model '{model.name}' could not be downloaded from {where}: {error.message}. What "
                        "is here is kept: the same command goes on where this one stopped."
                    ) from error
                self.report.say(f"{model.name}: {where} failed: {error.message}; asking another hub.")
                offer = None

    async def _take(self, client: httpx.AsyncClient, model: ModelSpec, offer: Offer) -> None:
        staging = Staging(self.models.directory, model)
        await asyncio.to_thread(staging.prepare, offer)
        staging.require_space(offer, self.free)
        total = offer.size_bytes
        done = sum(staging.have(file) for file in offer.files)

        def moved(more: int) -> None:
            nonlocal done
            done += more
            self.report.moved(model.name, max(0, min(done, total)), total)

        moved(0)
        fetcher = Fetcher(client, self.access.patience, offer.headers, moved)
        for file in offer.files:
            if not staging.target(file).exists():
                await fetcher.fetch(file, staging.part(file), staging.target(file))
        aside = await asyncio.to_thread(staging.arrive, offer)
        self.report.moved(model.name, total, total)
        if aside is not None:
            self.report.say(f"{model.name}: the folder that was filled by hand is now called {aside.name}.")

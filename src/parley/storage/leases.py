"""One process works on a thing at a time; the others wait for it, and take over when it has gone.

    A  claim ──── renew ──── renew ──── (killed)
    B        wait ─ look ─ look ─ look ─ look: A's process is gone, or its lease ran out ─ claim

A claim is one compare-and-set statement, so of many contenders exactly one gets it.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from sqlalchemy import Connection

from parley.errors import StorageError, StoreBusy
from parley.storage import holdings
from parley.storage.database import Database
from parley.storage.holdings import Holding
from parley.storage.tokens import new_token

TTL_S = 15.0
"""A lease lives this long after its last renewal and is renewed three times as often, so a busy
disk may hold up two renewals before anybody takes the work away."""

_POLL_S = 0.2
_log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Lease:
    """A hold on `name`; `lost` is set when somebody else has it, or may have it, meanwhile."""

    name: str
    owner: str = field(default_factory=new_token)
    lost: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True)
class _Watch:
    """Notices that a lease is not being renewed without trusting the wall clock."""

    renewed_at: float = 0.0
    since: float = 0.0

    def is_stale(self, seen: Holding) -> bool:
        now = time.monotonic()
        if seen.renewed_at != self.renewed_at:
            self.renewed_at, self.since = seen.renewed_at, now
        return now - self.since > seen.expires_at - seen.renewed_at


class Leases:
    """The leases of all processes that share the data directory."""

    def __init__(self, database: Database, *, ttl_s: float = TTL_S) -> None:
        self._database = database
        self._ttl_s = ttl_s

    @asynccontextmanager
    async def hold(
        self, name: str, on_wait: Callable[[], None] | None = None, *, give_up_s: float | None = None
    ) -> AsyncGenerator[Lease, None]:
        """Have `name` to oneself; `on_wait` is called once if somebody else has it.

        Waits for as long as the other one renews its lease, or for `give_up_s` and then raises StoreBusy.
        """
        lease = Lease(name)
        renewing: asyncio.Task[None] | None = None
        try:
            await self._acquire(lease, on_wait, give_up_s)
            renewing = asyncio.create_task(self._keep(lease), name=f"renew {name}")
            yield lease
        finally:
            if renewing is not None:
                renewing.cancel()
            # Also after a cancelled claim: it may have reached the database all the same. Shielded,
            # because a second cancellation must not leave the lease behind.
            await asyncio.shield(self._release(lease))

    async def protected(self, prefix: str) -> set[str]:
        """What the living hold under names that begin with `prefix`, without it."""
        return await self._database.read(lambda connection: holdings.protected(connection, prefix))

    async def forget_abandoned(self) -> None:
        """Delete the leases of processes that have gone."""
        await self._database.write(holdings.forget_abandoned, survives_power_cut=False)

    async def _acquire(
        self, lease: Lease, on_wait: Callable[[], None] | None, give_up_s: float | None
    ) -> None:
        watch = _Watch()
        began = time.monotonic()
        told = False
        while not await self._try(lease, watch):
            if on_wait is not None and not told:
                on_wait()
            told = True
            if give_up_s is not None and time.monotonic() - began > give_up_s:
                raise StoreBusy("Another process is still at work on this; try again when it has finished.")
            # Jitter keeps many waiters from looking at the same moment for ever.
            await asyncio.sleep(_POLL_S * random.uniform(0.75, 1.25))  # noqa: S311 - no secret

    async def _try(self, lease: Lease, watch: _Watch) -> bool:
        seen = await self._database.read(lambda connection: holdings.look(connection, lease.name))
        if seen is not None and not watch.is_stale(seen) and not await asyncio.to_thread(seen.is_takeable):
            return False
        return await self._change(
            lambda connection: holdings.claim(connection, lease.name, lease.owner, self._ttl_s, seen)
        )

    async def _keep(self, lease: Lease) -> None:
        """Renew until it is lost; a disk that is full or busy is tried again while the lease lasts."""
        renewed = time.monotonic()
        while not lease.lost.is_set():
            await asyncio.sleep(self._ttl_s / 3)
            now = time.monotonic()
            try:
                await self._renew(lease)
                renewed = now
            except StorageError as error:
                _log.warning("a lease could not be renewed: %s (%s)", error.code, error.detail)
                if now - renewed > self._ttl_s:
                    lease.lost.set()

    async def _renew(self, lease: Lease) -> None:
        if not await self._change(
            lambda connection: holdings.renew(connection, lease.name, lease.owner, self._ttl_s)
        ):
            lease.lost.set()

    async def _release(self, lease: Lease) -> None:
        """Give it back. A failure must not spoil what was done under it: it runs out by itself."""
        try:
            if not await self._change(
                lambda connection: holdings.release(connection, lease.name, lease.owner)
            ):
                lease.lost.set()
        except StorageError as error:
            _log.warning("a lease could not be released: %s (%s)", error.code, error.detail)

    async def _change(self, change: Callable[[Connection], bool]) -> bool:
        return await self._database.write(change, survives_power_cut=False)

"""How an upload begins: what is refused, what is known already, and the row of the rest."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import msgspec

from parley.errors import DiskBudgetSpent
from parley.jobs.checks import SettleOrder, check_plan
from parley.jobs.conclusion import Tasks
from parley.jobs.principal import Principal
from parley.jobs.upload import UploadPlan
from parley.storage.arrival import Arrival
from parley.storage.arrivals import Arrivals
from parley.storage.recording_rows import KeepMedia
from parley.storage.space import UploadLimits
from parley.storage.store import Store
from parley.storage.uploads import UploadRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceptionOptions:
    """How much may come, how long it may take, and who profits from what others sent.

    `shared` lets users be served from what others have uploaded; without `authenticated` there is
    one user, who has uploaded everything.
    """

    max_file_bytes: int = 5000 * 1024 * 1024
    expire_s: float = 30 * 60.0
    max_open: int = 1000
    max_open_per_user: int = 100
    disk_bytes: int = 20_000 * 1024 * 1024
    keep_media: KeepMedia = KeepMedia.COMPACT
    authenticated: bool = False
    shared: bool = False

    @property
    def limits(self) -> UploadLimits:
        """What the storage has to hold to."""
        return UploadLimits(
            max_open=self.max_open, max_open_per_user=self.max_open_per_user, disk_bytes=self.disk_bytes
        )


class Opening:
    """Begins uploads. `settle` names the profile and refuses what it cannot do."""

    def __init__(
        self,
        store: Store,
        desk: Tasks,
        arrivals: Arrivals,
        settle: SettleOrder,
        options: ReceptionOptions,
    ) -> None:
        self._store = store
        self._desk = desk
        self._arrivals = arrivals
        self._settle = settle
        self._options = options

    async def check(self, who: Principal, plan: UploadPlan) -> UploadPlan:
        """The plan with a name that can be shown and the user's voices; raises as `check_plan` does."""
        plan = check_plan(plan, self._options.max_file_bytes, self._settle)
        if plan.order.wish.speakers is None:
            return plan
        wish = replace(plan.order.wish, known=await self._store.voices.known(who.user))
        return replace(plan, order=replace(plan.order, wish=wish))

    async def answer(self, who: Principal, task_id: str, plan: UploadPlan) -> bool:
        """Complete the task from what is remembered, where the hash certainly names a content."""
        if not plan.declared_hash or not plan.order.wish.use_cache:
            return False
        options = self._options
        recording = await self._store.recordings.named(
            plan.declared_hash, who.user, by_anybody=options.shared or not options.authenticated
        )
        if recording is None or recording.size_bytes != plan.size_bytes:
            return False
        hit = await self._desk.known(who, plan.order, recording)
        if hit is None:
            return False
        await self._desk.answer(who, task_id, plan.order, recording, hit)
        return True

    async def begin(self, who: Principal, task_id: str, plan: UploadPlan) -> Arrival:
        """Open the upload; recordings that nobody needs make room for it."""
        record = _record(who, task_id, plan)
        try:
            return await self._arrivals.add(record, self._options.limits)
        except DiskBudgetSpent:
            if not await self._store.recordings.make_room(record.size_bytes, self._options.disk_bytes):
                raise
            return await self._arrivals.add(record, self._options.limits)

    async def amend(self, who: Principal, arrival: Arrival, plan: UploadPlan) -> None:
        """What is asked of an upload, after its bytes have come; raises as `check` does."""
        plan = await self.check(who, plan)
        record = replace(
            arrival.record,
            file_name=plan.order.file_name,
            declared_hash=plan.declared_hash,
            order=msgspec.json.encode(plan.order),
        )
        await self._arrivals.amend(arrival, record)


def _record(who: Principal, task_id: str, plan: UploadPlan) -> UploadRecord:
    now = time.time()
    return UploadRecord(
        id=task_id,
        user=who.user,
        door=plan.door,
        file_name=plan.order.file_name,
        declared_hash=plan.declared_hash,
        size_bytes=plan.size_bytes or 0,
        chunk_bytes=plan.chunk_bytes,
        chunks=plan.chunks,
        received=b"",
        offset_bytes=0,
        sha256=None,
        md5=None,
        created_at=now,
        touched_at=now,
        order=msgspec.json.encode(plan.order),
    )

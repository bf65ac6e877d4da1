"""The workers of a pool: hires them, sees each through to its end, relieves the worn, replaces the lost."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection

from parley.engines.contract import EngineSpec
from parley.errors import ParleyError
from parley.fleet.equipment import Equipment
from parley.fleet.idling import Idling
from parley.fleet.ledger import Ledger
from parley.fleet.limits import FleetLimits
from parley.fleet.line import Line, Ticket
from parley.fleet.lost import Lost, NoRoom, TooLarge
from parley.fleet.shift import Shift, State
from parley.fleet.spec import PoolSpec
from parley.fleet.staff import Staff

_log = logging.getLogger(__name__)


class Crew:
    """Every change of a shift ends in `changed`, which decides what comes next; `defect` is called before
    something unforeseen ends the whole fleet; `tell` hears of lost workers.

    `kept` are the engines that the workers there always are have loaded, None where there need be none;
    `refusal` is why no worker could be started.
    """

    def __init__(
        self,
        spec: PoolSpec,
        limits: FleetLimits,
        group: asyncio.TaskGroup,
        equipment: Equipment,
        line: Line,
        *,
        changed: Callable[[], None],
        defect: Callable[[], None],
        tell: Callable[[str], None],
    ) -> None:
        self.staff = Staff(spec.workers)
        self.ledger = Ledger(limits)
        self.kept: Collection[EngineSpec] | None = None
        self.refusal: ParleyError | None = None
        self.is_unloaded = False
        self._spec = spec
        self._limits = limits
        self._group = group
        self._equipment = equipment
        self._line = line
        self._changed = changed
        self._defect = defect
        self._tell = tell
        self._loop = asyncio.get_running_loop()
        self._idling = Idling(spec.idle_s, spec.unload_s)

    @property
    def may_hire(self) -> bool:
        """Whether the restart budget leaves room."""
        return self.ledger.may_start(self._loop.time())

    def why_nobody(self) -> ParleyError:
        """What to tell those for whom nobody can be started."""
        return self.refusal or self.ledger.bankruptcy(self._spec.name)

    def hire(self, engines: Collection[EngineSpec], relieves: Shift | None = None) -> None:
        """Start a worker that loads engines beforehand, maybe in order to relieve another."""
        slot = relieves.slot if relieves else self.staff.free_slot()
        shift = Shift(self._spec, self._limits, self._equipment, slot, engines, relieves)
        if relieves is None:
            self.ledger.hired()
        self.staff.add(shift, self._group.create_task(self._run(shift)))

    def give(self, shift: Shift, ticket: Ticket) -> None:
        """Put a call into the hands of a free worker."""
        self._line.leave(ticket)
        self._idling.stay(shift)
        self._equipment.space.busy(shift)
        shift.give(ticket)

    def watch_idleness(self) -> None:
        """Send all home once nobody waited, worked or started for long."""
        idle = len(self.staff.idle)
        # Also when nobody is there who could be sent home.
        has_work = len(self._line) or not idle or idle < self.staff.alive + self.staff.pending
        self._idling.watch(has_work=bool(has_work), unload=self._unload)

    def close(self) -> None:
        """Begin to end every worker."""
        self._idling.close()
        self.staff.dismiss()

    async def _run(self, shift: Shift) -> None:
        """See one worker through; what is not foreseen ends the whole fleet through its task group."""
        try:
            await self._supervise(shift)
        except BaseException:
            self._defect()
            raise
        finally:
            await shift.close()
            self._idling.stay(shift)
            self.staff.remove(shift)
            self._equipment.space.left(shift)
            self._changed()

    async def _supervise(self, shift: Shift) -> None:
        try:
            await asyncio.sleep(self.ledger.delay(self._loop.time()))
            await shift.open()
            self._opened(shift)
            self._rested(shift)
            while (ticket := await shift.order()) is not None:
                await shift.serve(ticket)
                self._served(shift)
                self._rested(shift)
        except (Lost, TooLarge) as cause:
            await shift.bury(cause)
            self._mourn(shift, cause)
        except NoRoom:
            self._turned_away(shift)
        except ParleyError as error:
            self._could_not_open(shift, error)

    def _opened(self, shift: Shift) -> None:
        self.refusal = None
        if shift.relieves is not None:
            self.ledger.recycled += 1
            shift.relieves.relieve()
            shift.relieves = None
        self._changed()

    def _served(self, shift: Shift) -> None:
        """The next call goes to the worn worker too, until its relief is ready."""
        self.ledger.succeeded()
        if shift.worn and self._may_relieve(shift):
            _log.info("a worker of %s is relieved: %s", self._spec.name, shift.worn)
            engines = [engine for engine in self._spec.engines if engine.name in shift.loaded]
            self.hire(engines, relieves=shift)
        self._changed()

    def _may_relieve(self, shift: Shift) -> bool:
        """Not while another relief starts, nor while what it has loaded could not be loaded again."""
        is_broken = any(self._equipment.refusal(engine) for engine in shift.loaded)
        return self.may_hire and not self.staff.is_relief_on_its_way and not is_broken

    def _rested(self, shift: Shift) -> None:
        """From now on it has nothing to do, unless it was given a call already."""
        self._idling.rested(shift, self._send_home)
        # Between two calls of live speech lies a moment, which is no time to make room for others.
        if shift.state is State.IDLE and not self._spec.is_live:
            self._equipment.space.rested(shift)

    def _unload(self) -> None:
        """Nobody had work for long: even the fewest there may be go home, until there is work again."""
        self.is_unloaded = True
        _log.info("the workers of %s go home after %.0f idle seconds", self._spec.name, self._spec.unload_s)
        for shift in self.staff.idle:
            shift.relieve()

    def _send_home(self, shift: Shift) -> None:
        """It was idle for long; the fewest there may be stay."""
        self._idling.stay(shift)
        if shift.state is State.IDLE and self.staff.alive > self._spec.min_workers:
            _log.info("a worker of %s goes home after %.0f idle seconds", self._spec.name, self._spec.idle_s)
            shift.relieve()

    def _turned_away(self, shift: Shift) -> None:
        """Its call needs more memory than there is beside what it holds."""
        if shift.ticket is not None:
            shift.ticket.needs_room = True
            self._line.rejoin(shift.ticket)
        shift.go_home()

    def _mourn(self, shift: Shift, cause: Lost | TooLarge) -> None:
        """Account for a lost worker; its call is tried again unless it is settled or to blame.

        A caller who gave up ended the worker himself, but for one that was loading or of live speech, which
        nobody hurries.
        """
        ticket = shift.ticket
        if isinstance(cause, TooLarge):
            return
        is_given_up = ticket is not None and ticket.is_settled
        if is_given_up and cause.loading is None and not self._spec.is_live:
            return
        _log.warning("a worker of %s %s", self._spec.name, cause.fate)
        _log.debug("its last lines:\n%s", cause.detail)
        self.refusal = None
        if cause.loading is not None:
            self._equipment.lost(cause.loading, cause.device, cause)
        answered_for = shift.at_work or cause.loading is not None
        self.ledger.lost(self._loop.time(), cause.fate, at_work=answered_for)
        self._tell(f"A worker {cause.fate}.")
        if ticket is not None:
            if shift.at_work and not is_given_up:
                self._blame(ticket, cause)
            self._line.rejoin(ticket)

    def _blame(self, ticket: Ticket, cause: Lost) -> None:
        ticket.strike(cause)
        if ticket.is_settled:
            self.ledger.poisoned(self._loop.time())

    def _could_not_open(self, shift: Shift, error: ParleyError) -> None:
        """Another start would fail alike, so those who wait are told, unless others can serve them.

        Whoever waits for an engine that was not to be loaded gets a worker that loads none beforehand.
        """
        _log.warning("a worker of %s cannot work: %s (%s)", self._spec.name, error.message, error.detail)
        if shift.has_greeted:
            return  # a relief, whose engines have to answer for it
        self.ledger.lost(self._loop.time(), error.message)
        self.kept = None
        self.refusal = error
        if not self.staff.alive:
            self._line.refuse(error, shift.engines)

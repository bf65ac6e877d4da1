"""The whole server: every room, opened in order and closed in the other."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from starlette.types import ASGIApp

from parley.app import options
from parley.app.assistant_gauges import AssistantGauges
from parley.app.assistant_room import open_assistant_room
from parley.app.conditions import profile_facts, trouble_of
from parley.app.decoding import MediaDecoder
from parley.app.doors import Behind, count_guests, hang_doors
from parley.app.gauges import Gauges
from parley.app.live_gauges import LiveGauges
from parley.app.live_room import open_live_room
from parley.app.looking import look_around
from parley.app.notifying import build_notifier, tell_end
from parley.app.pools import limits_for
from parley.app.settling import settler
from parley.app.system import SystemView, note_failure
from parley.app.voice_gauges import VoiceGauges
from parley.app.voice_room import open_voice_room
from parley.assistant.contract import AssistantRoom
from parley.engines.contract import Role
from parley.engines.profiles import Profile
from parley.errors import ParleyError
from parley.fleet.fleet import Fleet
from parley.jobs.compacting import Compacting
from parley.jobs.desk import Desk, open_desk
from parley.jobs.known import Planner
from parley.jobs.reception import Reception
from parley.live.contract import LiveRoom
from parley.notify.events import Event
from parley.notify.notifier import Notifier
from parley.server.addresses import check
from parley.server.application import Rooms
from parley.server.authority import Authority
from parley.server.dispatch import Dispatch
from parley.server.gate import Gate
from parley.server.pace import Pace
from parley.settings import MIB, Settings
from parley.storage.store import Store
from parley.synthesis.room import SpeechSynthesis
from parley.telemetry.metrics import Metrics
from parley.telemetry.troubles import Troubles

Notice = Callable[[str], None]

_TIDY_EVERY_S = 60.0
_WARM_AGAIN_S = 30.0
_GOODBYE_S = 2.0
_STOP_GRACE_S = 1.0
_log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class House:
    """The rooms of a running server, and the application in front of them."""

    settings: Settings
    profile: Profile
    store: Store
    fleet: Fleet
    desk: Desk
    reception: Reception
    live: LiveRoom
    synthesis: SpeechSynthesis
    assistant: AssistantRoom
    metrics: Metrics
    dispatch: Dispatch = field(init=False)
    application: ASGIApp = field(init=False)
    troubles: Troubles = field(default_factory=Troubles)
    profiles: Mapping[str, Profile] = field(default_factory=dict[str, Profile])
    installed: frozenset[str] = frozenset()
    is_draining: bool = False
    loaded: bool = False
    trouble: str = ""

    async def drain(self) -> None:
        """Take nothing more; live sessions get their finals, texts that end soon are spoken,
        what runs is checkpointed and goes on after the next start.
        """
        self.is_draining = True
        # Before the desk, which takes the recordings of sessions that end.
        grace_s = self.settings.server.shutdown_grace_s
        # First, because conversations hear and speak in the other rooms.
        await self.assistant.drain(grace_s)
        await asyncio.gather(self.live.drain(grace_s), self.synthesis.drain(grace_s))
        await self.desk.drain()

    def unready(self) -> Sequence[str]:
        """Why no work should be sent here; nothing when all is well."""
        health = self.fleet.health()
        trouble = self.trouble or trouble_of(self.profile, health)
        engines = [spec.name for spec in self.profile.engines.values()]
        reasons = {
            "the server is stopping": self.is_draining,
            "the models are being loaded": not self.loaded and not trouble,
            f"the models could not be loaded, which is tried again: {trouble}": bool(trouble),
            "workers were lost too often; see the log": health.gave_up_on(engines),
            "the queue is full": self.desk.stats().waiting >= self.settings.queue.max_waiting,
        }
        return [reason for reason, applies in reasons.items() if applies]

    def profile_facts(self) -> Sequence[Mapping[str, object]]:
        """All profiles in the words of `/v1/profiles`."""
        return profile_facts(self.profiles, self.installed, self.profile.name, self.fleet.health())

    async def tidy(self) -> None:
        """Once a minute: forget what is old, remove what nobody needs."""
        await self.reception.sweep()
        await self.desk.sweep()
        await self.store.tidy(
            pcm_bytes=self.settings.pcm_cache_mib * MIB,
            cache_bytes=self.settings.cache_mib * MIB,
            cache_age_s=self.settings.cache_days * 86400,
        )
        await self.store.conversations.sweep()

    async def warm(self) -> None:
        """Load the models of the default profile, so that the first task need not wait for them."""
        recipe = self.profile.for_recordings
        engines = [spec.name for role, spec in recipe.items() if role != Role.MEDIA]
        if self.settings.queue.min_workers or trouble_of(self.profile, self.fleet.health()):
            await self.fleet.warm(*engines)
        self.loaded, self.trouble = True, ""


@asynccontextmanager
async def open_house(settings: Settings, *, notice: Notice) -> AsyncGenerator[House]:
    """Open every room; leaving the context ends them, with no process left behind.

    Raises ServerInUse, StorageError, InvalidSettings, ProfileError.
    """
    found = await asyncio.to_thread(look_around, settings)
    profile, profiles, installed = found.chosen.profile, found.known, found.installed
    if found.chosen.reason:
        notice(found.chosen.reason)
    async with AsyncExitStack() as stack:
        store = await Store.open(settings.data_dir)
        stack.push_async_callback(store.close)
        # Who cancels a task is promised that it stops within two seconds.
        limits = replace(limits_for(settings), stop_grace_s=_STOP_GRACE_S)
        pools = (*found.pools, *found.live.pools, *found.voice_pools)
        troubles = Troubles()

        def tell(sentence: str) -> None:
            troubles.note("server", "notice", sentence)
            notice(sentence)

        fleet = await stack.enter_async_context(Fleet(pools, limits, notice=tell))
        desk = await stack.enter_async_context(
            open_desk(store, fleet, installed, options.desk_options(settings), settings.data_dir)
        )
        planner = Planner(profiles, options.desk_options(settings).limits)
        reception = Reception(store, desk, settler(planner, installed), options.reception_options(settings))
        stack.push_async_callback(reception.close)
        metrics = Metrics()
        live = await stack.enter_async_context(open_live_room(settings, found, fleet, reception, metrics))
        synthesis = await stack.enter_async_context(open_voice_room(settings, found, fleet, store, metrics))
        assistant = await stack.enter_async_context(
            open_assistant_room(settings, found, live, synthesis, store.conversations, metrics, notice)
        )
        house = House(
            settings=settings,
            profile=profile,
            store=store,
            fleet=fleet,
            desk=desk,
            reception=reception,
            live=live,
            synthesis=synthesis,
            assistant=assistant,
            metrics=metrics,
            troubles=troubles,
            profiles=profiles,
            installed=frozenset(installed),
        )
        await _furnish(house, stack)
        await _compact(house, installed, stack)
        yield house


async def _furnish(house: House, stack: AsyncExitStack) -> None:
    """The doors, and what runs beside them."""
    settings = house.settings
    authority = await asyncio.to_thread(
        Authority.open, settings.data_dir, options.authority_options(settings), house.store.keys
    )
    pace = Pace(settings.server.requests_per_minute)
    guests = count_guests(settings)
    gauges = Gauges(
        house.metrics,
        house.desk,
        house.reception,
        house.fleet,
        lambda: guests.total,
        lambda: not house.unready(),
        settings.data_dir,
    )
    live = LiveGauges(house.metrics, house.live)
    voices = VoiceGauges(house.metrics, house.synthesis)
    conversations = AssistantGauges(house.metrics, house.assistant)

    def figures() -> Mapping[str, float]:
        return {**gauges.figures(), **live.figures(), **voices.figures(), **conversations.figures()}

    house.desk.on_conclusion(lambda task: note_failure(house.troubles, task))
    rooms = Rooms(
        desk=house.desk,
        reception=house.reception,
        authority=authority,
        options=options.door_options(settings),
        live=house.live,
        synthesis=house.synthesis,
        assistant=house.assistant,
        conversations=house.store.conversations,
        unready=house.unready,
        figures=figures,
        metrics=house.metrics.render,
        profiles=house.profile_facts,
        system=_system_view(house, figures, lambda: guests.total).facts,
    )
    decoder = MediaDecoder(house.fleet, house.profile.engines[Role.MEDIA].name, settings)
    behind = Behind(rooms, pace, guests, house.profiles, house.installed, house.profile.name, decoder)
    house.dispatch = hang_doors(behind, settings)
    house.application = Gate(house.dispatch, options.gate_options(settings), pace)
    notifier = await _open_notifier(house, stack)
    await _run_beside(house, stack, gauges.watch_loop(), live.watch_loop(), notifier.run())


def _system_view(
    house: House, figures: Callable[[], Mapping[str, float]], connections: Callable[[], int]
) -> SystemView:
    """What `/v1/system` reads."""
    return SystemView(
        health=house.fleet.health,
        queue=house.desk.stats,
        most_waiting=house.settings.queue.max_waiting,
        unready=house.unready,
        profiles=house.profile_facts,
        figures=figures,
        sessions={
            "recordings": lambda: house.desk.stats().running,
            "live": lambda: house.live.stats().sessions,
            "conversations": lambda: house.assistant.stats().sessions,
            "speaking": lambda: house.synthesis.stats().speaking,
            "connections": connections,
        },
        troubles=house.troubles,
    )


async def _run_beside(house: House, stack: AsyncExitStack, *works: Coroutine[Any, Any, None]) -> None:
    """The house's own chores, and these, until the house is closed."""
    beside = await stack.enter_async_context(asyncio.TaskGroup())
    for work in (_every(_TIDY_EVERY_S, house.tidy), _keep_loaded(house), *works):
        stack.callback(beside.create_task(work).cancel)


async def _compact(house: House, profiles: Mapping[str, Profile], stack: AsyncExitStack) -> None:
    """Make compact copies beside the work, if that is wanted."""
    if house.settings.uploads.keep_media != "compact":
        return
    limits = options.desk_options(house.settings).limits
    compacting = Compacting(house.store, house.fleet, profiles, limits)
    house.desk.on_conclusion(lambda task: compacting.wake())
    beside = await stack.enter_async_context(asyncio.TaskGroup())
    stack.callback(beside.create_task(compacting.run(), name="compacting").cancel)


async def _open_notifier(house: House, stack: AsyncExitStack) -> Notifier:
    """Tell of the start now, of tasks as they end, and of the end when the house is closed."""
    uploads = house.settings.uploads

    async def pin(address: str) -> str:
        return (await check(address, allow_private=uploads.allow_private_urls)).url.host

    notifier, poster = await asyncio.to_thread(
        build_notifier,
        house.settings.notify,
        house.settings.data_dir,
        house.store.outbox,
        house.metrics,
        pin,
    )
    stack.push_async_callback(poster.close)
    house.desk.on_conclusion(lambda task: tell_end(notifier, task))
    notifier.tell(Event(kind="server_started"))

    async def say_goodbye() -> None:
        notifier.tell(Event(kind="server_stopped"))
        await notifier.flush(_GOODBYE_S)

    stack.push_async_callback(say_goodbye)
    return notifier


async def _every(seconds: float, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """A supervisor: what fails once is tried again."""
    while True:
        try:
            await work()
        except ParleyError as error:
            _log.warning("tidying failed: %s (%s)", error.code, error.detail)
        except Exception:  # noqa: BLE001 - the supervisor: nobody's task may end with the sweeping
            _log.exception("tidying failed for an unforeseen reason")
        await asyncio.sleep(seconds)


async def _keep_loaded(house: House) -> None:
    """What breaks later is loaded again, though nobody sends work to a server that is not ready."""
    while True:
        await _until_loaded(house)
        await asyncio.sleep(_WARM_AGAIN_S)
        house.loaded = not trouble_of(house.profile, house.fleet.health())


async def _until_loaded(house: House) -> None:
    while not house.loaded:
        try:
            await house.warm()
        except ParleyError as error:
            _log.error("the models could not be loaded: %s (%s)", error.message, error.detail)
            house.trouble = error.message
            await asyncio.sleep(_WARM_AGAIN_S)

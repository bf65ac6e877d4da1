"""What a session is made of, put together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from parley.live.actor import Actor
from parley.live.berth import Berth
from parley.live.contract import Recording
from parley.live.hearing import Hearing, Means
from parley.live.inlet import Inlet
from parley.live.judging import Judging
from parley.live.listening import WARM_UP_S, Listening
from parley.live.options import LiveLimits, LiveWish
from parley.live.outbox import Outbox
from parley.live.plans import Plan
from parley.live.redecoding import RedecodingHearing
from parley.live.rescue import Rescue
from parley.live.ring import AudioRing
from parley.live.streaming import StreamingHearing
from parley.live.taping import Taping
from parley.live.telling import Telling
from parley.live.worker_stream import WorkerStream
from parley.speech.media import SAMPLE_RATE_HZ

RING_SLACK_S = 10.0
"""Beyond the backlog and an utterance: what waits in pauses, warms a detector up, and comes in one piece."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Works:
    """The parts of one session."""

    inlet: Inlet
    outbox: Outbox
    telling: Telling
    taping: Taping
    listening: Listening
    hearing: Hearing
    actor: Actor

    @property
    def finals(self) -> int:
        """Finals told."""
        return self.telling.finals

    @property
    def skipped_partials(self) -> int:
        """Partial texts left out to keep up."""
        return self.hearing.skipped_partials

    @property
    def moved(self) -> int:
        """How often it went on in another worker, or in the same one started anew."""
        return self.listening.moved

    @property
    def audio_s(self) -> float:
        """Seconds of audio taken."""
        return self.inlet.last / SAMPLE_RATE_HZ


def put_together(
    wish: LiveWish,
    plan: Plan,
    limits: LiveLimits,
    berth: Berth,
    recording: Recording | None,
    clock: Callable[[], float],
    defect: Callable[[BaseException], None],
) -> Works:
    """Everything but the task that runs the actor; `defect` is told what ends the session at once."""
    outbox = Outbox()
    ring = AudioRing(limits.backlog_s + plan.longest_s + WARM_UP_S + RING_SLACK_S)
    inlet = Inlet(wish, ring, limits.backlog_s, clock)
    telling, taping = Telling(outbox, turns=wish.turns), Taping(recording, outbox)

    def new_rescue() -> Rescue:
        return Rescue(clock, limits.backlog_s)

    means = Means(
        plan=plan,
        berth=berth,
        outbox=outbox,
        telling=telling,
        read=ring.read,
        new_rescue=new_rescue,
        changed=lambda: actor.look(),
        defect=defect,
        may_tell=lambda: inlet.is_ended or not outbox.is_full,
    )
    listening = Listening(WorkerStream(berth, plan.vad, plan.told(plan.vad)), new_rescue(), ring.read)
    hearing = _hearing(means, limits)
    judging = Judging(plan, berth, ring.read)
    actor = Actor(plan, judging, inlet, outbox, listening, hearing, taping.keep)
    return Works(
        inlet=inlet,
        outbox=outbox,
        telling=telling,
        taping=taping,
        listening=listening,
        hearing=hearing,
        actor=actor,
    )


def _hearing(means: Means, limits: LiveLimits) -> Hearing:
    plan = means.plan
    if plan.streaming is not None:
        return StreamingHearing(means, plan.streaming)
    if plan.asr is None:
        raise RuntimeError("a plan without a recogniser")
    return RedecodingHearing(means, plan.asr, limits.partial_interval_s)

"""Loads the engines of a session before somebody has said anything to them."""

from __future__ import annotations

from parley.engines.contract import EngineSpec
from parley.live.berth import Berth
from parley.live.errands import Ask, Urgency
from parley.live.plans import Plan
from parley.speech.media import SAMPLE_BYTES, SAMPLE_RATE_HZ
from parley.speech.span import Span
from parley.wire.frames import LiveStretch, OpenStream, Punctuate, RecogniseLive

_SILENCE = LiveStretch(pcm=bytes(SAMPLE_BYTES * SAMPLE_RATE_HZ // 2), islands=(Span(0.1, 0.4),))


def warm(plan: Plan, berth: Berth) -> None:
    """Have everything loaded that the seat did not use lately; nobody waits, and what fails fails later."""
    if plan.streaming is not None and not berth.seat.is_warm(plan.streaming):
        name = berth.new_stream()
        _post(berth, plan.streaming, OpenStream(stream=name, options=plan.told(plan.streaming)))
        berth.seat.close_stream(berth.owner, plan.streaming, name, Urgency.PARTIAL)
    if plan.asr is not None and not berth.seat.is_warm(plan.asr):
        options = plan.told(plan.asr)
        _post(berth, plan.asr, RecogniseLive(stretches=(_SILENCE,), options=options))
    if plan.punctuation is not None and not berth.seat.is_warm(plan.punctuation):
        request = Punctuate(texts=("and",), language=plan.hearing.language)
        _post(berth, plan.punctuation, request)


def _post(berth: Berth, engine: EngineSpec, request: OpenStream | RecogniseLive | Punctuate) -> None:
    ask = Ask(request=request, audio_s=0.5)
    berth.post(engine, lambda: ask, Urgency.PARTIAL)

"""A wish, as a profile can fulfil it: engines, and what each of them is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from parley.engines.contract import Capability, EngineSpec, Role
from parley.engines.profiles import Profile, check_options
from parley.engines.selecting import select
from parley.errors import InvalidOption, ProfileNotInstalled, UnsupportedOption
from parley.live.options import (
    HIGHEST_RATE_HZ,
    LOWEST_RATE_HZ,
    MOST_CHANNELS,
    LiveLimits,
    LiveWish,
)
from parley.speech.recognition import RecognitionOptions, language_of

LEAST_SILENCE_S, MOST_SILENCE_S = 0.1, 10.0
MOST_HOTWORDS = 500
SLACK_S = 1.0
"""So much less than a recogniser's limit an utterance may last, for the sound around it."""

LEAST_LONGEST_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a session does.

    `streaming` hears speech as it comes, if there is such a recogniser and somebody wants partial texts or
    its final ones; `asr` hears whole utterances, None where `streaming` has the last word. `hearing` is
    what they are told.
    """

    profile: str
    vad: EngineSpec
    asr: EngineSpec | None
    streaming: EngineSpec | None
    punctuation: EngineSpec | None
    turn: EngineSpec | None
    hearing: RecognitionOptions
    silence_s: float
    longest_s: float
    partials: bool
    is_streaming: bool

    @property
    def engines(self) -> tuple[EngineSpec, ...]:
        """All that a seat must have."""
        found = (self.vad, self.asr, self.streaming, self.punctuation, self.turn)
        return tuple(engine for engine in found if engine is not None)

    def told(self, engine: EngineSpec, context: str = "") -> RecognitionOptions:
        """What one of the recognisers is told: what it can honour, and the text before where it profits."""
        able = engine.capabilities
        prompt = " ".join(part for part in (self.hearing.prompt or "", context) if part)
        return replace(
            self.hearing,
            prompt=prompt if prompt and Capability.PROMPT in able else None,
            hotwords=self.hearing.hotwords if Capability.HOTWORDS in able else (),
            words=self.hearing.words and Capability.WORDS in able,
        )


def plan(
    wish: LiveWish,
    installed: Mapping[str, Profile],
    known: Mapping[str, Profile],
    default: str,
    limits: LiveLimits,
) -> Plan:
    """How a wish is fulfilled.

    Raises InvalidOption, UnsupportedOption, ProfileUnknown or ProfileNotInstalled.
    """
    _check_values(wish)
    language = language_of(wish.language)
    name = wish.profile or default
    profile = select(known, name, language, lambda each: each.name in installed).profile
    if profile.name not in installed:
        raise ProfileNotInstalled(
            f"Profile '{profile.name}' is not installed for live speech; run: parley pull {profile.name}"
        )
    hearing = RecognitionOptions(
        language=language, prompt=wish.prompt or None, hotwords=wish.hotwords, words=wish.words
    )
    check_options(_live(profile, wish), hearing, [_live(each, wish) for each in known.values()])
    return _planned(profile, wish, hearing, limits)


def _check_values(wish: LiveWish) -> None:
    if not LOWEST_RATE_HZ <= wish.sample_rate_hz <= HIGHEST_RATE_HZ:
        raise InvalidOption(f"The sample rate lies between {LOWEST_RATE_HZ} and {HIGHEST_RATE_HZ} Hz.")
    if not 1 <= wish.channels <= MOST_CHANNELS:
        raise InvalidOption(f"There are 1 to {MOST_CHANNELS} channels.")
    silence_s = wish.endpoint_silence_s
    if silence_s is not None and not LEAST_SILENCE_S <= silence_s <= MOST_SILENCE_S:
        raise InvalidOption(
            f"The silence that ends an utterance lasts {LEAST_SILENCE_S} to {MOST_SILENCE_S} seconds."
        )
    if len(wish.hotwords) > MOST_HOTWORDS:
        raise InvalidOption(f"There are {MOST_HOTWORDS} hotwords at most; leave some out.")


def _live(profile: Profile, wish: LiveWish) -> Profile:
    """The profile without roles that live speech has no use for; its recogniser is who speaks last."""
    engines = {role: engine for role, engine in profile.engines.items() if role is not Role.ALIGN}
    if profile.streaming is not None and not wish.second_pass:
        engines[Role.ASR] = profile.streaming
    return replace(profile, engines=engines)


def _planned(profile: Profile, wish: LiveWish, hearing: RecognitionOptions, limits: LiveLimits) -> Plan:
    vad, asr = profile.engines[Role.VAD], profile.engines[Role.ASR]
    streaming = profile.streams_in(hearing.language)
    if not vad.streams:
        raise UnsupportedOption(
            f"Profile '{profile.name}' cannot hear live speech, because '{vad.name}' cannot; "
            "use another --profile."
        )
    alone = streaming is not None and (streaming.name == asr.name or not wish.second_pass)
    heard_whole = None if alone else asr
    able_s = limits.max_utterance_s if heard_whole is None else heard_whole.max_stretch_s - SLACK_S
    return Plan(
        profile=profile.name,
        vad=vad,
        asr=heard_whole,
        streaming=streaming if alone or wish.partials else None,
        punctuation=profile.engine(Role.PUNCTUATION),
        turn=profile.engine(Role.TURN),
        hearing=hearing,
        silence_s=wish.endpoint_silence_s or limits.endpoint_silence_s,
        longest_s=max(LEAST_LONGEST_S, min(limits.max_utterance_s, able_s)),
        partials=wish.partials,
        is_streaming=streaming is not None and (alone or wish.partials),
    )

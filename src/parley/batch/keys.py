"""What results are filed under: a chain of digests, one link per stage.

Each link covers the link before it, the engine of the stage and the options that change its result.
So asking for speakers later finds the recognised text, another recogniser finds the speech already
found, and nothing is ever found under options it was not made with.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import msgspec

from parley.batch.options import RecipeOptions, Recording, seconds_at_once
from parley.engines.contract import EngineSpec, Role
from parley.engines.profiles import Profile
from parley.speech.media import SAMPLE_RATE_HZ

RECIPE_REVISION = 1
"""Raised when the arithmetic between the stages changes what they are given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """One hex digest per stage; `transcript` covers all of them."""

    decode: str
    find_speech: str
    recognise: str
    embed: str
    transcript: str


def keys_for(recording: Recording, options: RecipeOptions, profile: Profile) -> Keys:
    """The chain for one recording, its options and a profile."""
    engine = {role: _identity(spec) for role, spec in profile.engines.items()}
    limits = {"max_duration_s": None, "max_channels": None}
    decode_options = msgspec.to_builtins(options.decode) | limits
    # Left out where it is as ever, so that what was remembered before there was a choice is found.
    if decode_options["sample_rate_hz"] == SAMPLE_RATE_HZ:
        del decode_options["sample_rate_hz"]
    decode = digest(RECIPE_REVISION, recording.sha256, engine[Role.MEDIA], decode_options)
    find_speech = digest(decode, engine[Role.VAD])
    together = _together(options, profile.engines[Role.ASR])
    recognise = digest(find_speech, engine[Role.ASR], options.recognition, *together)
    embed = digest(find_speech, engine.get(Role.SPEAKERS))
    last = (options.speakers, engine.get(Role.PUNCTUATION), engine.get(Role.ALIGN))
    # Left out where nobody is known, so that what was remembered before voices had names is found.
    names = (options.known,) if options.known else ()
    transcript = digest(recognise, embed, *last, *names)
    return Keys(
        decode=decode, find_speech=find_speech, recognise=recognise, embed=embed, transcript=transcript
    )


def _together(options: RecipeOptions, asr: EngineSpec) -> tuple[float, ...]:
    """What is recognised at once, where a text depends on what is recognised beside it."""
    return () if asr.batch_invariant else (seconds_at_once(options, asr),)


def engine_of_voices(spec: EngineSpec) -> str:
    """What enrolled vectors are filed under: those of one revision mean nothing to another."""
    return f"{spec.name} {spec.revision}"


def of_track(link: str, track: int) -> str:
    """The link for one of several PCM files of a recording."""
    return digest(link, track)


def digest(*parts: Any) -> str:
    """Hex digest of values, independent of the process that asks."""
    return hashlib.sha256(msgspec.json.encode(parts, order="deterministic")).hexdigest()[:40]


def _identity(spec: EngineSpec) -> tuple[str, str]:
    return (spec.name, spec.revision)

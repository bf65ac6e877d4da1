"""What a caller asks of a recording, and what a profile makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from parley.batch.keys import engine_of_voices
from parley.batch.options import RecipeOptions
from parley.engines.contract import Role
from parley.engines.profiles import Profile, check_options
from parley.errors import UnsupportedOption
from parley.speech.enrolment import KnownVoice
from parley.speech.media import DecodeOptions
from parley.speech.recognition import RecognitionOptions, SpeakerCount


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a caller asks of a recording.

    `speakers` is "auto" (told apart where the profile can), None (not told apart) or a count; `known`
    are voices to call by their names. The limits in `decode` are replaced by those of the house.
    `strict` fails when a part cannot be recognised, instead of marking it.
    """

    decode: DecodeOptions = field(default_factory=DecodeOptions)
    recognition: RecognitionOptions = field(default_factory=RecognitionOptions)
    speakers: SpeakerCount | Literal["auto"] | None = "auto"
    use_cache: bool = True
    strict: bool = False
    known: tuple[KnownVoice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseLimits:
    """What no wish may exceed, and how work is cut into units."""

    max_duration_s: float = 24 * 3600.0
    max_channels: int = 16
    unit_seconds: float = 30.0


def plan(wish: Wish, profile: Profile, profiles: Mapping[str, Profile], limits: HouseLimits) -> RecipeOptions:
    """The wish as the profile can fulfil it; raises UnsupportedOption or InvalidOption."""
    check_options(profile, wish.recognition, profiles.values())
    speakers = _speakers(wish, profile, profiles)
    return RecipeOptions(
        decode=replace(wish.decode, max_duration_s=limits.max_duration_s, max_channels=limits.max_channels),
        recognition=wish.recognition,
        speakers=speakers,
        known=_known(wish, profile) if speakers else (),
        use_cache=wish.use_cache,
        fail_on_lost_speech=wish.strict,
        unit_seconds=limits.unit_seconds,
    )


def _known(wish: Wish, profile: Profile) -> tuple[KnownVoice, ...]:
    """Those whose vectors the profile's engine can compare."""
    engine = profile.engine(Role.SPEAKERS)
    mine = engine_of_voices(engine) if engine else None
    return tuple(sorted(voice for voice in wish.known if voice.engine == mine))


def _speakers(wish: Wish, profile: Profile, profiles: Mapping[str, Profile]) -> SpeakerCount | None:
    asked = wish.speakers
    if wish.decode.channel == "split":
        if isinstance(asked, SpeakerCount):
            raise UnsupportedOption("Split channels are one speaker each; leave the number of speakers out.")
        return SpeakerCount() if asked == "auto" else None
    able = profile.engine(Role.SPEAKERS) is not None
    if isinstance(asked, SpeakerCount):
        if able or asked.maximum == 1:
            return asked
        others = [name for name, other in profiles.items() if other.engine(Role.SPEAKERS)]
        raise UnsupportedOption(
            f"Profile '{profile.name}' cannot tell speakers apart; use --profile {' or '.join(others)}."
        )
    return SpeakerCount() if asked == "auto" and able else None

"""A recording of one person becomes a voice that can be known again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from parley.batch.decode import decode
from parley.batch.find_speech import SpeechFinder
from parley.batch.keys import engine_of_voices, keys_for, of_track
from parley.batch.options import RecipeOptions, Recording
from parley.batch.units import Tools
from parley.batch.voices import VoiceListener, unpack
from parley.engines.contract import Role
from parley.engines.profiles import Profile
from parley.errors import EngineFailed, InputError, UnsupportedOption
from parley.speech.recognition import SpeakerCount
from parley.speech.span import SpeakerTurn

LEAST_SPEECH_S = 5.0
"""Single utterances of 3 s are taken for somebody else's one time in eight."""

OTHERS_SHARE = 0.2
"""More speech of somebody else than this would spoil the voice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceTaken:
    """A voice: little-endian float32, what made it, and the seconds of speech it was made of."""

    vector: bytes
    engine: str
    speech_s: float


async def take_voice(
    tools: Tools, recording: Recording, options: RecipeOptions, profile: Profile
) -> VoiceTaken:
    """The mean voice of a recording in which one person speaks.

    Raises UnsupportedOption for a profile without a `speakers` engine, InputError for too little speech
    or several voices, EngineFailed where a part cannot be heard, and what decoding raises.
    """
    engine = profile.engine(Role.SPEAKERS)
    if engine is None:
        raise UnsupportedOption(f"Profile '{profile.name}' cannot tell speakers apart; name another one.")
    keys = keys_for(recording, options, profile)
    async with tools.store.leases.hold(keys.decode), tools.store.pcm.holding(keys.decode):
        media = await decode(tools, profile.engines[Role.MEDIA], keys.decode, recording, options)
        track = media.tracks[0]
        finder = SpeechFinder(
            tools=tools,
            engine=profile.engines[Role.VAD],
            work=of_track(keys.find_speech, 0),
            track=track,
            strict=True,
        )
        islands = await finder.run()
        _require_speech(sum(island.duration for island in islands))
        listener = VoiceListener(tools, engine, of_track(keys.embed, 0), track)
        turns = await listener.run(islands, SpeakerCount())
        _require_one_voice(turns)
        _, vectors = unpack(await listener.listen(islands))
    if listener.incomplete:
        raise EngineFailed("A part of the recording could not be heard; the log has the details.")
    return VoiceTaken(
        vector=_mean_of(vectors).tobytes(),
        engine=engine_of_voices(engine),
        speech_s=sum(island.duration for island in islands),
    )


def _mean_of(vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The voice, little-endian; raises InputError where none was heard: it would be like nobody's."""
    mean = vectors.mean(axis=0) if len(vectors) else np.zeros(1)
    length = float(np.linalg.norm(mean))
    if not (np.isfinite(length) and length > 0.0):
        raise InputError("No voice can be heard in it; give a recording with longer utterances.")
    return mean.astype("<f4")


def _require_speech(seconds: float) -> None:
    if seconds < LEAST_SPEECH_S:
        raise InputError(
            f"There are {seconds:.1f} seconds of speech in it; a voice needs {LEAST_SPEECH_S:.0f} at least."
        )


def _require_one_voice(turns: Sequence[SpeakerTurn]) -> None:
    seconds: dict[int, float] = {}
    for turn in turns:
        seconds[turn.speaker] = seconds.get(turn.speaker, 0.0) + turn.end - turn.start
    if sum(seconds.values()) - max(seconds.values(), default=0.0) > OTHERS_SHARE * sum(seconds.values()):
        raise InputError(
            f"{len(seconds)} people speak in it; give a recording of one, or a part of it by --from and --to."
        )

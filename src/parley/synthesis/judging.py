"""Whether a recording is fit for a voice to be learnt from it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from parley.batch.enrol import OTHERS_SHARE
from parley.engines.contract import Role
from parley.engines.profiles import Profile
from parley.errors import VoiceRefused
from parley.signal.pcm import to_float
from parley.speech.media import SAMPLE_RATE_HZ, Clip, PcmTrack
from parley.speech.recognition import SpeakerCount
from parley.speech.span import Span, SpeakerTurn
from parley.synthesis.calling import Caller
from parley.wire.frames import Clustered, ClusterVoices, EmbedVoices, FindSpeech, SpeechFound, VoiceVectors

SHORTEST_S, LONGEST_S = 3.0, 30.0

_SLACK_S = 0.05
"""A recording of "30 seconds" may be a frame of its codec longer."""

_LEAST_SPEECH = 0.5
"""Of a recording; pauses between sentences are a fifth of read speech."""

_QUIETEST_DBFS = -50.0
"""Speech that is quieter than this is about as loud as the noise of a cheap microphone."""

_FULL_SCALE = 32_600
_MOST_CLIPPED = 0.005
"""Samples at full scale; what is normalised to it touches it a few times, what is distorted lies on it."""

_OTHERS_S = 1.5
"""A voice that is not the first one's for less than this may be a cough."""


async def judge(fleet: Caller, profile: Profile, track: PcmTrack) -> None:
    """Raises VoiceRefused, which says what is wrong and what to do about it.

    The profile's detector of speech is asked, and its `speakers` engine where it has one. With those of the
    default profile none of 88 recordings of one person was refused (LibriSpeech, AISHELL), and of 24 of two
    people 23 were.
    """
    _check_length(track.duration)
    clip = Clip(path=track.path, first=0, last=track.samples)
    vad = profile.engines[Role.VAD]
    answer = await fleet.call(vad.name, FindSpeech(clip=clip), clip.duration)
    islands = answer.reply.islands if isinstance(answer.reply, SpeechFound) else ()
    samples = await asyncio.to_thread(_read, Path(track.path))
    _check_speech(islands, track.duration)
    _check_level(samples, islands)
    await _check_speakers(fleet, profile, clip, islands)


def _read(path: Path) -> npt.NDArray[np.int16]:
    return np.fromfile(path, dtype="<i2")


def _check_length(seconds: float) -> None:
    if not SHORTEST_S <= seconds <= LONGEST_S + _SLACK_S:
        length = f"is longer than {LONGEST_S:g} s" if seconds > LONGEST_S else f"is {seconds:.1f} s long"
        raise VoiceRefused(
            f"The recording {length}; give one of {SHORTEST_S:g} to {LONGEST_S:g} seconds of one person."
        )


def _check_speech(islands: Sequence[Span], duration: float) -> None:
    speech_s = sum(island.duration for island in islands)
    if not speech_s:
        raise VoiceRefused("Nobody can be heard in the recording; give one in which somebody speaks.")
    if speech_s < _LEAST_SPEECH * duration:
        raise VoiceRefused(
            f"Only {speech_s:.1f} of {duration:.1f} seconds of the recording are speech; cut the pauses out."
        )


def _check_level(samples: npt.NDArray[np.int16], islands: Sequence[Span]) -> None:
    spoken = np.concatenate(
        [samples[round(each.start * SAMPLE_RATE_HZ) : round(each.end * SAMPLE_RATE_HZ)] for each in islands]
    )
    power = float(np.mean(to_float(spoken).astype(np.float64) ** 2)) if len(spoken) else 0.0
    if power <= 10 ** (_QUIETEST_DBFS / 10):
        raise VoiceRefused("The recording is too quiet; record it again, closer to the microphone.")
    clipped = np.count_nonzero(np.abs(spoken.astype(np.int32)) >= _FULL_SCALE)
    if clipped > _MOST_CLIPPED * len(spoken):
        raise VoiceRefused("The recording is too loud and distorted; record it again at a lower level.")


async def _check_speakers(fleet: Caller, profile: Profile, clip: Clip, islands: Sequence[Span]) -> None:
    engine = profile.engine(Role.SPEAKERS)
    if engine is None:
        return
    heard = await fleet.call(engine.name, EmbedVoices(clip=clip, islands=tuple(islands)), clip.duration)
    if not isinstance(heard.reply, VoiceVectors) or not heard.reply.windows:
        return
    request = ClusterVoices(batches=(heard.reply,), count=SpeakerCount())
    answer = await fleet.call(engine.name, request, clip.duration)
    turns = answer.reply.turns if isinstance(answer.reply, Clustered) else ()
    _check_turns(turns)


def _check_turns(turns: Sequence[SpeakerTurn]) -> None:
    seconds: dict[int, float] = {}
    for turn in turns:
        seconds[turn.speaker] = seconds.get(turn.speaker, 0.0) + turn.end - turn.start
    others_s = sum(seconds.values()) - max(seconds.values(), default=0.0)
    if others_s > max(_OTHERS_S, OTHERS_SHARE * sum(seconds.values())):
        raise VoiceRefused(
            f"{len(seconds)} people speak in the recording; give one in which only the person speaks who is "
            "to be cloned."
        )

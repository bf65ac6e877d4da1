"""A voice is taken whole or not at all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from parley.batch.enrol import VoiceTaken, take_voice
from parley.batch.options import RecipeOptions
from parley.batch.voices import vector_of
from parley.engines.contract import Role
from parley.engines.profiles import Profile
from parley.errors import EngineFailed, InputError, UnitPoisoned, UnsupportedOption
from parley.speech.span import SpeakerTurn
from parley.wire import frames
from tests.integration.batch.test_recipe import PROFILE, Kitchen, ScriptedFleet, with_kitchen


class OneVoice(ScriptedFleet):
    """Everybody speaks with the voice `spoken`."""

    spoken: tuple[float, ...] = (3.0, 4.0)

    def reply(self, request: Any) -> Any:
        match request:
            case frames.EmbedVoices():
                windows = np.array([[i.start, i.end] for i in request.islands])
                vectors = np.tile(np.array(self.spoken, np.float16), (len(windows), 1))
                dimension = len(self.spoken)
                return frames.VoiceVectors(
                    windows=windows.tobytes(), vectors=vectors.tobytes(), dimension=dimension
                )
            case frames.ClusterVoices():
                return frames.Clustered(turns=(SpeakerTurn(0.0, 20.0, 0),))
            case _:
                return super().reply(request)


async def taken(kitchen: Kitchen, fleet: ScriptedFleet, profile: Profile = PROFILE) -> VoiceTaken:
    return await take_voice(kitchen.tools(fleet), kitchen.recording, RecipeOptions(), profile)


def test_the_mean_of_what_was_heard_is_the_voice(tmp_path: Path) -> None:
    async def test(kitchen: Kitchen) -> None:
        voice = await taken(kitchen, OneVoice())
        assert vector_of(voice.vector).tolist() == [3.0, 4.0]
        assert voice.engine == "speakers 1"
        assert voice.speech_s > 5

    with_kitchen(tmp_path, test)


@pytest.mark.parametrize("spoken", [(0.0, 0.0), (float("nan"), 1.0)])
def test_a_voice_like_nobodys_is_not_taken(tmp_path: Path, spoken: tuple[float, ...]) -> None:
    async def test(kitchen: Kitchen) -> None:
        fleet = OneVoice()
        fleet.spoken = spoken
        with pytest.raises(InputError, match="No voice can be heard"):
            await taken(kitchen, fleet)

    with_kitchen(tmp_path, test)


def test_a_part_that_cannot_be_heard_spoils_the_voice(tmp_path: Path) -> None:
    async def test(kitchen: Kitchen) -> None:
        lost = UnitPoisoned("It ended two workers.")
        with pytest.raises(EngineFailed, match="could not be heard"):
            await taken(kitchen, OneVoice(failing={frames.EmbedVoices: lambda _: lost}))

    with_kitchen(tmp_path, test)


def test_a_profile_without_voices_says_so(tmp_path: Path) -> None:
    deaf = replace(
        PROFILE, engines={role: each for role, each in PROFILE.engines.items() if role != Role.SPEAKERS}
    )

    async def test(kitchen: Kitchen) -> None:
        with pytest.raises(UnsupportedOption, match="cannot tell speakers apart"):
            await taken(kitchen, OneVoice(), deaf)

    with_kitchen(tmp_path, test)

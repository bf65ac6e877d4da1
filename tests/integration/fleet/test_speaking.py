"""A voice in a real worker: what it says crosses the pipe whole, and what goes wrong stays there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from parley.engines.contract import EngineSpec
from parley.engines.registry import discover
from parley.errors import EngineFailed, ParleyError
from parley.fleet.fleet import Fleet
from parley.speech.voice import SpeakOptions
from parley.wire import frames
from tests.integration.fleet.scenario import QUICK, limits, pool, scenario

PLUGINS = Path(__file__).parents[2] / "plugins"


def tone() -> EngineSpec:
    return discover([PLUGINS])["tone"]


def speak(text: str, max_s: float = 30.0, **how: object) -> frames.Speak:
    options = SpeakOptions(**({"voice": "low"} if not {"prompt", "design"} & how.keys() else {}) | how)  # type: ignore[arg-type]
    return frames.Speak(text=text, options=options, max_s=max_s)


async def spoken(fleet: Fleet, request: frames.Speak, audio_s: float = 1.0) -> np.ndarray:
    reply = (await fleet.call("tone", request, audio_s)).reply
    assert isinstance(reply, frames.Spoken)
    assert reply.sample_rate_hz == 24000
    return np.frombuffer(reply.pcm, dtype="<i2")


def pitch(samples: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(samples))
    return float(spectrum.argmax() * 24000 / len(samples))


@scenario
async def test_a_clause_comes_back_as_audio() -> None:
    async with Fleet([pool(1, tone())], QUICK) as fleet:
        ten = await spoken(fleet, speak("0123456789"))
        assert len(ten) == 0.6 * 24000
        assert pitch(ten) == pytest.approx(220, abs=2)
        assert len(await spoken(fleet, speak("0123456789", speed=2.0))) == 0.3 * 24000
        high = await spoken(fleet, speak("你好世界", voice="high"))
        assert len(high) == 0.24 * 24000
        assert pitch(high) == pytest.approx(440, abs=3)
        assert len(await spoken(fleet, speak("x" * 300, max_s=2.0))) == 2 * 24000
        assert len(await spoken(fleet, speak(""))) == 0


@scenario
async def test_a_voice_that_was_learned_is_the_one_that_speaks() -> None:
    at = np.arange(24000) / 24000
    heard = (0.5 * np.sin(2 * np.pi * 330 * at) * 32767).astype("<i2").tobytes()
    request = frames.LearnVoice(pcm=heard, sample_rate_hz=24000, transcript="Hmm.", language=None)
    async with Fleet([pool(1, tone())], QUICK) as fleet:
        learned = (await fleet.call("tone", request, 1.0)).reply
        assert learned == frames.VoiceLearned(prompt=b"tone 330.0")
        said = await spoken(fleet, speak("0123456789", prompt=b"tone 330.0"))
        assert pitch(said) == pytest.approx(330, abs=2)


@pytest.mark.parametrize("marker", ["fail", "noise", "long"])
def test_a_failure_leaves_the_worker_alive(marker: str) -> None:
    @scenario
    async def test() -> None:
        async with Fleet([pool(1, tone())], QUICK) as fleet:
            before = await spoken(fleet, speak("still here"))
            with pytest.raises(EngineFailed, match="'tone'"):
                await spoken(fleet, speak(f"now [{marker}]"))
            assert (await spoken(fleet, speak("still here"))).tolist() == before.tolist()

    test()


@scenario
async def test_a_clause_whose_worker_dies_is_said_by_another(tmp_path: Path) -> None:
    async with Fleet([pool(1, tone())], QUICK) as fleet:
        text = f"[crash once {tmp_path / 'died'}]"
        assert len(await spoken(fleet, speak(text))) == round(0.06 * len(text) * 24000)
        assert (tmp_path / "died").exists()
        with pytest.raises(ParleyError):
            await spoken(fleet, speak("[crash]"))
        assert len(await spoken(fleet, speak("0123456789"))) == 0.6 * 24000


@scenario
async def test_a_clause_that_hangs_is_given_up() -> None:
    async with Fleet([pool(1, tone())], limits(call_floor_s=0.5, call_per_audio_s=20.0)) as fleet:
        with pytest.raises(ParleyError):
            await spoken(fleet, speak("[hang]"), audio_s=0.0)
        assert len(await spoken(fleet, speak("0123456789"))) == 0.6 * 24000

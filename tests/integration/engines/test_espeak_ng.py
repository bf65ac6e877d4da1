"""espeak-ng itself: what its library would do to a text, and how fast and how well it speaks."""

from __future__ import annotations

import functools
import shutil
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soxr

from parley.bench.words import normalise, word_error_rate
from parley.engines.asr.moonshine import Moonshine
from parley.engines.contract import Speech, Stretch
from parley.engines.tts.espeak_library import EspeakLibrary, Manner
from parley.engines.tts.espeak_ng import SPEC, EspeakNg
from parley.errors import EngineFailed
from parley.speech.recognition import RecognitionOptions
from parley.speech.span import Span
from parley.speech.voice import SpeakOptions
from tests.engines.ten_sentences import MOST_WRONG, TEN

TEXT = "The quick brown fox jumps over the lazy dog, and then it sleeps."


@pytest.fixture(scope="module")
def espeak() -> EspeakNg:
    return EspeakNg()


def say(espeak: EspeakNg, text: str, voice: str = "en-us", max_s: float = 60.0, speed: float = 1.0) -> Speech:
    return espeak.speak(text, SpeakOptions(voice=voice, speed=speed), max_s, lambda _: None)


def seconds(speech: Speech) -> float:
    return len(speech.samples) / speech.sample_rate_hz


moonshine = functools.cache(Moonshine)


def heard(speech: Speech) -> str:
    """What the embedded recogniser makes of it."""
    samples = soxr.resample(speech.samples, speech.sample_rate_hz, 16000).astype(np.float32)
    whole = Span(0.0, len(samples) / 16000)
    stretch = Stretch(samples=samples, islands=(whole,))
    pieces = moonshine().recognise(stretch, RecognitionOptions(), lambda _: None).pieces
    return normalise(" ".join(piece.text for piece in pieces))


def test_every_preset_speaks(espeak: EspeakNg) -> None:
    spoken = {preset.name: say(espeak, "Anna 1 2 3", preset.name) for preset in SPEC.presets}
    silent = [name for name, speech in spoken.items() if not np.abs(speech.samples).max(initial=0.0) > 0.05]
    assert silent == []
    assert len({speech.samples.tobytes() for speech in spoken.values()}) > 80, "voices sound alike"


def test_a_text_sounds_the_same_whatever_was_said_before(espeak: EspeakNg) -> None:
    first = say(espeak, TEXT).samples.tobytes()
    chinese = say(espeak, "我用 Python 写代码", "cmn").samples.tobytes()
    for before in ("", "x", "你好", TEXT * 5, "\x01100s\x0199p loud"):
        say(espeak, before, "cmn", max_s=0.3, speed=3.0)
        assert say(espeak, TEXT).samples.tobytes() == first
        assert say(espeak, "我用 Python 写代码", "cmn").samples.tobytes() == chinese
    assert say(EspeakNg(), TEXT).samples.tobytes() == first


def test_text_is_never_taken_for_markup_or_commands(espeak: EspeakNg) -> None:
    plain = seconds(say(espeak, "Hello there."))
    assert seconds(say(espeak, "<speak>Hello there.</speak>")) > plain * 1.5, "tags are not said"
    assert "break time" in heard(say(espeak, "<break time='9s'/> Hello there."))
    assert seconds(say(espeak, "<break time='9s'/>")) < 5.0
    # As phonemes this is one syllable.
    assert seconds(say(espeak, "[[h@'loU]]")) > 1.5 * seconds(say(espeak, "hello"))
    for command in ("\x01400s", "\x0190p", "\x010a", "\x1b"):
        without_control = command[1:]
        spoken = say(espeak, f"{command} Hello there.").samples.tobytes()
        assert spoken == say(espeak, f" {without_control} Hello there.").samples.tobytes()


def test_what_cannot_be_said_is_short_or_nothing(espeak: EspeakNg) -> None:
    for text in ("", "   ", "\n", "\x00"):
        assert seconds(say(espeak, text)) == 0.0
    for text in ("🙂", "...", "，。", "!?", "<", "[["):
        assert seconds(say(espeak, text)) < 3.0


@pytest.mark.parametrize("speed", [0.25, 0.4, 0.5, 0.75, 1.25, 1.5, 2.0, 3.0, 4.0])
@pytest.mark.parametrize("voice", ["en-us", "cmn", "de"])
def test_speed_is_what_was_asked_for(espeak: EspeakNg, voice: str, speed: float) -> None:
    text = "今天天气很好，我们一起去公园散步吧。" if voice == "cmn" else TEXT
    ratio = seconds(say(espeak, text, voice)) / seconds(say(espeak, text, voice, speed=speed))
    assert ratio == pytest.approx(speed, rel=0.1)


@pytest.mark.parametrize("speed", [0.25, 1.0, 4.0])
def test_speech_is_cut_at_its_bound(espeak: EspeakNg, speed: float) -> None:
    reports: list[float] = []
    options = SpeakOptions(voice="en-us", speed=speed)
    speech = espeak.speak(TEXT * 8, options, 2.0, reports.append)
    assert 1.9 < seconds(speech) <= 2.0
    assert reports == sorted(reports)
    assert reports[-1] < 2.5, "it went on speaking"


def test_numbers_and_english_words_are_said_in_chinese_text(espeak: EspeakNg) -> None:
    """No Mandarin recogniser is carried, so what is said the same must sound the same."""

    def sound(text: str) -> bytes:
        return say(espeak, text, "cmn").samples.tobytes()

    assert sound("价格是3.14元") == sound("价格是三点一四元")
    assert sound("2026年") == sound("二零二六年")
    mixed = say(espeak, "我用 artificial intelligence 写代码", "cmn")
    alone = say(espeak, "artificial intelligence", "en-us")
    assert "artificial intelligence" in heard(alone)
    ours, theirs = mixed.samples, alone.samples[: int(seconds(alone) * 22050) - 22050 // 2]
    at = int(np.correlate(ours, theirs[2000:6000], "valid").argmax())
    assert np.array_equal(ours[at : at + 4000], theirs[2000:6000]), "English is said by another voice"


def test_chinese_is_said_by_every_voice(espeak: EspeakNg) -> None:
    chinese = say(espeak, "今天天气很好。", "cmn").samples.tobytes()
    assert say(espeak, "今天天气很好。", "en-gb").samples.tobytes() == chinese


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="a long path needs /proc there")
def test_parley_may_be_installed_in_a_folder_with_a_long_path(tmp_path: Path) -> None:
    import espeakng_loader

    far = tmp_path / ("x" * 120) / ("y" * 120)
    far.mkdir(parents=True)
    source = Path(espeakng_loader.get_data_path())
    needed = ("phontab", "phonindex", "phondata", "intonations", "en_dict", "cmn_dict", "lang")
    for name in needed:
        copy = shutil.copytree if (source / name).is_dir() else shutil.copy
        copy(source / name, far / name)
    far_library = EspeakLibrary(espeakng_loader.get_library_path(), str(far))
    near_library = EspeakLibrary(espeakng_loader.get_library_path(), str(source))
    manner = Manner(voice="cmn", words_per_minute=175)
    wave = far_library.speak("你好", manner, 100_000, lambda _: None)
    assert len(wave) > 5000
    assert wave.tobytes() == near_library.speak("你好", manner, 100_000, lambda _: None).tobytes()


def test_a_library_that_is_broken_is_told(tmp_path: Path) -> None:
    import espeakng_loader

    broken = tmp_path / "libespeak-ng.so"
    broken.write_bytes(b"no library")
    manner = Manner(voice="en-us", words_per_minute=175)
    with pytest.raises(EngineFailed, match="pip install --force-reinstall espeakng-loader") as caught:
        EspeakLibrary(str(broken), espeakng_loader.get_data_path()).speak("a", manner, 1, lambda _: None)
    assert str(tmp_path) not in caught.value.message
    without_data = EspeakLibrary(espeakng_loader.get_library_path(), str(tmp_path))
    with pytest.raises(EngineFailed, match="data of espeak-ng cannot be read"):
        without_data.speak("a", manner, 1, lambda _: None)


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_nothing_of_it_stays_loaded_or_open(espeak: EspeakNg) -> None:
    def descriptors() -> int:
        return sum(1 for _ in Path("/proc/self/fd").iterdir())

    say(espeak, TEXT)
    before = descriptors()
    for _ in range(50):
        say(espeak, "Hello.", speed=2.0)
    assert descriptors() <= before
    assert "libespeak-ng" not in Path("/proc/self/maps").read_text()


def test_ten_sentences_are_recognised(espeak: EspeakNg, capsys: pytest.CaptureFixture[str]) -> None:
    began = time.process_time()
    spoken = [say(espeak, sentence) for sentence in TEN]
    rtf = (time.process_time() - began) / sum(map(seconds, spoken))
    rate = word_error_rate(TEN, [heard(speech) for speech in spoken]).rate
    with capsys.disabled():
        print(f"\nespeak-ng to Moonshine: WER {100 * rate:.1f} %, RTF of the voice {rtf:.4f}")
    assert rate < MOST_WRONG
    assert rtf < 0.1

"""faster-whisper with a tiny Whisper of random weights: the library's own loading and decoding."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from parley.engines.asr import faster_whisper
from parley.engines.asr.faster_whisper import CUT, SPECS, TRANSLATED, FasterWhisper
from parley.engines.asr.whisper_models import LANGUAGES_V3
from parley.engines.asr.whisper_steering import LONG_PROMPT
from parley.engines.contract import Capability, Stretch
from parley.engines.profiles import build_profiles, check_options
from parley.engines.registry import discover
from parley.engines.setup import Setup
from parley.errors import UnitPoisoned, UnsupportedOption
from parley.fleet.fleet import Fleet
from parley.fleet.limits import FleetLimits
from parley.speech.media import SAMPLE_RATE_HZ
from parley.speech.recognition import RecognitionOptions
from parley.speech.span import Span
from tests.engines.recognising import PATIENT, assert_in_order, noise, pool_of, recognise
from tests.engines.tiny import whisper

TINY = SPECS[0]
SPOKEN = RecognitionOptions(language="en")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return whisper.write(tmp_path_factory.mktemp("model") / "faster-whisper-tiny")


@pytest.fixture(scope="module")
def engine(folder: Path) -> FasterWhisper:
    return FasterWhisper(Setup(models={TINY.models[0].name: folder}))


def stretch(samples: np.ndarray, *islands: Span) -> Stretch:
    return Stretch(samples=samples, islands=islands or (Span(0.0, len(samples) / SAMPLE_RATE_HZ),))


def ignore(_done_s: float) -> None:
    pass


def test_the_files_are_those_the_hub_has(folder: Path) -> None:
    for pattern in TINY.models[0].needs:
        assert list(folder.glob(pattern)), pattern


def test_languages_are_the_librarys() -> None:
    from faster_whisper.tokenizer import _LANGUAGE_CODES

    ours = {"jv" if code == "jw" else code for code in _LANGUAGE_CODES}
    assert ours == LANGUAGES_V3


@pytest.mark.parametrize("seconds", [0.0, 0.05, 1.0, 30.0])
@pytest.mark.parametrize("words", [False, True])
def test_times_lie_inside_and_are_in_order(engine: FasterWhisper, seconds: float, words: bool) -> None:
    told: list[float] = []
    options = RecognitionOptions(words=words)
    found = engine.recognise(stretch(noise(seconds)), options, told.append)
    assert_in_order(found, seconds)
    assert all(0 < done <= seconds for done in told)
    assert all((piece.words is not None) == words for piece in found.pieces)


def test_pieces_lie_in_islands(engine: FasterWhisper) -> None:
    islands = (Span(0.5, 4.0), Span(5.0, 8.0), Span(9.0, 11.5))
    found = engine.recognise(stretch(noise(12.0), *islands), replace(SPOKEN, words=True), ignore)
    assert found.pieces
    assert_in_order(found, 12.0)
    for piece in found.pieces:
        assert any(island.start <= piece.start and piece.end <= island.end for island in islands)


def test_the_language_is_told_or_found_out(engine: FasterWhisper) -> None:
    sound = stretch(noise(2.0))
    heard = engine.recognise(sound, RecognitionOptions(), ignore)
    assert heard.language is None or heard.language in LANGUAGES_V3
    assert engine.recognise(sound, RecognitionOptions(language="de"), ignore).language == "de"
    assert engine.recognise(sound, RecognitionOptions(language="jv"), ignore).language == "jv"


class Spy:
    """Remembers what the library asks the model for, and lets it through."""

    def __init__(self, engine: FasterWhisper, monkeypatch: pytest.MonkeyPatch) -> None:
        self.prompts: list[list[str]] = []
        inner = engine._model.model

        def generate(encoded: Any, prompts: Any, **options: Any) -> Any:
            tokens = engine._model.hf_tokenizer
            self.prompts += [[tokens.id_to_token(token) for token in prompt] for prompt in prompts]
            self.options = options
            return inner.generate(encoded, prompts, **options)

        names = ("encode", "detect_language", "align", "is_multilingual", "device", "device_index")
        kept = {name: getattr(inner, name) for name in names}
        monkeypatch.setattr(engine._model, "model", SimpleNamespace(**kept, generate=generate))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (SPOKEN, ["<|startoftranscript|>", "<|en|>", "<|transcribe|>"]),
        (
            RecognitionOptions(language="zh", task="translate"),
            ["<|startoftranscript|>", "<|zh|>", "<|translate|>"],
        ),
        (
            replace(SPOKEN, prompt="Hi"),
            ["<|startofprev|>", "Ġ", "H", "i", "<|startoftranscript|>", "<|en|>", "<|transcribe|>"],
        ),
        (
            replace(SPOKEN, hotwords=(("Ox", 1.0),)),
            ["<|startofprev|>", "Ġ", "O", "x", "<|startoftranscript|>", "<|en|>", "<|transcribe|>"],
        ),
    ],
)
def test_options_reach_the_model(
    engine: FasterWhisper, monkeypatch: pytest.MonkeyPatch, options: RecognitionOptions, expected: list[str]
) -> None:
    spy = Spy(engine, monkeypatch)
    engine.recognise(stretch(noise(2.0)), options, ignore)
    assert spy.prompts[0] == expected


def test_no_text_of_one_stretch_leads_the_next(
    engine: FasterWhisper, monkeypatch: pytest.MonkeyPatch
) -> None:
    spy = Spy(engine, monkeypatch)
    for seed in range(3):
        engine.recognise(stretch(noise(2.0, seed)), SPOKEN, ignore)
    assert {tuple(prompt) for prompt in spy.prompts} == {
        ("<|startoftranscript|>", "<|en|>", "<|transcribe|>")
    }


def test_a_prompt_and_hotwords_of_any_length_are_borne(engine: FasterWhisper) -> None:
    hotwords = tuple((f"word{index}", 1.0) for index in range(100))
    options = replace(SPOKEN, prompt="hello " * 400, hotwords=hotwords)
    found = engine.recognise(stretch(noise(30.0)), options, ignore)
    assert len(found.notices) >= 2
    assert LONG_PROMPT in found.notices


def test_the_number_of_tokens_is_bound_by_the_audio(
    engine: FasterWhisper, monkeypatch: pytest.MonkeyPatch
) -> None:
    spy = Spy(engine, monkeypatch)
    engine.recognise(stretch(noise(1.0)), SPOKEN, ignore)
    assert spy.options["max_length"] <= 100
    engine.recognise(stretch(noise(30.0)), SPOKEN, ignore)
    assert spy.options["max_length"] <= 448


def segment(start: float, end: float, text: str = " Yes.", **facts: Any) -> Any:
    return SimpleNamespace(
        **{"no_speech_prob": 0.0, "avg_logprob": -0.2, "compression_ratio": 1.0, **facts},
        start=start,
        end=end,
        text=text,
        words=None,
    )


def answering(engine: FasterWhisper, monkeypatch: pytest.MonkeyPatch, segments: Iterator[Any]) -> None:
    """Let the library give these segments, lazily, whatever it is given."""
    info = SimpleNamespace(language="en")
    monkeypatch.setattr(engine._model, "transcribe", lambda *_args, **_options: (segments, info))


def test_a_runaway_decoder_is_cut(engine: FasterWhisper, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[int] = []

    def forever() -> Iterator[Any]:
        for index in range(1_000_000):
            taken.append(index)
            yield segment(1.0 + index * 1e-6, 1.1, f" word{index}")

    answering(engine, monkeypatch, forever())
    found = engine.recognise(stretch(noise(5.0)), SPOKEN, ignore)
    assert len(taken) < 1_000
    assert found.notices == (CUT,)
    assert_in_order(found, 5.0)


def test_a_decoder_that_does_not_get_on_is_cut(
    engine: FasterWhisper, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two times in a row at the very beginning: the library looks at the same place for ever."""
    start = engine._model.hf_tokenizer.token_to_id("<|0.00|>")
    result = SimpleNamespace(sequences_ids=[[start, start]], no_speech_prob=0.0, scores=[-1.0])
    windows = faster_whisper._Windows(lambda *_args: (result, -0.1, 0.0, 1.0))
    monkeypatch.setattr(engine, "_windows", windows)
    monkeypatch.setattr(engine._model, "generate_with_fallback", windows)
    found = engine.recognise(stretch(noise(3.0)), SPOKEN, ignore)
    assert (found.pieces, found.notices) == ((), (CUT,))


def test_what_is_beyond_the_audio_is_left_out(engine: FasterWhisper, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(engine, monkeypatch, iter([segment(0.5, 2.0), segment(5.5, 7.0, " No.")]))
    found = engine.recognise(stretch(noise(5.0)), SPOKEN, ignore)
    assert [piece.text for piece in found.pieces] == ["Yes."]


def test_what_was_made_up_of_silence_is_left_out(
    engine: FasterWhisper, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_up = segment(0.5, 2.0, " Thanks for watching!", no_speech_prob=0.9, avg_logprob=-0.8)
    sure = segment(2.0, 3.0, " Yes.", no_speech_prob=0.9, avg_logprob=-0.1)
    answering(engine, monkeypatch, iter([made_up, sure]))
    found = engine.recognise(stretch(noise(5.0)), SPOKEN, ignore)
    assert [piece.text for piece in found.pieces] == ["Yes."]
    assert found.pieces[0].confidence == pytest.approx(math.exp(-0.1), abs=1e-3)


def test_what_repeats_itself_is_decoded_once_more_so_that_it_cannot(
    engine: FasterWhisper, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, Any]] = []

    def transcribe(_samples: Any, **options: Any) -> Any:
        asked.append(options)
        text = " La la la." if len(asked) == 1 else " Good."
        return iter([segment(0.5, 4.0, text, compression_ratio=3.0)]), SimpleNamespace(language="en")

    monkeypatch.setattr(engine._model, "transcribe", transcribe)
    told: list[float] = []
    found = engine.recognise(stretch(noise(5.0)), RecognitionOptions(), told.append)
    assert [piece.text for piece in found.pieces] == ["Good."]
    assert [options.get("no_repeat_ngram_size") for options in asked] == [None, 3]
    assert asked[1]["language"] == "en"
    assert told == [2.0, 4.5], "the second time would look like a hang"


def test_the_same_sound_gives_the_same_text(engine: FasterWhisper) -> None:
    sound = stretch(noise(3.0))
    assert engine.recognise(sound, SPOKEN, ignore) == engine.recognise(sound, SPOKEN, ignore)


def test_word_times_of_a_translation_come_with_a_warning(engine: FasterWhisper) -> None:
    options = RecognitionOptions(language="zh", task="translate", words=True)
    assert TRANSLATED in engine.recognise(stretch(noise(3.0)), options, ignore).notices


def test_turbo_refuses_to_translate_and_names_those_that_can() -> None:
    profiles = build_profiles(discover(), {})
    options = RecognitionOptions(task="translate")
    with pytest.raises(UnsupportedOption, match="whisper-large-v3"):
        check_options(profiles["whisper-turbo"], options, profiles.values())
    check_options(profiles["whisper-small"], options, profiles.values())
    assert Capability.TRANSLATE in profiles["whisper-small"].capabilities


def test_a_worker_recognises_with_it(folder: Path, tmp_path: Path) -> None:
    async def main() -> None:
        async with Fleet([pool_of(TINY, folder)], PATIENT) as fleet:
            found = await recognise(fleet, TINY.name, tmp_path, noise(6.0), options=SPOKEN)
            assert_in_order(found, 6.0)
            assert found.language == "en"

    asyncio.run(main())


HANGING = '''
import dataclasses
import time
from faster_whisper.transcribe import Segment
from parley.engines.asr import faster_whisper

SPEC = dataclasses.replace(faster_whisper.SPECS[0], name="hanging", factory=":Hanging")


class Hanging(faster_whisper.FasterWhisper):
    """Two segments, and then nothing any more."""

    def __init__(self, setup):
        super().__init__(setup)
        inner = self._model.transcribe

        def transcribe(*args, **options):
            segments, info = inner(*args, **options)

            def lazy():
                for index in range(2):
                    time.sleep(0.3)  # the parent is told ten times a second at most
                    yield dataclasses.replace(SEGMENT, start=float(index), end=index + 0.9)
                time.sleep(600)

            return lazy(), info

        self._model.transcribe = transcribe


SEGMENT = Segment(
    id=1, seek=0, start=0.0, end=0.9, text=" Yes.", tokens=[], avg_logprob=-0.1, compression_ratio=1.0,
    no_speech_prob=0.0, words=None, temperature=0.0,
)
'''


def test_a_lazy_decoder_that_hangs_is_ended_by_the_progress_deadline(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "hanging.py").write_text(HANGING, "utf-8")
    spec = discover([tmp_path])["hanging"]
    limits = FleetLimits(
        start_deadline_s=120.0,
        load_deadline_s=240.0,
        call_floor_s=8.0,
        call_per_audio_s=0.0,
        dump_grace_s=0.2,
    )

    async def main() -> None:
        told: list[float] = []
        async with Fleet([pool_of(spec, folder)], limits) as fleet:
            await fleet.warm()
            waiting = recognise(fleet, spec.name, tmp_path, noise(10.0), on_progress=told.append)
            with pytest.raises(UnitPoisoned) as lost:
                await asyncio.wait_for(waiting, 200)
        assert "made no progress" in str(lost.value.__cause__ or lost.value)
        assert max(told) == pytest.approx(1.9 / 2)

    asyncio.run(main())

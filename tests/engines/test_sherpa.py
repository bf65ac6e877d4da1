"""The sherpa-onnx engines in real workers of their environment, with tiny models of the real layout."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from parley.engines.carried import package_folder
from parley.engines.contract import Capability, Role
from parley.fleet.fleet import Fleet
from parley.fleet.spec import PoolSpec
from parley.speech.media import SAMPLE_RATE_HZ
from parley.speech.recognition import RecognitionOptions, SpeakerCount
from parley.speech.span import Span
from parley.speech.stream import StreamHeard
from parley.wire import frames
from tests.engines.environments import environment
from tests.engines.sherpa_lab import PATIENT, SPECS, Lab, assert_in_order, lab, talk

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

RECOGNISERS = sorted(name for name, spec in SPECS.items() if spec.role == Role.ASR)
DETECTORS = sorted(name for name, spec in SPECS.items() if spec.role == Role.VAD)
SPEAKERS = sorted(name for name, spec in SPECS.items() if spec.role == Role.SPEAKERS)
STREAMING = sorted(name for name, spec in SPECS.items() if spec.streams)
ISLANDS = (Span(0.1, 4.0), Span(5.5, 9.0), Span(10.5, 11.8))
CHUNKS = 6


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.engines.tiny import sherpa

    return sherpa.make_all(tmp_path_factory.mktemp("sherpa-models"))


def run(test: Callable[[Lab], Coroutine[Any, Any, None]], models: Path, folder: Path) -> None:
    async def main() -> None:
        async with lab(models, folder) as worker:
            await test(worker)

    asyncio.run(main())


@pytest.mark.parametrize("name", RECOGNISERS)
def test_a_recogniser_keeps_to_the_contract(name: str, models: Path, tmp_path: Path) -> None:
    has_words = Capability.WORDS in SPECS[name].capabilities
    longest = int(SPECS[name].max_stretch_s * SAMPLE_RATE_HZ)

    async def test(worker: Lab) -> None:
        assert isinstance(await worker.load(name), frames.Loaded)
        found = await worker.recognise(name, talk(12.0), ISLANDS, words=has_words)
        assert found.pieces
        assert_in_order(found, ISLANDS, words=has_words)
        assert await worker.recognise(name, talk(12.0), ISLANDS, words=has_words) == found
        for samples in (np.zeros(SAMPLE_RATE_HZ), talk(1.0), talk(0.01), np.zeros(1), talk(60.0)[:longest]):
            islands = (Span(0.0, len(samples) / SAMPLE_RATE_HZ),)
            assert_in_order(await worker.recognise(name, samples, islands), islands, words=False)
        clip = worker.clip(talk(1.0))
        nothing = frames.StretchRef(clip=clip, islands=())
        reply = await worker.call(name, frames.Recognise(stretches=(nothing,), options=RecognitionOptions()))
        assert reply.recognitions[0].pieces == ()

    run(test, models, tmp_path)


@pytest.mark.parametrize("name", RECOGNISERS)
def test_many_stretches_cost_no_more_memory_than_one(name: str, models: Path, tmp_path: Path) -> None:
    async def test(worker: Lab) -> None:
        await worker.load(name)
        length = int((SPECS[name].max_stretch_s - 1) * SAMPLE_RATE_HZ)
        sound = worker.clip(talk(180.0))
        stretches = [
            frames.StretchRef(
                clip=frames.Clip(path=sound.path, first=first, last=min(first + length, sound.last)),
                islands=(Span(0.0, (min(first + length, sound.last) - first) / SAMPLE_RATE_HZ),),
            )
            for first in range(0, sound.last, length)
        ]
        await worker.call(
            name, frames.Recognise(stretches=tuple(stretches[:1]), options=RecognitionOptions())
        )
        before = worker.resident_mib()
        request = frames.Recognise(stretches=tuple(stretches), options=RecognitionOptions())
        found = (await worker.call(name, request)).recognitions
        assert len(found) == len(stretches)
        for recognition, stretch in zip(found, stretches, strict=True):
            assert_in_order(recognition, stretch.islands, words=False)
        assert worker.resident_mib() < before + 150

    run(test, models, tmp_path)


def test_paraformer_without_times_spreads_its_text(models: Path, tmp_path: Path) -> None:
    from tests.engines.tiny import sherpa

    others = tmp_path / "models" / "sherpa-paraformer-zh"
    others.mkdir(parents=True)
    sherpa.paraformer(others, timed=False)
    name = "sherpa-paraformer"

    async def hear(worker: Lab) -> None:
        await worker.load(name)
        found = await worker.recognise(name, talk(12.0), ISLANDS, words=True)
        assert_in_order(found, ISLANDS, words=True)
        texts.append("".join(piece.text for piece in found.pieces).replace(" ", ""))

    texts: list[str] = []
    run(hear, tmp_path / "models", tmp_path)
    run(hear, models, tmp_path)
    assert texts[0] == texts[1]


def test_sensevoice_says_what_it_is_told_and_what_it_hears(models: Path, tmp_path: Path) -> None:
    name = "sherpa-sensevoice"

    async def test(worker: Lab) -> None:
        await worker.load(name)
        heard = {}
        for language in (None, "en", "ja", "yue", "en", None):
            found = await worker.recognise(name, talk(6.0), language=language)
            assert found.language == (language or "zh")
            assert all(piece.tags == ("HAPPY", "BGM") for piece in found.pieces)
            text = "".join(piece.text for piece in found.pieces)
            assert heard.setdefault(language, text) == text
        assert len(set(heard.values())) == len(heard)

    run(test, models, tmp_path)


def test_whisper_takes_a_language_and_a_task(models: Path, tmp_path: Path) -> None:
    name = "sherpa-whisper"

    async def test(worker: Lab) -> None:
        await worker.load(name)
        own = await worker.recognise(name, talk(6.0))
        assert own.language in ("en", "zh", "de")
        for language in ("en", "zh", "de"):
            told = await worker.recognise(name, talk(6.0), language=language)
            translated = await worker.recognise(name, talk(6.0), language=language, task="translate")
            assert told.language == translated.language == language
            assert told.pieces != translated.pieces
            if language == own.language:
                assert told.pieces == own.pieces
        assert await worker.recognise(name, talk(6.0)) == own

    run(test, models, tmp_path)


def test_zipformer_favours_hotwords_of_its_own_stream(models: Path, tmp_path: Path) -> None:
    name = "sherpa-zipformer"

    async def test(worker: Lab) -> None:
        await worker.load(name)
        plain = await worker.recognise(name, talk(8.0))
        favoured = await worker.recognise(name, talk(8.0), hotwords=(("明天", 8.0), ("龙", 1.0)))
        count = [sum(p.text.count("明天") for p in found.pieces) for found in (plain, favoured)]
        assert count[1] > count[0]
        assert favoured.notices and "1 hotwords" in favoured.notices[0]
        assert await worker.recognise(name, talk(8.0)) == plain
        # A live input is not refused for one that cannot be spelt: the others count, and it says so once.
        texts: list[str] = []
        known = (("明天", 8.0),)
        for stream, hotwords in (("some", (*known, ("龙", 1.0))), ("all", known), ("none", ())):
            await worker.open(name, stream, hotwords=hotwords)
            first = await worker.feed(name, stream, talk(4.0), is_last=False)
            assert first.notices == (favoured.notices if stream == "some" else ())
            last = await worker.feed(name, stream, talk(8.0)[4 * SAMPLE_RATE_HZ :], is_last=True)
            assert last.notices == ()
            texts.append("".join(piece.text for heard in (first, last) for piece in heard.finals))
        assert texts[0] == texts[1] != texts[2]

    run(test, models, tmp_path)


@pytest.mark.parametrize("name", DETECTORS)
def test_a_detector_keeps_to_the_contract(name: str, models: Path, tmp_path: Path) -> None:
    async def test(worker: Lab) -> None:
        assert isinstance(await worker.load(name), frames.Loaded)
        assert await worker.find(name, np.zeros(10 * SAMPLE_RATE_HZ)) == ()
        assert await worker.find(name, np.zeros(0)) == await worker.find(name, np.zeros(1)) == ()
        first = await worker.find(name, talk(20.0))
        assert len(first) >= 3
        before = worker.resident_mib()
        found = await worker.find(name, np.tile(talk(20.0), 30))
        assert worker.resident_mib() < before + 150
        at = 0.0
        for island in found:
            assert at <= island.start < island.end <= 600.0
            assert island.duration < 17.0
            at = island.end
        endless = await worker.find(name, np.sin(np.arange(60 * SAMPLE_RATE_HZ)) * 0.3)
        assert endless[0].start == 0.0 and abs(endless[-1].end - 60.0) < 0.2 and len(endless) >= 4
        assert await worker.find(name, talk(20.0)) == first, "it remembers what it heard before"

    run(test, models, tmp_path)


def test_real_weights_find_the_speech_that_the_embedded_engine_finds(tmp_path: Path, audio: Path) -> None:
    from parley.engines.vad.silero import Silero
    from tests.engines.tiny import sherpa

    folder = tmp_path / "models" / "sherpa-silero-vad"
    folder.mkdir(parents=True)
    weights = package_folder("faster_whisper") / "assets" / "silero_vad_v6.onnx"
    sherpa.real_silero(folder, weights)
    import soundfile

    paths = sorted((audio / "librispeech" / "test-other").rglob("*.flac"))[:6]
    parts = [soundfile.read(str(path), dtype="float32")[0] for path in paths]
    assert parts
    silence = np.zeros(SAMPLE_RATE_HZ, dtype=np.float32)
    samples = np.concatenate([part for each in parts for part in (each, silence)])

    async def test(worker: Lab) -> None:
        await worker.load("sherpa-silero")
        found = await worker.find("sherpa-silero", samples)
        ours, theirs = (_mask(islands, len(samples)) for islands in (found, expected))
        print(f"agreement {np.mean(ours == theirs):.3f} of {len(samples) / SAMPLE_RATE_HZ:.0f} s")
        assert np.mean(ours == theirs) > 0.9

    expected = Silero().find_speech(samples, lambda _: None)
    run(test, tmp_path / "models", tmp_path)


def _mask(islands: Any, samples: int) -> np.ndarray:
    mask = np.zeros(samples // 160 + 1, dtype=bool)
    for island in islands:
        mask[int(island.start * 100) : int(island.end * 100)] = True
    return mask


@pytest.mark.parametrize("name", STREAMING)
def test_fifty_interleaved_streams_hear_what_they_hear_one_after_another(
    name: str, models: Path, tmp_path: Path
) -> None:
    options = {"words": True} if name in RECOGNISERS else {}
    streams = [str(number) for number in range(50)]

    def parts(stream: str) -> list[np.ndarray]:
        return np.array_split(talk(6.0, int(stream)), CHUNKS)

    async def test(worker: Lab) -> None:
        await worker.load(name)
        alone: dict[str, list[StreamHeard]] = {}
        for stream in streams:
            await worker.open(name, stream, **options)
            alone[stream] = [await feed(worker, stream, place) for place in range(CHUNKS)]
        together: dict[str, list[StreamHeard]] = {stream: [] for stream in streams}
        order = [stream for stream in streams for _ in range(CHUNKS)]
        random.Random(4).shuffle(order)
        for stream in streams:
            await worker.open(name, stream, **options)
        for stream in order:
            together[stream].append(await feed(worker, stream, len(together[stream])))
        assert together == alone
        ends = [tuple(each.finals + each.islands for each in heard) for heard in alone.values()]
        assert all(any(parts) for parts in ends)
        assert len(set(map(str, ends))) > 15

    async def feed(worker: Lab, stream: str, place: int) -> StreamHeard:
        return await worker.feed(name, stream, parts(stream)[place], is_last=place == CHUNKS - 1)

    run(test, models, tmp_path)


@pytest.mark.parametrize("name", STREAMING)
def test_a_stream_goes_forward_ends_and_gives_its_memory_back(
    name: str, models: Path, tmp_path: Path
) -> None:
    async def test(worker: Lab) -> None:
        await worker.load(name)
        await worker.open(name, "long")
        at = 0.0
        for second in range(120):
            sound = talk(1.0, second) if second % 8 < 5 else np.zeros(SAMPLE_RATE_HZ)
            heard = await worker.feed(name, "long", sound, is_last=second == 119)
            for part in (*heard.finals, *heard.islands):
                assert at - 1e-6 <= part.start <= part.end <= second + 1.2
                at = part.end
            if second == 30:
                before = worker.resident_mib()
        assert at > 100.0
        assert worker.resident_mib() < before + 60
        for number in range(150):
            await worker.open(name, str(number))
            await worker.feed(name, str(number), talk(1.0), is_last=False)
            await worker.call(name, frames.CloseStream(stream=str(number)))
        assert worker.resident_mib() < before + 150
        await worker.open(name, "empty")
        nothing = await worker.feed(name, "empty", np.zeros(0), is_last=True)
        assert nothing.islands == ()

    run(test, models, tmp_path)


@pytest.mark.parametrize("name", SPEAKERS)
def test_voices_lie_in_islands_and_the_count_is_kept(name: str, models: Path, tmp_path: Path) -> None:
    async def test(worker: Lab) -> None:
        assert isinstance(await worker.load(name), frames.Loaded)
        islands = (Span(0.0, 5.0), Span(5.5, 9.0), Span(9.2, 9.3))
        clip = worker.clip(talk(12.0))
        voices = await worker.call(name, frames.EmbedVoices(clip=clip, islands=islands))
        windows = np.frombuffer(voices.windows, dtype="<f8").reshape(-1, 2)
        assert len(windows) >= 6 and voices.dimension == 192
        for start, end in windows.tolist():
            assert any(i.start - 1e-6 <= start < end <= i.end + 1e-6 for i in islands)
        # The sound changes from dull to bright and back every two seconds, and no window reaches over that.
        assert not any(start + 0.3 < 2.0 < end - 0.3 for start, end in windows.tolist())
        for count in (1, 2, 3):
            wanted = SpeakerCount(minimum=count, maximum=count)
            reply = await worker.call(name, frames.ClusterVoices(batches=(voices,), count=wanted))
            assert {turn.speaker for turn in reply.turns} == set(range(count))
            assert all(a.end <= b.start for a, b in zip(reply.turns, reply.turns[1:], strict=False))
        for sound in (np.zeros(SAMPLE_RATE_HZ * 4), talk(0.05), np.tile(talk(60.0), 10)):
            clip = worker.clip(sound)
            whole = (Span(0.0, clip.duration),)
            voices = await worker.call(name, frames.EmbedVoices(clip=clip, islands=whole))
            vectors = np.frombuffer(voices.vectors, dtype="<f2")
            assert len(vectors) and np.isfinite(vectors).all()
        none = await worker.call(name, frames.EmbedVoices(clip=clip, islands=()))
        assert none.windows == b""

    run(test, models, tmp_path)


def test_punctuation_adds_marks_and_nothing_else(models: Path, tmp_path: Path) -> None:
    name = "sherpa-ct-punc"
    texts = ("你好我们今天", "在这里说话", "hello World 我 love you", "", "听见了一个声音", "明天再来" * 300)

    async def test(worker: Lab) -> None:
        assert isinstance(await worker.load(name), frames.Loaded)
        said = (await worker.call(name, frames.Punctuate(texts=texts, language="zh"))).texts
        bare = str.maketrans("", "", "，。？、,.?")
        assert [text.translate(bare) for text in said] == list(texts)
        assert "".join(said) != "".join(texts)
        assert (await worker.call(name, frames.Punctuate(texts=(), language=None))).texts == ()
        strange = ("🙂 \u200b", "\n", "a|b|c", "。。", "ａｂｃ", " 你 好 ", "x" * 5000)
        kept = (await worker.call(name, frames.Punctuate(texts=strange, language=None))).texts
        assert [text.translate(bare) for text in kept] == [text.translate(bare) for text in strange]

    run(test, models, tmp_path)


def test_a_file_that_is_no_model_ends_one_worker_and_nothing_else(models: Path, tmp_path: Path) -> None:
    broken = tmp_path / "models"
    shutil.copytree(models, broken)
    (broken / "sherpa-sense-voice" / "model.int8.onnx").write_bytes(b"not a model")
    (broken / "sherpa-paraformer-zh" / "tokens.txt").unlink()

    async def test(worker: Lab) -> None:
        lacking = await worker.load("sherpa-paraformer")
        assert isinstance(lacking, frames.Failure)
        assert lacking.code == "profile_not_installed"
        assert "sherpa-paraformer-zh" in lacking.message and str(tmp_path) not in lacking.message
        assert isinstance(await worker.load("sherpa-silero"), frames.Loaded)
        answer = await worker.load("sherpa-sensevoice")
        assert answer is None or isinstance(answer, frames.Failure)

    run(test, broken, tmp_path)


def test_a_worker_that_is_killed_is_replaced(models: Path, tmp_path: Path) -> None:
    spec = SPECS["sherpa-sensevoice"]
    pool = PoolSpec(
        name="sherpa-onnx",
        engines=(spec,),
        workers=1,
        python=str(environment("sherpa-onnx")),
        models={spec.name: {model.name: str(models / model.name) for model in spec.models}},
    )
    path = tmp_path / "sound.pcm"
    path.write_bytes((talk(3.0) * 32767).astype("<i2").tobytes())
    clip = frames.Clip(path=str(path), first=0, last=3 * SAMPLE_RATE_HZ)
    stretch = frames.StretchRef(clip=clip, islands=(Span(0.0, 3.0),))
    request = frames.Recognise(stretches=(stretch,), options=RecognitionOptions())

    async def main() -> None:
        import psutil

        async with Fleet((pool,), PATIENT) as fleet:
            first = await fleet.call(spec.name, request, 3.0)
            (worker,) = [
                each for each in psutil.Process().children() if "parley.workers" in " ".join(each.cmdline())
            ]
            os.kill(worker.pid, signal.SIGKILL)
            again = await fleet.call(spec.name, request, 3.0)
            assert again.reply == first.reply

    asyncio.run(main())

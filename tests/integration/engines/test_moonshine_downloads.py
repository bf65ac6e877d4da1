"""Moonshine as it is downloaded: the weights that the wheel carries, put where the hub has them."""

from __future__ import annotations

import asyncio
import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import soxr

from parley.engines.asr import moonshine_graphs
from parley.engines.asr.moonshine import SPECS, Moonshine
from parley.engines.asr.moonshine_models import DOWNLOADS
from parley.engines.asr.moonshine_tokens import read_tokens
from parley.engines.contract import EngineSpec, Stretch
from parley.engines.setup import Setup
from parley.fleet.fleet import Fleet
from parley.speech.media import SAMPLE_RATE_HZ
from parley.speech.recognition import RecognitionOptions
from parley.speech.span import Span
from parley.supply.models import Models
from tests.engines.recognising import PATIENT, assert_in_order, pool_of, recognise

ISLANDS = (Span(0.0, 4.3), Span(4.5, 9.0))


def spec(name: str) -> EngineSpec:
    return next(spec for spec in SPECS if spec.name == name)


def carried() -> Path:
    package = find_spec("moonshine_voice")
    assert package and package.submodule_search_locations
    return Path(package.submodule_search_locations[0], "assets")


@pytest.fixture(scope="module")
def sound() -> np.ndarray:
    samples, rate_hz = soundfile.read(carried() / "two_cities.wav", dtype="float32")
    return soxr.resample(samples, rate_hz, SAMPLE_RATE_HZ).astype(np.float32)[: 9 * SAMPLE_RATE_HZ]


def downloaded(folder: Path, name: str, *, as_json: bool = False) -> Path:
    """The wheel's files under the names that the hub's repository gives to those of `name`."""
    place = folder / name
    for pattern in spec(name).models[0].sources[0].files:
        target = place / pattern
        target.parent.mkdir(parents=True, exist_ok=True)
        # A float graph has another ending there, and none of the wheel's can be read under it.
        target = target.with_suffix(".ort") if target.suffix == ".onnx" else target
        if as_json and target.suffix == ".bin":
            _write_json(target.with_suffix(".json"))
        else:
            target.symlink_to(carried() / "tiny-en" / target.name)
    return place


def _write_json(target: Path) -> None:
    tokens = read_tokens(carried() / "tiny-en" / "tokenizer.bin")
    vocabulary: dict[str, int] = {}
    for number, token in enumerate(tokens):
        text = token.decode("utf-8", errors="replace")
        vocabulary[f"<0x{token[0]:02X}>" if len(token) == 1 and number < 259 else text] = number
    target.write_text(json.dumps({"model": {"vocab": vocabulary}}), "utf-8")


def heard(model: Path, name: str, sound: np.ndarray) -> tuple[str, ...]:
    engine = Moonshine(Setup(models={name: model}))
    found = engine.recognise(
        Stretch(samples=sound, islands=ISLANDS), RecognitionOptions(), lambda _done: None
    )
    assert_in_order(found, len(sound) / SAMPLE_RATE_HZ)
    assert spec(name).languages == {found.language}
    return tuple(piece.text for piece in found.pieces)


@pytest.mark.parametrize("name", ["moonshine-base", "moonshine-tiny", "moonshine-tiny-zh"])
def test_the_layout_of_the_hub_is_found(name: str, sound: np.ndarray, tmp_path: Path) -> None:
    place = downloaded(tmp_path, name)
    assert Models(tmp_path).folder(spec(name).models[0]) == place
    text = " ".join(heard(place, name, sound)).lower()
    assert "it was the best of times" in text


def test_a_folder_filled_by_hand_may_be_flat(sound: np.ndarray, tmp_path: Path) -> None:
    place = tmp_path / "moonshine-base"
    place.mkdir()
    for file in (carried() / "tiny-en").iterdir():
        (place / file.name).symlink_to(file)
    assert Models(tmp_path).folder(spec("moonshine-base").models[0]) == place
    assert "best of times" in " ".join(heard(place, "moonshine-base", sound)).lower()


def test_a_token_table_of_hugging_face_gives_the_same_text(sound: np.ndarray, tmp_path: Path) -> None:
    as_bytes = heard(downloaded(tmp_path / "a", "moonshine-base"), "moonshine-base", sound)
    as_json = heard(downloaded(tmp_path / "b", "moonshine-base", as_json=True), "moonshine-base", sound)
    assert as_bytes == as_json


class Unmasked:
    """A graph as the older exporter made it: it hears all there is and takes no mask."""

    length = 0

    def __init__(self, session: Any) -> None:
        self._session = session

    def get_inputs(self) -> list[Any]:
        return [given for given in self._session.get_inputs() if "mask" not in given.name]

    def run(self, wanted: Any, given: dict[str, Any]) -> Any:
        assert set(given) == {"input_values"}
        Unmasked.length = given["input_values"].shape[1]
        mask = np.ones((1, Unmasked.length), dtype=np.int64)
        return self._session.run(wanted, {**given, "attention_mask": mask})

    def run_with_ort_values(self, wanted: Any, given: dict[str, Any]) -> Any:
        import onnxruntime

        assert not any("mask" in name for name in given)
        assert given["input_ids"].shape()[0] == 1, "several hypotheses against one sound"
        mask = onnxruntime.OrtValue.ortvalue_from_numpy(np.ones((1, Unmasked.length), dtype=np.int64))
        return self._session.run_with_ort_values(wanted, {**given, "encoder_attention_mask": mask})


def test_graphs_without_masks_place_the_text_on_the_same_islands(
    sound: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = downloaded(tmp_path, "moonshine-base")
    masked = heard(place, "moonshine-base", sound)
    opened = moonshine_graphs.open_session
    monkeypatch.setattr(moonshine_graphs, "open_session", lambda path: Unmasked(opened(path)))
    unmasked = heard(place, "moonshine-base", sound)
    assert len(masked) == len(unmasked) == 2
    assert [text.lower().split()[0] for text in unmasked] == [text.lower().split()[0] for text in masked]


def test_a_worker_recognises_with_a_download(sound: np.ndarray, tmp_path: Path) -> None:
    async def main() -> None:
        place = downloaded(tmp_path, "moonshine-base")
        async with Fleet([pool_of(spec("moonshine-base"), place)], PATIENT) as fleet:
            found = await recognise(fleet, "moonshine-base", tmp_path, sound, ISLANDS)
            assert "best of times" in " ".join(piece.text for piece in found.pieces).lower()
            assert found.language == "en"

    asyncio.run(main())


def test_every_other_language_says_that_it_is_not_for_commerce() -> None:
    for download in DOWNLOADS:
        free = download.language == "en"
        assert (download.spec.licence == "MIT") is free
        assert free or "no commercial use" in download.spec.licence
        assert download.tokens_per_second == (6.5 if free else 13.0)

"""`parley bench talk` as a user gives it."""

from __future__ import annotations

import json
import wave
from pathlib import Path

import pytest

from tests.e2e.command import Parley

pytest.importorskip("espeakng_loader", reason="the extra 'espeak' is not installed")

SAID = "librispeech/test-other/533-1066-000*"


def test_the_delay_of_answers_is_heard_on_a_tape(parley: Parley, tmp_path: Path, audio: Path) -> None:
    (tmp_path / "page.md").write_text("# A page\n")
    done = parley(
        *("bench", "talk", "--corpus", audio, "--only", SAID, "--turns", "2", "--tape", "tape"),
        *("--json", "a.json", "--markdown", "page.md"),
        timeout=280,
    )
    assert done.code == 0, done.err
    found = json.loads((tmp_path / "a.json").read_text("utf-8"))
    assert (found["kind"], found["turns"], found["unheard"]) == ("parley-bench-talk", 2, 0)
    assert "parrot" in found["model"]
    # Nobody answers before the silence was long enough to end the utterance.
    assert found["delay"]["count"] == 2
    assert found["delay"]["p50_s"] > 0.5
    names = [stage["name"] for stage in found["stages"]]
    assert names[0] == "silence that ends the utterance"
    for side in ("microphone", "loudspeaker"):
        with wave.open(str(tmp_path / "tape" / f"talk-{side}.wav")) as file:
            assert file.getnframes() > file.getframerate()
    page = (tmp_path / "page.md").read_text("utf-8")
    assert page.startswith("# A page\n") and "An answer is heard" in page


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("a.wav", "--corpus", "b"), 2, "not both"),
        (("--server", "ftp://nowhere"), 2, "is no server"),
    ],
)
def test_what_cannot_be_measured_is_said(
    parley: Parley, arguments: tuple[str, ...], code: int, says: str
) -> None:
    done = parley("bench", "talk", *arguments)
    assert (done.code, says in done.err) == (code, True), done.err
    assert "Traceback" not in done.err


def test_a_language_model_is_measured_on_demand_only(parley: Parley) -> None:
    """Of somebody's settings, too: it would cost them money, and the figure would be another one."""
    (parley.folder / "parley.toml").write_text('[assistant]\nllm_base_url = "http://127.0.0.1:9/v1"\n')
    done = parley("bench", "talk", "--turns", "1", timeout=280)
    assert (done.code, "--language-model" in done.err) == (2, True), done.err

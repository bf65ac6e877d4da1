"""`parley bench` as a user gives it."""

from __future__ import annotations

import json
import signal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.command import Done, Parley, finish, workers_of

ONE = "librispeech/test-other/1688-142285-0002.flac"


def report(path: Path) -> dict[str, Any]:
    found = json.loads(path.read_text("utf-8"))
    assert (found["kind"], found["schema_version"]) == ("parley-bench", 1)
    return found


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory, audio: Path) -> tuple[Path, Done]:
    """One benchmark of the embedded profile on a short recording of the corpus."""
    folder = tmp_path_factory.mktemp("bench")
    done = Parley(folder, folder / "data")(
        *("bench", "--corpus", audio, "--only", ONE, "--workers", "1,2", "--runs", "2", "--per-role"),
        *("--json", "a.json", "--html", "a.html", "--markdown", "a.md"),
        timeout=280,
    )
    return folder, done


def test_a_corpus_is_measured_and_scored(measured: tuple[Path, Done]) -> None:
    folder, done = measured
    assert done.code == 0, done.err
    found = report(folder / "a.json")
    assert [each["workers"] for each in found["combinations"]] == [1, 2]
    for each in found["combinations"]:
        whole = each["whole"]
        assert whole["recordings"] == 1
        assert whole["audio_s"] == pytest.approx(2.8, abs=0.1)
        assert whole["rtf"]["low"] > 0
        assert whole["rtf"]["runs"] == 2
        assert whole["first_s"]["median"] > 0
        assert whole["peak_mib"]["median"] > 100
        assert {"decode", "find_speech", "recognise"} <= set(whole["stages"])
        assert 0 <= whole["accuracy"]["wer"] < 0.5
        assert whole["accuracy"]["words"] == 9
        assert set(each["ran_on"].values()) == {"cpu"}
    [trial] = found["roles"]
    assert [each["role"] for each in trial["roles"]] == ["media", "vad", "asr", "speakers"]
    assert all(each["wall"]["median"] > 0 and each["load_s"] is not None for each in trial["roles"])
    assert found["machine"]["versions"]["parley"]
    assert "Whole recipes" in done.out
    assert "Each role alone" in done.out
    assert "run 2 of 2" in done.err
    # Nothing was remembered for the user.
    assert not (folder / "data").exists()


def test_the_page_and_the_markdown_hold_the_figures(measured: tuple[Path, Done]) -> None:
    folder, _ = measured
    text = (folder / "a.html").read_text("utf-8")
    tags: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            tags.append(tag)

    Reader().feed(text)
    assert "script" not in tags
    assert tags.count("svg") >= 8
    assert "| embedded | as configured | 2 |" in (folder / "a.md").read_text("utf-8")


def test_two_benchmarks_are_compared(measured: tuple[Path, Done]) -> None:
    folder, _ = measured
    parley = Parley(folder, folder / "data")
    same = parley("bench", "compare", "a.json", "a.json")
    assert same.code == 0, same.err
    assert "Nothing got worse" in same.out
    found = report(folder / "a.json")
    rtf = found["combinations"][0]["whole"]["rtf"]
    for name in ("low", "median", "high"):
        rtf[name] *= 3
    (folder / "slow.json").write_text(json.dumps(found))
    worse = parley("bench", "compare", "a.json", "slow.json", "--html", "compared.html")
    assert worse.code == 8
    assert "1 got worse: embedded, as configured, 1 worker: RTF." in worse.out
    assert "Compared" in (folder / "compared.html").read_text("utf-8")
    assert parley("bench", "compare", "slow.json", "a.json").code == 0
    refused = parley("bench", "compare", "a.json")
    assert (refused.code, "Name two files" in refused.err) == (2, True)


def test_a_comparison_with_other_recordings_is_refused_before_the_work(measured: tuple[Path, Done]) -> None:
    folder, _ = measured
    refused = Parley(folder, folder / "data")("bench", "--compare", "a.json")
    assert refused.code == 2
    assert "same recordings" in refused.err
    assert "run 1" not in refused.err


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("--profiles", "nobody"), 5, "There is no profile 'nobody'"),
        (("--profiles", "mine"), 5, "parley pull mine"),
        (("gone.wav",), 3, "There is no file 'gone.wav'"),
        (("--corpus", "gone"), 3, "There is no folder 'gone'"),
        (("--devices", "tpu"), 2, "There is no device 'tpu'"),
        (("--workers", "0"), 2, "--workers takes numbers"),
        (("--limit", "3"), 2, "are for --corpus"),
        (("a.wav", "--corpus", "b"), 2, "not both"),
        (("--compare", "gone.json"), 3, "There is no file 'gone.json'"),
    ],
)
def test_what_cannot_be_measured_is_refused_first(
    parley: Parley, tmp_path: Path, arguments: tuple[str, ...], code: int, says: str
) -> None:
    (tmp_path / "engines").mkdir()
    (tmp_path / "engines/absent.py").write_text(
        "from parley.engines.contract import EngineSpec, Role\n"
        "SPEC = EngineSpec(name='absent', role=Role.ASR, factory=':X', revision='1', summary='',\n"
        "                  licence='MIT', requires=('no_such_package',), environment='nowhere')\n"
    )
    (tmp_path / "parley.toml").write_text(
        f"engine_dirs = ['{tmp_path}/engines']\n[profiles.mine]\nasr = 'absent'\n"
    )
    done = parley("bench", *arguments)
    assert done.code == code, done.err
    assert says in done.err
    assert "run 1" not in done.err


def test_a_device_that_is_not_here_fails_its_row_and_the_command_where_nothing_is_left(
    parley: Parley,
) -> None:
    done = parley("bench", "--devices", "mps", "--runs", "1", "--json", "-")
    assert done.code == 6
    found = json.loads(done.out)
    assert found["combinations"][0]["problem"] == "No engine of the profile can compute on mps."


def test_ctrl_c_prints_what_is_done(parley: Parley, tmp_path: Path) -> None:
    parley.with_profile(vad="whole", asr="slow", speakers="none")
    parley.settings["PARLEY_TEST_CALLS"] = str(tmp_path / "calls")
    (tmp_path / "a.md").write_text("# A page\n")
    process = parley.start(
        *("bench", "--workers", "1,2", "--runs", "40", "--json", "a.json", "--markdown", "a.md")
    )
    assert process.stderr is not None
    # The whole of the first combination takes longer than a test may: it is interrupted inside it.
    for line in process.stderr:
        if line.startswith("run 2 "):
            break
    children = workers_of(process.pid)
    process.send_signal(signal.SIGINT)
    done = finish(process)
    assert process.returncode == 130
    assert "interrupted" in done.err
    assert report(tmp_path / "a.json")["is_complete"] is False
    # Half a benchmark takes nothing's place in a page.
    assert (tmp_path / "a.md").read_text() == "# A page\n"
    assert children
    assert not [child for child in children if child.is_running()]

"""`parley bench live` as a user gives it."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.command import Parley, finish, workers_of

SHORT = "librispeech/test-other/3005-163389-0004.flac"


def report(path: Path) -> dict[str, Any]:
    found = json.loads(path.read_text("utf-8"))
    assert (found["kind"], found["schema_version"]) == ("parley-bench-live", 1)
    return found


def test_two_sessions_are_measured_over_the_socket(parley: Parley, tmp_path: Path, audio: Path) -> None:
    (tmp_path / "page.md").write_text("# A page\n")
    done = parley(
        *("bench", "live", "--corpus", audio, "--only", SHORT, "--wer", "--from", "2", "--most", "2"),
        *("--step-seconds", "4", "--max-lag-ms", "60000", "--json", "a.json", "--markdown", "page.md"),
        timeout=240,
    )
    assert done.code == 0, done.err
    found = report(tmp_path / "a.json")
    assert found["is_complete"]
    assert found["conditions"]["is_own"]
    assert found["capacity"]["holds"] == 2
    assert [step["sessions"] for step in found["capacity"]["steps"]] == [2]
    assert [each["sessions"] for each in found["latencies"]] == [1, 1]
    assert all(each["final"]["count"] > 0 for each in found["latencies"])
    assert found["overload"]["asked"] == 3
    assert found["overload"]["recovered_s"] is not None
    assert found["accuracy"]["recordings"] == 1
    assert found["accuracy"]["live"] < 0.5
    stages = {stage["stage"]: stage["cpu"] for stage in found["stages"]}
    assert stages.keys() == {"listening", "final", "partial"}
    # A final costs nothing where the last partial had heard all of it.
    assert min(stages["listening"], stages["final"] + stages["partial"]) > 0
    assert found["capacity"]["steps"][0]["own"] > 0
    assert found["capacity"]["steps"][0]["server"] > 0
    page = (tmp_path / "page.md").read_text()
    assert page.startswith("# A page\n")
    assert "2 sessions hold" in page
    assert "2 sessions hold" in done.out


def test_ctrl_c_leaves_no_server_behind(parley: Parley, tmp_path: Path) -> None:
    process = parley.start("bench", "live", "--step-seconds", "600", "--json", "a.json")
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("delays of one session"):
            break
    children = workers_of(process.pid)
    process.send_signal(signal.SIGINT)
    done = finish(process)
    assert process.returncode == 130
    assert "interrupted" in done.err
    assert report(tmp_path / "a.json")["is_complete"] is False
    assert children
    assert not [child for child in children if child.is_running()]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("--profile", "nobody"), 5, "There is no profile 'nobody'"),
        (("gone.wav",), 3, "There is no file 'gone.wav'"),
        (("--words", "a"), 2, "are for --corpus"),
        (("a.wav", "--corpus", "b"), 2, "not both"),
        (("--server", "ftp://nowhere"), 2, "is no server"),
        (("--server", "127.0.0.1:9", "--no-load"), 6, "No live session could be opened"),
    ],
)
def test_what_cannot_be_measured_is_an_error(
    parley: Parley, arguments: tuple[str, ...], code: int, says: str
) -> None:
    done = parley("bench", "live", *arguments)
    assert done.code == code, done.err
    assert says in done.err

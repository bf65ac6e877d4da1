"""Models and profiles brought here as a user does it, from a hub on the loopback."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.e2e.command import COMMAND, Done, Parley, finish, wait_until
from tests.integration.supply.hub import COMMIT, Hub, hub
from tests.integration.supply.pulling import FILES, REPOS, contents
from tests.integration.supply.words import describe


@pytest.fixture
def server() -> Iterator[Hub]:
    with hub(**REPOS) as running:
        yield running


@pytest.fixture
def machine(parley: Parley, server: Hub, tmp_path: Path) -> Parley:
    """A command with a profile `words` whose model is on the hub, and on this machine not yet."""
    parley.settings |= describe(tmp_path, server)
    return parley


@pytest.fixture
def tone(tmp_path: Path) -> Path:
    path = tmp_path / "tone.wav"
    soundfile.write(path, 0.3 * np.sin(np.arange(32000) / 10), 16000)
    return path


def place(machine: Parley) -> Path:
    return machine.data_dir / "models" / "tiny-words"


def test_a_profile_that_is_not_there_names_the_command_that_brings_it(machine: Parley, tone: Path) -> None:
    done = machine("transcribe", "--profile", "words", tone)
    assert done.code == 5
    assert done.err.splitlines()[-1] == (
        "parley: Profile 'words' is not installed yet; run: parley pull words"
    )
    assert done.out == ""


def test_one_command_brings_a_profile_which_then_transcribes(
    machine: Parley, server: Hub, tone: Path
) -> None:
    done = machine("pull", "words")
    assert done.code == 0, done.err
    assert done.out == "ready: parley transcribe --profile words FILE\n"
    said = done.err.splitlines()
    assert said[0] == "tiny-words: from Hugging Face (127.0.0.1)"
    assert said[1] == f"tiny-words: licence MIT; 1.3 MB in 4 files; acme/tiny at {COMMIT[:12]}"
    assert "are free" in said[2]
    assert contents(place(machine)) == FILES
    assert machine.data_dir.stat().st_mode & 0o077 == 0

    asked = len(server.asked)
    again = machine("pull", "words")
    assert (again.code, again.out, len(server.asked)) == (0, done.out, asked)

    assert machine("transcribe", "--profile", "words", tone, "-f", "txt").out.strip().endswith("Tiny.")


def test_a_result_of_other_weights_is_not_taken_for_these(
    machine: Parley, tone: Path, tmp_path: Path
) -> None:
    machine("pull", "words")
    assert "Tiny." in machine("transcribe", "--profile", "words", tone).out
    other = tmp_path / "mine"
    other.mkdir()
    (other / "config.json").write_text('{"size": "huge"}')
    (other / "own.bin").write_bytes(b"weights")
    done = machine("models", "pull", "tiny-words", "--from", other)
    assert done.code == 0, done.err
    assert contents(place(machine)) == contents(other)
    assert "Huge." in machine("transcribe", "--profile", "words", tone).out


def test_a_folder_filled_by_hand_counts(machine: Parley, server: Hub, tone: Path) -> None:
    place(machine).mkdir(parents=True)
    (place(machine) / "config.json").write_text('{"size": "handy"}')
    (place(machine) / "some.bin").write_bytes(b"weights")
    assert machine("pull", "words").code == 0
    assert "Handy." in machine("transcribe", "--profile", "words", tone).out
    assert server.asked == []


def test_the_token_is_shown_nowhere(machine: Parley, server: Hub) -> None:
    server.token = "hf_secret_right"
    machine.settings |= {"PARLEY_LOG_LEVEL": "debug", "HF_TOKEN": "hf_secret_wrong"}
    refused = machine("models", "pull", "tiny-words", "--hub", "huggingface")
    assert refused.code == 8
    machine.settings["HF_TOKEN"] = "hf_secret_right"
    done = machine("models", "pull", "tiny-words")
    shown = machine("config", "show", "--origin")
    assert done.code == 0, done.err
    for each in (refused, done, shown):
        assert "hf_secret" not in each.out + each.err
    assert "models.hf_token" in shown.out
    assert not any("authorization" in each.headers for each in server.asked if each.server == "network")


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_what_a_signal_stopped_is_gone_on_with(machine: Parley, server: Hub, how: signal.Signals) -> None:
    server.break_("model.bin", "silent", at=900_000)
    process = machine.start("pull", "words")
    parts = machine.data_dir / "models" / ".incoming" / "tiny-words"
    wait_until(lambda: sum(path.stat().st_size for path in parts.glob("*.part")) > 500_000, timeout=60)
    process.send_signal(how)
    done = finish(process)
    if how == signal.SIGKILL:
        assert done.code == -signal.SIGKILL
    else:
        assert done.code == 130
        assert "the same command continues where this one stopped" in done.err
        assert "Traceback" not in done.err
    assert not place(machine).exists()
    server.asked.clear()
    assert machine("pull", "words").code == 0
    [bytes_asked] = [each for each in server.asked if each.server == "network"]
    assert int(bytes_asked.range.removeprefix("bytes=").removesuffix("-")) > 500_000
    assert contents(place(machine)) == FILES


def test_a_full_disk_keeps_what_is_there(machine: Parley, server: Hub) -> None:
    # A limit on the size of one file fails as a full disk does, in the middle of the weights.
    limited = f"ulimit -f 600; exec {COMMAND} pull words"
    process = subprocess.run(
        ["bash", "-c", limited],
        capture_output=True,
        env=machine.environment(),
        cwd=machine.folder,
        timeout=120,
    )
    done = Done(process.returncode, process.stdout.decode(), process.stderr.decode())
    assert done.code == 7, done.err
    assert "No space is left for the model. Make room and run the same command again" in done.err
    assert not place(machine).exists()
    server.asked.clear()
    assert machine("pull", "words").code == 0
    [bytes_asked] = [each for each in server.asked if each.server == "network"]
    assert int(bytes_asked.range.removeprefix("bytes=").removesuffix("-")) > 300_000
    assert contents(place(machine)) == FILES


def test_a_second_command_waits_for_the_first(machine: Parley, server: Hub) -> None:
    server.break_("model.bin", "slow", at=600_000, speed=lambda: time.sleep(30))
    first = machine.start("models", "pull", "tiny-words")
    parts = machine.data_dir / "models" / ".incoming" / "tiny-words"
    wait_until(lambda: sum(path.stat().st_size for path in parts.glob("*.part")) > 300_000, timeout=60)
    second = machine.start("models", "pull", "tiny-words")
    assert second.stderr is not None
    heard: list[str] = []
    while not any("Waiting for it" in line for line in heard):
        heard.append(second.stderr.readline())
        assert heard[-1], heard
    refused = machine("models", "rm", "tiny-words")
    assert refused.code == 7
    assert "Another command downloads or removes the model 'tiny-words'" in refused.err
    first.kill()
    first.communicate()
    assert finish(second).code == 0
    assert contents(place(machine)) == FILES

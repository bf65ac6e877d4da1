"""`parley models` and `parley pull` as they answer, inside this process: most of a start is imports."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from parley.cli.commands import run
from tests.integration.supply.hub import COMMIT, Hub, hub
from tests.integration.supply.pulling import CLOSED, FILES, REPOS, contents
from tests.integration.supply.words import describe


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Machine:
    """The command with a data directory of its own."""

    data_dir: Path
    monkeypatch: pytest.MonkeyPatch

    def __call__(self, *arguments: str | Path) -> Done:
        self.monkeypatch.setattr(sys, "argv", ["parley", *map(str, arguments)])
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = run()
        return Done(code, out.getvalue(), err.getvalue())


@pytest.fixture
def server() -> Iterator[Hub]:
    with hub(**REPOS) as running:
        yield running


@pytest.fixture
def machine(tmp_path: Path, server: Hub, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A command with a profile `words` whose model is on the hub, and on this machine not yet."""
    for name in [name for name in os.environ if name.startswith("PARLEY_")]:
        monkeypatch.delenv(name)
    variables = describe(tmp_path, server) | {"PARLEY_DATA_DIR": str(tmp_path / "data")}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return Machine(tmp_path / "data", monkeypatch)


def place(machine: Machine) -> Path:
    return machine.data_dir / "models" / "tiny-words"


def listed(machine: Machine) -> dict[str, object]:
    rows: list[dict[str, object]] = json.loads(machine("models", "list", "--json").out)
    [row] = [row for row in rows if row["name"] == "tiny-words"]
    return row


def test_models_are_listed_with_licence_size_and_users(machine: Machine) -> None:
    row = listed(machine)
    assert (row["licence"], row["size_mib"], row["here"], row["profiles"]) == ("MIT", 1, False, ["words"])
    assert machine("models", "pull", "tiny-words").code == 0
    row = listed(machine)
    assert (row["here"], row["hub"], row["commit"]) == (True, "huggingface", COMMIT)
    taken = row["disk_bytes"]
    assert isinstance(taken, int)
    assert taken > 1_000_000
    [line] = [line for line in machine("models", "list").out.splitlines() if line.startswith("tiny-words")]
    assert "here, 1.3 MB" in line
    assert "MIT  for words" in line


def test_a_removed_model_is_gone(machine: Machine) -> None:
    machine("models", "pull", "tiny-words")
    done = machine("models", "rm", "tiny-words")
    assert done.code == 0
    assert done.err == "Model 'tiny-words' was removed; it took 1.3 MB.\n"
    assert not place(machine).exists()
    again = machine("models", "rm", "tiny-words")
    assert (again.code, again.err) == (
        2, "parley: There is no model 'tiny-words' here; see: parley models list\n",
    )  # fmt: skip
    assert machine("models", "rm", "..").code == 2
    assert (machine.data_dir / "models").is_dir()


def test_unknown_names_are_answered_with_close_ones(machine: Machine) -> None:
    done = machine("models", "pull", "tiny-word")
    assert done.code == 2
    assert "There is no model 'tiny-word'; did you mean tiny-words" in done.err
    done = machine("pull", "wrods")
    assert done.code == 5
    assert "There is no profile 'wrods'" in done.err
    done = machine("pull", "auto")
    assert done.code == 2
    assert "name a profile" in done.err


def test_no_line_and_no_wish_for_one(machine: Machine, server: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLEY_MODELS__HF_ENDPOINT", CLOSED)
    done = machine("pull", "words", "--hub", "huggingface")
    assert done.code == 8
    assert "it cannot be reached" in done.err
    monkeypatch.setenv("PARLEY_MODELS__HF_ENDPOINT", server.address)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    done = machine("pull", "words")
    assert done.code == 8
    assert "downloads are switched off" in done.err
    assert server.asked == []


def test_a_folder_to_be_filled_by_hand_is_named(machine: Machine) -> None:
    shown = machine("models", "path", "tiny-words")
    assert shown.code == 5
    assert shown.out == f"{place(machine)}\n"
    assert "lacks config.json, *.bin" in shown.err
    place(machine).mkdir(parents=True)
    (place(machine) / "config.json").write_text('{"size": "handy"}')
    (place(machine) / "some.bin").write_bytes(b"weights")
    assert machine("models", "path", "tiny-words").code == 0
    assert listed(machine)["by_hand"] is True


def test_a_mirror_is_named_by_the_variable_that_everybody_knows(
    machine: Machine, server: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PARLEY_MODELS__HF_ENDPOINT")
    monkeypatch.setenv("HF_ENDPOINT", server.address)
    assert machine("models", "pull", "tiny-words", "--hub", "huggingface").code == 0
    assert contents(place(machine)) == FILES


def test_a_public_name_brings_its_profile(machine: Machine) -> None:
    assert machine("pull", "tiny-1").out == "ready: parley transcribe --profile words FILE\n"

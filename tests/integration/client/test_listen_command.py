"""`parley listen --server` as a user runs it, against the scripted server."""

from __future__ import annotations

import hashlib
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from parley.cli import commands
from tests.e2e.command import COMMAND, Parley, finish, wait_until
from tests.integration.client.scripted_live import UTTERANCE_SAMPLES, Live, serving

PCM = bytes(range(256)) * 190


@pytest.fixture
def parley(tmp_path: Path) -> Iterator[Parley]:
    command = Parley(tmp_path, tmp_path / "data")
    yield command
    for process in command.started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


@pytest.fixture
def live() -> Iterator[Live]:
    with serving(Live()) as live:
        yield live


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    path = tmp_path / "talk.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", "NONE"))
        file.writeframes(PCM)
    return path


Refused = Callable[..., tuple[int, str]]


@pytest.fixture
def refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Refused:
    """The command in this process, for what it refuses at once: its exit code and its words."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PARLEY_DATA_DIR", str(tmp_path / "data"))

    def run(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["parley", "listen", *arguments])
        return commands.run(), capsys.readouterr().err

    return run


def texts(audio: bytes = PCM, sample_bytes: int = 2) -> list[str]:
    size = UTTERANCE_SAMPLES * sample_bytes
    return [hashlib.md5(audio[at : at + size]).hexdigest() for at in range(0, len(audio), size)]


def test_a_file_becomes_a_line_for_each_utterance(live: Live, parley: Parley, talk: Path) -> None:
    done = parley(
        "listen", talk, "--server", live.url, "--speed", "0", "--language", "EN", "--hotword", "Par:2"
    )
    assert (done.code, done.out.splitlines()) == (0, texts()), done.err
    assert done.err == f"talk.wav: 00:00:01 of audio, {len(texts())} utterances\n"
    start = live.session.start
    assert (start["language"], start["hotwords"], start["partials"]) == ("en", {"Par": 2.0}, True)


def test_every_event_as_json(live: Live, parley: Parley, talk: Path) -> None:
    done = parley(
        "listen", talk, "--server", live.url, "--speed", "9", "-f", "json", "--no-partials", "--words"
    )
    events = [json.loads(line) for line in done.out.splitlines()]
    assert [event["text"] for event in events if event["type"] == "final"] == texts()
    assert {event["type"] for event in events} == {"vad", "partial", "final", "ack", "done"}
    assert events[-1]["type"] == "done"
    assert (live.session.start["partials"], live.session.start["words"]) == (False, True)


@pytest.mark.parametrize("suffix", ["srt", "txt"])
def test_a_file_for_the_text(live: Live, parley: Parley, talk: Path, tmp_path: Path, suffix: str) -> None:
    target = tmp_path / "new" / f"talk.{suffix}"
    done = parley("listen", talk, "--server", live.url, "--speed", "0", "-o", target)
    assert (done.code, done.out) == (0, ""), done.err
    written = target.read_text()
    assert [text in written for text in texts()] == [True] * len(texts())
    if suffix == "srt":
        assert written.startswith("1\n00:00:00,000 --> 00:00:00,500\n")


def test_standard_input(live: Live, parley: Parley) -> None:
    done = parley("listen", "-", "--server", live.url, input=PCM)
    assert (done.code, done.out.splitlines()) == (0, texts())
    live.sessions.clear()
    done = parley("listen", "-", "--raw", "8000,mulaw,2", "--server", live.url, input=PCM)
    assert (done.code, bytes(live.session.heard)) == (0, PCM)
    assert live.session.start["encoding"] == "mulaw"
    assert (live.session.start["sample_rate"], live.session.start["channels"]) == (8000, 2)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ([], 2, "--mic"),
        (["-", "--mic"], 2, "one of them"),
        (["-", "--mic-device", "1"], 2, "--mic"),
        (["-", "--raw", "16000,s24le,1"], 2, "s16le"),
        (["-", "--raw", "96000,s16le,1"], 2, "Hz"),
        (["-", "--raw", "16000,s16le,9"], 2, "channels"),
        (["-", "--data-dir", "x"], 2, "--data-dir is about"),
        (["-", "-f", "rttm"], 2, "--format"),
        (["-", "-f", "srt", "-o", "a.vtt"], 2, "leave one out"),
        (["talk.wav", "-o", "talk.wav"], 2, "replace the recording"),
        (["lost.wav"], 3, "There is no file 'lost.wav'."),
    ],
)
def test_what_means_nothing_is_refused(
    live: Live, refused: Refused, talk: Path, arguments: list[str], code: int, says: str
) -> None:
    del talk
    told, err = refused(*arguments, "--server", live.url)
    assert told == code
    assert says in err
    assert len(err.splitlines()) == 1
    assert live.lines == 0


def test_what_is_for_a_server_only(refused: Refused) -> None:
    for arguments in (["-", "--record"], ["-", "--token", "x"]):
        code, err = refused(*arguments)
        assert (code, arguments[1] in err, "--server" in err) == (2, True, True)


def test_refusals_of_the_server(parley: Parley) -> None:
    with serving(Live(token="secret")) as live:
        command = ("listen", "-", "--server", live.url)
        refused = parley(*command, input=PCM)
        assert (refused.code, "give a token" in refused.err) == (2, True)
        assert parley(*command, "--token", "secret", input=PCM).code == 0
    gone = parley(*command, input=PCM)
    assert (gone.code, "is the server running" in gone.err) == (6, True)


def test_a_microphone_that_is_not_there(live: Live, parley: Parley, tmp_path: Path) -> None:
    """Neither the package nor the system's library: one sentence, whatever this machine has."""
    (tmp_path / "sounddevice.py").write_text("raise OSError('PortAudio library not found')")
    parley.settings["PYTHONPATH"] = str(tmp_path)
    done = parley("listen", "--mic", "--server", live.url)
    assert (done.code, len(done.err.splitlines())) == (5, 1)
    assert "libportaudio2" in done.err
    (tmp_path / "sounddevice.py").write_text("raise ImportError")
    assert "parley[mic]" in parley("listen", "--mic", "--server", live.url).err


def test_the_first_interruption_ends_the_input(live: Live, parley: Parley, talk: Path) -> None:
    process = parley.start("listen", talk, "--server", live.url, "--speed", "0.05")
    wait_until(lambda: live.sessions and live.session.samples > 100)
    process.send_signal(signal.SIGINT)
    done = finish(process)
    assert done.code == 0, done.err
    heard = bytes(live.session.heard)
    assert PCM.startswith(heard)
    assert done.out.splitlines() == texts(heard)
    assert "1 utterance" in done.err


def test_the_second_interruption_ends_the_command(live: Live, parley: Parley, talk: Path) -> None:
    process = parley.start("listen", talk, "--server", live.url, "--speed", "0.05")
    wait_until(lambda: live.sessions and live.session.samples > 100)
    live.deaf = True
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    assert "again" in process.stderr.readline()
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 130


def test_a_reader_that_has_enough(live: Live, parley: Parley, talk: Path) -> None:
    script = f"{COMMAND} listen {talk} --server {live.url} --speed 0 | head -n 1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, env=parley.environment(), timeout=120
    )
    assert done.stdout.splitlines() == [texts()[0], "0"]


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such terminals")
def test_on_a_terminal_the_text_so_far_is_rewritten(live: Live, parley: Parley, talk: Path) -> None:
    ours, theirs = pty.openpty()
    command = [str(COMMAND), "listen", str(talk), "--server", live.url, "--speed", "0"]
    environment = parley.environment() | {"TERM": "xterm", "COLUMNS": "60"}
    process = subprocess.Popen(command, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    said = read_all(ours)
    assert process.wait(60) == 0
    plain = re.sub(r"\x1b\[[0-9;]*m", "", said)
    # The last, because an earlier partial may have made way for a newer one before it was drawn.
    last = texts()[-1]
    assert f"{last[:8]}\r\x1b[2K00:00:01  {last}\r\n" in plain
    assert [f"  {text}\r\n" in plain for text in texts()] == [True] * len(texts())
    assert plain.endswith(f"talk.wav: 00:00:01 of audio, {len(texts())} utterances\r\n")


def read_all(terminal: int) -> str:
    said = b""
    while select.select([terminal], [], [], 60)[0]:
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # Linux says so when the other side is closed
            break
        if not piece:
            break
        said += piece
    os.close(terminal)
    return said.decode()

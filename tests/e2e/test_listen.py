"""`parley listen`, the library and its examples on real speech: here, at a server, over lines that break."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import wave
from pathlib import Path
from typing import Any

from parley.client import Client
from tests.e2e.command import Done, Parley
from tests.e2e.cutting import wire
from tests.e2e.serving import Served, serve

EXAMPLES = Path(__file__).parents[2] / "examples"
WORDS = "what your country can do for you ask what you can do for your country"


def words(texts: str | list[str]) -> str:
    """Without marks, which partials may have settled otherwise than finals do."""
    joined = texts if isinstance(texts, str) else " ".join(texts)
    return " ".join(re.findall(r"[a-z']+", joined.lower()))


def spoken(done: Done) -> list[dict[str, Any]]:
    """The finals of a command that wrote JSON, every line of which is checked."""
    assert done.code == 0, done.err
    events = [json.loads(line) for line in done.out.splitlines()]
    assert events[-1]["type"] == "done"
    finals = [event for event in events if event["type"] == "final"]
    told = {event["utterance"] for event in events if event["type"] == "partial"}
    assert told <= {final["utterance"] for final in finals}
    assert [final["utterance"] for final in finals] == list(range(events[-1]["utterances"]))
    return finals


def test_here(parley: Parley, audio: Path) -> None:
    recording = audio / "whisper" / "jfk.wav"
    finals = spoken(parley("listen", recording, "--speed", "0", "-f", "json"))
    assert WORDS in words([final["text"] for final in finals])
    # Finals keep what partials showed, and how many of those there are depends on load.
    plain = parley("listen", "-", "--no-partials", input=pcm(recording))
    assert (plain.code, len(plain.out.splitlines())) == (0, len(finals))
    assert WORDS in words(plain.out)
    interrupted(parley, recording, plain.out.splitlines())
    lacking = parley("listen", "-", "--words", input=b"")
    assert (lacking.code, "word times" in lacking.err) == (2, True)


def interrupted(parley: Parley, recording: Path, finals: list[str]) -> None:
    """Ctrl-C on a terminal reaches the workers too, which must not mind."""
    process = parley.start("listen", recording, "-f", "json", "--no-partials")
    assert process.stdout is not None
    begun = next(line for line in process.stdout if '"final"' in line)
    os.killpg(process.pid, signal.SIGINT)
    rest, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    told = [json.loads(line) for line in (begun + rest).splitlines()]
    assert told[-1]["type"] == "done"
    said = [event["text"] for event in told if event["type"] == "final"]
    assert said[0] == finals[0]
    assert len(said) == told[-1]["utterances"]


def test_at_a_server(parley: Parley, audio: Path, tmp_path: Path) -> None:
    recording = audio / "whisper" / "jfk.wav"
    served = serve(parley)
    command = ("listen", recording, "-f", "json", "--speed", "4", "--no-partials", "--server")
    finals = spoken(parley(*command, served.address))
    assert WORDS in words([final["text"] for final in finals])
    # In the middle of speech, twice; bytes of PCM, and a little more.
    with wire(served.address, [130_000, 90_000]) as cut:
        assert spoken(parley(*command, cut.address)) == finals
    assert cut.lines == 3
    told = parley(
        "listen", "-", "--no-partials", "--server", served.address, "--record", input=pcm(recording)
    )
    assert told.out.splitlines() == [final["text"] for final in finals]
    with Client(served.address) as client:
        task_id = told.err.rsplit("task ", 1)[1].strip()
        assert WORDS in words(client.job(task_id).result("txt").content)
    spoken_to_the_microphone(parley, served, recording, tmp_path)


FAKE = """
import sys, threading, wave

class RawInputStream:
    def __init__(self, *, samplerate, blocksize, callback, **options):
        self.blocksize, self.callback = blocksize, callback

    def __enter__(self):
        threading.Thread(target=self.play, daemon=True).start()

    def __exit__(self, *exception):
        pass

    def play(self):
        with wave.open({path!r}) as recording:
            while block := recording.readframes(self.blocksize):
                self.callback(block, len(block), None, None)
        for _ in range(20):
            self.callback(bytes(2 * self.blocksize), self.blocksize, None, None)
"""


def spoken_to_the_microphone(parley: Parley, served: Served, recording: Path, tmp_path: Path) -> None:
    """The example with an audio library that plays the recording; it ends with Ctrl-C only."""
    (tmp_path / "sounddevice.py").write_text(FAKE.format(path=str(recording)))
    process = subprocess.Popen(
        [sys.executable, str(EXAMPLES / "microphone.py"), served.address],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=parley.environment() | {"PYTHONPATH": os.pathsep.join([str(tmp_path)])},
    )
    parley.started.append(process)
    assert process.stdout is not None
    said = ""
    while WORDS not in words(said) and (line := process.stdout.readline()):
        said += line
    assert WORDS in words(said)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)


def pcm(recording: Path) -> bytes:
    with wave.open(str(recording)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (16000, 1, 2)
        return file.readframes(file.getnframes())

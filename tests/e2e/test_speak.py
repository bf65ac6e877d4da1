"""`parley speak` and `parley voices`, the door, the library and OpenAI's client, with the embedded voice."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
import wave
from pathlib import Path
from typing import Any

import psutil
import pytest
from openai import BadRequestError, NotFoundError, OpenAI
from websockets.asyncio.client import ClientConnection, connect

from parley.bench.words import word_error_rate
from parley.client import Client, Sentence, SpeechBegun, Spoken, SpokenAudio
from parley.errors import TextTooLong, VoiceUnknown
from tests.e2e.command import Parley, finish, wait_until, workers_of
from tests.e2e.serving import Served, serve
from tests.engines.ten_sentences import MOST_WRONG, TEN

EXAMPLES = Path(__file__).parents[2] / "examples"
TEXT = "The birch canoe slid on the smooth planks. Glue the sheet to the dark blue background."
PATIENCE_S = 120.0

pytest.importorskip("espeakng_loader", reason="the voice that needs no model is an extra: parley[espeak]")


def seconds(path: Path) -> float:
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        return file.getnframes() / file.getframerate()


def speaking(served: Served) -> float:
    return served.get("/v1/system").json()["sessions"]["speaking"]


def test_here(parley: Parley, tmp_path: Path) -> None:
    wav = tmp_path / "folder" / "said.wav"
    done = parley("speak", TEXT, "-o", wav)
    assert done.code == 0, done.err
    assert "by espeak-ng/en-us" in done.err
    file = tmp_path / "text.txt"
    file.write_text("\ufeff早上好，朋友。今天天气很好。", "utf-8")
    done = parley("speak", "-f", file, "-o", wav)
    assert (done.code, "by espeak-ng/cmn" in done.err) == (0, True), done.err
    slow, quick = tmp_path / "slow.wav", tmp_path / "quick.wav"
    for target, speed in ((slow, "0.5"), (quick, "2")):
        assert parley("speak", TEXT, "-o", target, "--speed", speed, "--voice", "espeak-ng/en-gb").code == 0
    assert seconds(slow) > 2 * seconds(quick)
    raw = parley.raw("speak", "-", "-o", "-", "--sample-rate", "44100", input=TEXT.encode())
    assert (raw.returncode, b"44100 Hz" in raw.stderr) == (0, True), raw.stderr
    assert re.search(rb"standard output: .* 16 bits, mono", raw.stderr)
    assert len(raw.stdout) % 2 == 0 and 3 < len(raw.stdout) / 2 / 44_100 < 20
    assert [path.name for path in wav.parent.iterdir()] == ["said.wav"]


def test_what_is_said_is_understood(parley: Parley, tmp_path: Path) -> None:
    """From text to text by the two commands, so that nothing between them loses a word: clauses, files."""
    wav, text = tmp_path / "ten.wav", tmp_path / "ten.txt"
    text.write_text(" ".join(TEN), "utf-8")
    said = parley("speak", "-f", text, "-o", wav)
    assert said.code == 0, said.err
    heard = parley("transcribe", wav, "--no-cache", "-f", "json")
    assert heard.code == 0, heard.err
    words = " ".join(segment["text"] for segment in json.loads(heard.out)["segments"])
    assert word_error_rate([" ".join(TEN)], [words]).rate < MOST_WRONG, words


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("-f", "gb.txt", "-o", "a.wav"), 2, "not UTF-8"),
        (("one", "-o", "a.wav", "--voice", "nobody"), 2, "no such voice"),
        (("one", "-o", "a.wav", "--instruct", "gently"), 2, "in words how to speak"),
        (("-f", "long.txt", "-o", "a.wav"), 2, "characters"),
        (("one", "--sample-rate", "16000"), 2, "is for -o"),
    ],
)
def test_what_cannot_be_spoken_is_said_in_a_sentence(
    parley: Parley, tmp_path: Path, arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    (tmp_path / "gb.txt").write_bytes("早上好".encode("gb18030"))
    (tmp_path / "long.txt").write_text("One more. " * 2001, "utf-8")
    done = parley("speak", *arguments)
    assert (done.code, sentence in done.err) == (code, True), done
    assert not list(tmp_path.glob("*.wav")) and not list(tmp_path.glob(".parley-*"))


def test_ctrl_c_leaves_nothing_but_the_old_file(parley: Parley, tmp_path: Path) -> None:
    wav = tmp_path / "said.wav"
    wav.write_bytes(b"old")
    process = parley.start_fed("speak", "-", "-o", str(wav))
    assert process.stdin is not None
    process.stdin.write("One more clause. Another one. And then")
    process.stdin.flush()
    wait_until(lambda: list(tmp_path.glob(".parley-*")) and workers_of(process.pid), 60)
    victims = workers_of(process.pid)
    os.killpg(process.pid, signal.SIGINT)
    done = finish(process)
    assert done.code == 130, done.err
    assert wav.read_bytes() == b"old"
    assert not list(tmp_path.glob(".parley-*"))
    wait_until(lambda: not any(victim.is_running() for victim in victims), 60)


def test_at_a_server(parley: Parley, tmp_path: Path) -> None:
    served = serve(parley, "--tts-port", "0")
    wav = tmp_path / "said.wav"
    done = parley("speak", TEXT, "-o", wav, "--server", served.address)
    assert (done.code, "by espeak-ng/en-us" in done.err) == (0, True), done.err
    assert 3 < seconds(wav) < 20
    place = ("--sample-rate", "8000", "--server", served.address)
    piped = parley("speak", "-", "-o", wav, *place, input="早上好。".encode())
    assert (piped.code, seconds(wav) > 0.5, "8000 Hz" in piped.err) == (0, True, True), piped.err
    unknown = parley("speak", "one", "-o", wav, "--voice", "nobody", "--server", served.address)
    assert (unknown.code, "no such voice" in unknown.err) == (2, True)
    long = parley("speak", "-", "-o", wav, "--server", served.address, input=b"One more. " * 2001)
    assert (long.code, "characters" in long.err) == (2, True), long.err
    the_voices(parley, served, tmp_path)
    the_library(served)
    the_example(parley, served, tmp_path)
    openai_speaks(served)
    [line] = [line for line in served.lines if line.startswith("/tts is also at ")]
    asyncio.run(at_another_port(line.split()[-1].rstrip(".")))
    assert speaking(served) == 0
    assert served.stop() == 0


def the_voices(parley: Parley, served: Served, tmp_path: Path) -> None:
    here = json.loads(parley("voices", "list", "--json").out)
    there = json.loads(parley("voices", "list", "--json", "--server", served.address).out)
    assert here == there
    assert {"espeak-ng/en-us", "espeak-ng/cmn"} <= {voice["id"] for voice in here}
    chinese = parley("voices", "list", "--language", "zh-CN", "--server", served.address)
    assert "espeak-ng/cmn" in chinese.out and "espeak-ng/en-us" not in chinese.out
    preview = tmp_path / "preview.wav"
    for place in ((), ("--server", served.address)):
        done = parley("voices", "preview", "espeak-ng/en-us", "-o", preview, *place)
        assert (done.code, seconds(preview) > 0.5) == (0, True), done.err
        preview.unlink()
        removed = parley("voices", "remove", "espeak-ng/en-us", *place)
        assert (removed.code, "presets stay" in removed.err) == (2, True)
        added = parley("voices", "add", "me", tmp_path / "said.wav", "--transcript", "x", "--consent", *place)
        assert (added.code, "clone" in added.err) == (2, True), added.err


def the_library(served: Served) -> None:
    with Client(served.address) as client:
        events = list(client.speak(iter(["Good mor", "ning. How did", " you sleep?"]), sample_rate=8000))
        begun, *middle, spoken = events
        assert isinstance(begun, SpeechBegun) and begun.sample_rate_hz == 8000
        assert next(event.text for event in middle if isinstance(event, Sentence)) == "Good morning."
        heard = sum(len(event.pcm) for event in middle if isinstance(event, SpokenAudio))
        assert isinstance(spoken, Spoken) and heard == 2 * spoken.samples > 8000
        for _ in client.speak("Good morning. " * 100):
            break
        wait_until(lambda: speaking(served) == 0)
        with pytest.raises(VoiceUnknown):
            client.remove_voice("nobody/at all")
        with pytest.raises(TextTooLong):
            list(client.speak("x" * 20_001))
        assert client.preview_voice("espeak-ng/en-us")[:4] == b"RIFF"


def the_example(parley: Parley, served: Served, tmp_path: Path) -> None:
    target = tmp_path / "example.wav"
    done = subprocess.run(
        [sys.executable, EXAMPLES / "client_speak.py", target, served.address, *TEXT.split()],
        capture_output=True,
        text=True,
        env=parley.environment(),
        timeout=PATIENCE_S,
    )
    assert done.returncode == 0, done.stderr
    assert "The birch canoe" in done.stdout
    assert seconds(target) > 3


def openai_speaks(served: Served) -> None:
    client = OpenAI(base_url=f"{served.url}/v1", api_key="none", max_retries=0)
    asked: dict[str, Any] = {"model": "tts-1", "voice": "alloy", "input": TEXT}
    wav = client.audio.speech.create(**asked, response_format="wav").read()
    assert wav[:4] == b"RIFF" and len(wav) > 100_000
    pcm = b""
    with client.audio.speech.with_streaming_response.create(**asked, response_format="pcm") as answer:
        for piece in answer.iter_bytes():
            pcm += piece
    assert 3 < len(pcm) / 2 / 24_000 < 20
    with pytest.raises(BadRequestError):
        client.audio.speech.create(**asked, response_format="mp3")
    with pytest.raises(NotFoundError):
        client.audio.speech.create(**{**asked, "voice": "nobody"}, response_format="wav")


async def at_another_port(url: str) -> None:
    async with connect(f"{url}/any/path") as line:
        await line.send('{"type": "ping"}')
        assert json.loads(await line.recv())["type"] == "pong"


class Line:
    """One client of `/tts`, by hand."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.audio = 0

    async def send(self, kind: str, **data: Any) -> None:
        await self.connection.send(json.dumps({"type": kind, "data": {"request_id": "a", **data}}))

    async def until(self, *kinds: str) -> dict[str, Any]:
        """The next message of these kinds; audio before it is counted in samples."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                frame = await self.connection.recv()
                if isinstance(frame, bytes):
                    self.audio += len(frame) // 2
                elif (message := json.loads(frame))["type"] in kinds:
                    return message


def test_over_a_line(parley: Parley) -> None:
    served = serve(parley)
    asyncio.run(cancelled_in_the_middle(served))
    asyncio.run(a_killed_worker(served))
    a_killed_client(parley, served)
    assert served.stop() == 0


async def cancelled_in_the_middle(served: Served) -> None:
    async with connect(f"{served.socket_url}/tts", max_size=None) as connection:
        line = Line(connection)
        await line.send("synthesize", text=TEXT * 20, paced=True)
        await line.send("synthesize", request_id="b", text="The next one.")
        await line.until("sentence")
        await line.send("cancel")
        assert (await line.until("cancelled", "done"))["type"] == "cancelled"
        before = line.audio
        begun = await line.until("started")
        assert (begun["data"]["request_id"], line.audio) == ("b", before)
        done = await line.until("done", "error")
        assert done["type"] == "done", done
        assert line.audio == before + done["data"]["samples"]


async def a_killed_worker(served: Served) -> None:
    async with connect(f"{served.socket_url}/tts", max_size=None) as connection:
        line = Line(connection)
        await line.send("start", voice="espeak-ng/en-us")
        await line.send("text", text="The first one. ")
        await line.send("flush")
        await line.until("sentence")
        victims = voice_workers(served)
        assert victims
        for victim in victims:
            # What it is given now it can only lose.
            victim.send_signal(signal.SIGSTOP)
        await line.send("text", text="The second one. ")
        await line.send("flush")
        await asyncio.sleep(1.0)
        for victim in victims:
            victim.send_signal(signal.SIGKILL)
        sentence = await line.until("sentence", "error")
        assert sentence["type"] == "sentence", sentence
        assert (sentence["data"]["index"], sentence["data"]["text"]) == (1, "The second one.")
        await line.send("end")
        done = await line.until("done", "error")
        assert (done["type"], line.audio) == ("done", done["data"]["samples"]), done


def voice_workers(served: Served) -> list[psutil.Process]:
    """Those that speak."""
    workers = served.get("/v1/system").json()["workers"]
    return [
        psutil.Process(worker["pid"]) for worker in workers if worker["pool"] == "voices" and worker["pid"]
    ]


def a_killed_client(parley: Parley, served: Served) -> None:
    """What it asked for is not spoken on, and nothing of it is left."""
    process = parley.start_fed("speak", "-", "-o", "said.wav", "--server", served.address)
    assert process.stdin is not None
    process.stdin.write("One more. " * 500)
    process.stdin.flush()
    wait_until(lambda: speaking(served) == 1, 60)
    process.kill()
    wait_until(lambda: speaking(served) == 0, 60)
    began = time.monotonic()
    while served.get("/v1/system").json()["sessions"]["connections"] and time.monotonic() - began < 60:
        time.sleep(0.05)
    assert served.get("/v1/system").json()["sessions"]["connections"] == 0
    assert not (parley.folder / "said.wav").exists()

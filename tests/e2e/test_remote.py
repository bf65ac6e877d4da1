"""The commands and the library against a real `parley serve`."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import signal
import subprocess
import sys
import threading
import wave
from pathlib import Path

import pytest

from parley.client import AsyncClient, Client, Completed, Event, Segment
from parley.errors import AuthFailed, JobCancelled, TaskNotFound
from tests.e2e.command import Parley, finish, wait_until
from tests.e2e.native import tone
from tests.e2e.serving import serve

EXAMPLES = Path(__file__).parents[2] / "examples"
DOCUMENTS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def quick(parley: Parley) -> Parley:
    return parley.with_profile(asr="level", vad="whole", speakers="none")


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    path = tmp_path / "会议 talk.wav"
    path.write_bytes(tone(300, seconds=20))
    return path


def test_the_same_bytes_as_the_local_command(parley: Parley, audio: Path, tmp_path: Path) -> None:
    recording = audio / "whisper" / "jfk.wav"
    local = Parley(tmp_path, tmp_path / "elsewhere")
    served = serve(parley)
    for layout in (["json"], ["rttm"], ["srt", "--max-line-width", "20"]):
        ours = local("transcribe", recording, "-f", *layout)
        theirs = local("transcribe", recording, "-f", *layout, "--server", served.address)
        assert (ours.code, theirs.code) == (0, 0), ours.err + theirs.err
        assert theirs.out == ours.out


def test_the_examples_run(parley: Parley, audio: Path, tmp_path: Path) -> None:
    served = serve(parley)
    recording = str(audio / "whisper" / "jfk.wav")
    arguments = {
        # First, because what is known comes without text on the way.
        "client_live_text.py": (recording, served.address),
        "client_transcribe.py": (recording, served.address),
        "client_many.py": (served.address, recording, recording),
        "client_websocket.py": (recording, served.socket_url),
        "client_live.py": (recording, served.address),
        "client_dictation.py": (served.address,),
        "client_converse.py": (str(tmp_path / "answer.wav"), served.address, "Ask", "your", "country."),
        "client_speak.py": (str(tmp_path / "said.wav"), served.address, "Ask", "your", "country."),
    }
    assert sorted(arguments) == sorted(path.name for path in EXAMPLES.glob("client_*.py"))
    for example, given in arguments.items():
        said = run(parley, sys.executable, str(EXAMPLES / example), *given, input=pcm(recording))
        assert "country" in said, example


@pytest.mark.parametrize("page", ["clients.md", "clients.zh-CN.md"])
def test_the_page_for_authors_of_clients_holds(
    page: str, parley: Parley, audio: Path, tmp_path: Path
) -> None:
    """Its Python is that of the examples, and its shell and JavaScript run as they stand."""
    blocks = re.findall(r"```(\w+)\n(.*?)```", (DOCUMENTS / page).read_text("utf-8"), re.DOTALL)
    shown = {code.strip() for language, code in blocks if language == "python"}
    for example in EXAMPLES.glob("client_*.py"):
        assert example.read_text("utf-8").split('"""', 2)[2].strip() in shown, example.name
    served = serve(parley)
    (tmp_path / "talk.wav").write_bytes((audio / "whisper" / "jfk.wav").read_bytes())
    for number, (language, code) in enumerate(blocks):
        command = shell(language)
        if command:
            script = tmp_path / f"{number}.{'sh' if language == 'bash' else 'mjs'}"
            script.write_text(code.replace("127.0.0.1:8767", served.address), "utf-8")
            assert "country" in run(parley, *command, str(script)), code


def shell(language: str) -> list[str]:
    """What runs a snippet, where this machine has it."""
    if language == "bash" and shutil.which("bash") and shutil.which("curl"):
        return ["bash", "-euo", "pipefail"]
    if language == "javascript" and shutil.which("node"):
        # Node 20 has WebSocket behind a flag, older ones have none.
        for command in (["node"], ["node", "--experimental-websocket"]):
            probe = [*command, "-e", "if (typeof WebSocket === 'undefined') process.exit(1)"]
            if subprocess.run(probe, capture_output=True, check=False).returncode == 0:
                return command
    return []


def pcm(recording: str) -> bytes:
    with wave.open(recording) as file:
        return file.readframes(file.getnframes())


def run(parley: Parley, *command: str, input: bytes = b"") -> str:
    environment = parley.environment()
    done = subprocess.run(
        command, capture_output=True, env=environment, cwd=parley.folder, timeout=100, input=input
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def test_detach_and_come_back(quick: Parley, talk: Path) -> None:
    quick.settings["PARLEY_TEST_WORK_S"] = "5.0"
    served = serve(quick, "--workers", "1")
    command = ("transcribe", talk, "--server", served.url)
    process = quick.start(*command)
    with Client(served.url) as client:
        wait_until(lambda: client.jobs(status="processing"), 60)
    process.send_signal(signal.SIGINT)
    done = finish(process)
    assert done.code == 130
    assert not done.out
    again = quick(*command)
    assert again.code == 0, again.err
    assert again.out.strip()
    (item,) = json.loads(quick("jobs", "list", "--server", served.url, "--json").out)
    assert item["status"] == "completed"
    assert item["file_name"] == "会议 talk.wav"
    watched = quick("jobs", "watch", item["task_id"], "--server", served.url)
    assert watched.out == again.out


def test_a_server_that_is_killed_and_comes_back(quick: Parley, talk: Path) -> None:
    quick.settings["PARLEY_TEST_WORK_S"] = "2.0"
    served = serve(quick, "--workers", "1")
    port = served.url.rsplit(":", 1)[1]
    events: list[Event] = []

    def transcribe() -> None:
        with Client(served.url, patience_s=120) as client:
            events.extend(client.stream(talk, segments=True))

    thread = threading.Thread(target=transcribe, daemon=True)
    thread.start()
    with Client(served.url) as other:
        wait_until(lambda: other.jobs(status="processing"), 60)
        served.kill()
        revived = serve(quick, "--workers", "1", "--port", port)
        assert revived.url == served.url
        thread.join(90)
        assert isinstance(events[-1], Completed)
        told = [event.index for event in events if isinstance(event, Segment)]
        assert told == list(range(len(told)))
        assert [item.status for item in other.jobs()] == ["completed"]


def test_who_may_see_what(quick: Parley, talk: Path) -> None:
    served = serve(quick, "--auth")
    tokens = {
        name: quick("token", "create", "--subject", name, "--expires", "1h").out.strip()
        for name in ("anna", "ben")
    }
    with Client(served.url) as stranger, pytest.raises(AuthFailed):
        stranger.transcribe(talk)
    with Client(served.url, tokens["anna"]) as anna, Client(served.url, tokens["ben"]) as ben:
        job = anna.submit(talk)
        result = job.result()
        assert result.segments
        assert job.result("srt").content.startswith("1\n")
        assert job.transcript().text
        assert [item.task_id for item in anna.jobs()] == [job.id]
        assert ben.jobs() == []
        with pytest.raises(TaskNotFound):
            ben.job(job.id).result()
        with pytest.raises(TaskNotFound):
            ben.job(job.id).cancel()
    quick.settings["PARLEY_CLIENT__TOKEN"] = tokens["anna"]
    assert job.id in quick("jobs", "list", "--server", served.url).out
    assert quick("jobs", "list", "--server", served.url, "--token", "wrong").code == 2


def test_cancelled_while_it_is_watched(quick: Parley, talk: Path) -> None:
    quick.settings["PARLEY_TEST_WORK_S"] = "60"
    served = serve(quick)

    async def main() -> None:
        async with AsyncClient(served.url) as client:
            job = await client.submit(talk, priority="high")
            watching = asyncio.create_task(job.result())
            await asyncio.sleep(0.2)
            await job.cancel()
            with pytest.raises(JobCancelled):
                await asyncio.wait_for(watching, 60)
            items = await client.status([job.id])
            assert [item.status for item in items] == ["cancelled"]

    asyncio.run(main())

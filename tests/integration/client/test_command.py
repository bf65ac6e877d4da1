"""`parley transcribe --server` and `parley jobs` as a user runs them, against the scripted server."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.e2e.command import Parley, finish, wait_until
from tests.integration.client.scripted import TEXTS, Native, Task, serving

MIB = 1024 * 1024
CHUNKS = 12


@pytest.fixture
def parley(tmp_path: Path) -> Iterator[Parley]:
    command = Parley(tmp_path, tmp_path / "data")
    yield command
    for process in command.started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "会议.wav"
    path.write_bytes(os.urandom(CHUNKS * MIB - 7))
    return path


def interrupt(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGINT)


def test_the_result_goes_to_standard_output_and_progress_to_standard_error(
    native: Native, parley: Parley, recording: Path
) -> None:
    done = parley("transcribe", recording, "--server", native.url)
    assert done.code == 0, done.err
    assert done.out == "".join(f"{text}\n" for text in TEXTS)
    assert "[00:00:02] Three." in done.err
    assert "00:00:04 of audio" in done.err
    assert "warning: A little noise." in done.err
    assert next(iter(native.tasks.values())).request["output_format"] == "txt"


def test_progress_as_json_lines(native: Native, parley: Parley, large: Path) -> None:
    native.queued = True
    done = parley("transcribe", large, "--server", native.url, "--json-progress", "-f", "vtt")
    events = done.events()
    stages = [event["stage"] for event in events if event["type"] == "progress"]
    assert list(dict.fromkeys(stages)) == ["read", "upload", "queue", "transcribe"]
    uploads = [event for event in events if event.get("stage") == "upload"]
    assert uploads[-1]["done_bytes"] == uploads[-1]["total_bytes"] == large.stat().st_size
    assert [event["text"] for event in events if event["type"] == "segment"] == list(TEXTS)
    assert events[-1]["type"] == "done"
    assert events[-1]["file"] == str(large)


def test_standard_input_several_files_and_a_folder(
    native: Native, parley: Parley, recording: Path, tmp_path: Path
) -> None:
    done = parley("transcribe", "-", "--server", native.url, input=recording.read_bytes())
    assert done.out == "".join(f"{text}\n" for text in TEXTS)
    other = tmp_path / "other.wav"
    other.write_bytes(b"other")
    done = parley(
        "transcribe", recording, "lost.wav", other, "--server", native.url, "-o", "out/", "-f", "vtt"
    )
    assert done.code == 3
    assert "There is no file 'lost.wav'." in done.err
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["other.vtt", "talk.vtt"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--workers", "2"], "--workers"),
        (["--data-dir", "d"], "--data-dir"),
        (["--raw", "16000,s16le,1"], "--raw"),
        (["--strict"], "--strict"),
        (["--channel", "left"], "--channel"),
    ],
)
def test_options_about_this_machine_are_refused(
    native: Native, parley: Parley, recording: Path, arguments: list[str], says: str
) -> None:
    done = parley("transcribe", recording, "--server", native.url, *arguments)
    assert done.code == 2
    assert says in done.err
    assert native.lines == 0


def test_a_token_without_a_server_means_nothing(parley: Parley, recording: Path) -> None:
    assert "--server" in parley("transcribe", recording, "--token", "x").err


def test_the_token_of_the_flag_or_the_settings(parley: Parley, recording: Path) -> None:
    with serving(Native(token="secret")) as native:
        command = ("transcribe", recording, "--server", native.url)
        refused = parley(*command)
        assert (refused.code, "give a token" in refused.err) == (2, True)
        assert parley(*command, "--token", "wrong").code == 2
        assert parley(*command, "--token", "secret").code == 0
        parley.settings["PARLEY_CLIENT__TOKEN"] = "secret"
        assert parley("jobs", "list", "--server", native.url).code == 0


def test_nobody_answers(parley: Parley, recording: Path) -> None:
    with serving(Native()) as native:
        url = native.url
    done = parley("transcribe", recording, "--server", url)
    assert done.code == 6
    assert len(done.err.splitlines()) == 1
    assert "is the server running?" in done.err


def test_a_failed_task_has_its_own_exit_code(parley: Parley, recording: Path) -> None:
    with serving(Native(failure=("undecodable_media", "The recording is broken."))) as native:
        done = parley("transcribe", recording, "--server", native.url)
    assert done.code == 4
    assert "The recording is broken." in done.err


def test_ctrl_c_detaches_and_the_same_command_comes_back(
    native: Native, parley: Parley, recording: Path
) -> None:
    native.held = True
    command = ("transcribe", recording, "--server", native.url)
    process = parley.start(*command)
    assert process.stderr is not None
    assert any("Four." in line for line in process.stderr)
    interrupt(process)
    done = finish(process)
    (task_id,) = native.tasks
    assert done.code == 130
    assert not done.out
    assert f"parley jobs watch {task_id} --server {native.url}" in done.err
    native.held = False
    native.chunks.clear()
    again = parley(*command)
    assert again.out == "".join(f"{text}\n" for text in TEXTS)
    assert list(native.tasks) == [task_id]
    assert not native.chunks
    # What is over is forgotten here: the same command is new work from now on.
    parley(*command)
    assert len(native.tasks) == 2


def test_ctrl_c_during_the_upload_costs_no_chunk_that_arrived(
    native: Native, parley: Parley, large: Path
) -> None:
    native.chunk_pace_s = 0.1
    command = ("transcribe", large, "--server", native.url, "--json-progress")
    process = parley.start(*command)
    wait_until(lambda: len(native.chunks) >= 4)
    interrupt(process)
    done = finish(process)
    assert done.code == 130
    last = done.events()[-1]
    assert last["type"] == "interrupted"
    assert "the same command goes on" in last["message"]
    (task_id,) = native.uploads
    assert last["task_id"] == task_id
    native.chunk_pace_s = 0.0
    assert parley(*command).code == 0
    assert list(native.tasks) == [task_id]
    assert native.heard.count("upload_request") == 1
    assert native.chunks == dict.fromkeys(range(CHUNKS), 1)


def test_other_options_are_other_work(native: Native, parley: Parley, recording: Path) -> None:
    native.held = True
    process = parley.start("transcribe", recording, "--server", native.url)
    wait_until(lambda: native.tasks)
    interrupt(process)
    finish(process)
    native.held = False
    parley("transcribe", recording, "--server", native.url, "--language", "en")
    assert len(native.tasks) == 2


def test_a_task_that_was_cancelled_meanwhile_is_not_come_back_to(
    native: Native, parley: Parley, recording: Path
) -> None:
    native.held = True
    process = parley.start("transcribe", recording, "--server", native.url)
    wait_until(lambda: native.tasks)
    interrupt(process)
    finish(process)
    (task_id,) = native.tasks
    assert parley("jobs", "cancel", task_id, "--server", native.url).out == "It was cancelled.\n"
    native.held = False
    assert parley("transcribe", recording, "--server", native.url).code == 0
    assert len(native.tasks) == 2


def test_jobs_in_a_table_with_names_in_any_script(native: Native, parley: Parley) -> None:
    names = ["talk.wav", "会议记录.wav", "évènement.wav", "[red]\x1b[31m.wav"]
    for number, name in enumerate(names):
        request = {"file_name": name, "output_format": "json"}
        native.tasks[f"task-{number}"] = Task(f"task-{number}", request, "0" * 32, status="completed")
    done = parley("jobs", "list", "--server", native.url)
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    column = lines[0].index("FILE")
    for name, row in zip(names, lines[1:], strict=True):
        shown = name.replace("\x1b", "\\x1b")
        assert row.endswith(shown)
        assert cell_len(row[: -len(shown)]) == column
    listed = json.loads(parley("jobs", "list", "--server", native.url, "--json", "--limit", "3").out)
    assert [item["file_name"] for item in listed] == names[:3]
    assert (
        json.loads(parley("jobs", "list", "--server", native.url, "--status", "failed", "--json").out) == []
    )
    assert parley("jobs", "list", "--server", native.url, "--status", "gone").code == 2


def test_one_job_shown_watched_and_cancelled(native: Native, parley: Parley) -> None:
    request = {"file_name": "会议.wav", "output_format": "srt"}
    native.tasks["one"] = Task("one", request, "0" * 32, status="completed", told=list(TEXTS))
    server = ("--server", native.url)
    shown = parley("jobs", "show", "one", *server).out
    assert re.search(r"status +completed", shown)
    assert "会议.wav" in shown
    assert json.loads(parley("jobs", "show", "one", *server, "--json").out)["result"]["format"] == "srt"
    watched = parley("jobs", "watch", "one", *server)
    assert watched.out == "".join(f"{text}\n" for text in TEXTS)
    events = [json.loads(line) for line in parley("jobs", "watch", "one", *server, "--json").out.splitlines()]
    assert [event["text"] for event in events if event["type"] == "segment"] == list(TEXTS)
    assert events[-1]["type"] == "completed"
    assert parley("jobs", "cancel", "one", *server).code == 2
    unknown = parley("jobs", "show", "two", *server)
    assert (unknown.code, "task_not_found" in unknown.err) == (2, True)


def test_ctrl_c_while_watching_leaves_the_task_alone(native: Native, parley: Parley) -> None:
    request = {"file_name": "talk.wav", "output_format": "json"}
    native.tasks["one"] = Task("one", request, "0" * 32, told=list(TEXTS))
    process = parley.start("jobs", "watch", "one", "--server", native.url)
    assert process.stderr is not None
    assert any("Four." in line for line in process.stderr)
    interrupt(process)
    done = finish(process)
    assert done.code == 130
    assert done.err == "parley: detached; the task goes on at the server.\n"
    assert native.tasks["one"].status == "processing"


def test_everything_works_over_an_encrypted_line(parley: Parley, recording: Path, tmp_path: Path) -> None:
    from tests.integration.client.certificate import certificate

    authority, context = certificate(tmp_path)
    with serving(Native(), tls=context) as native:
        command = ("transcribe", recording, "--server", native.url)
        untrusted = parley(*command)
        assert (untrusted.code, "--tls-ca" in untrusted.err) == (6, True)
        assert parley(*command, "--tls-ca", authority).code == 0
        assert parley(*command, "--tls-ca", recording).code == 2

    async def plain() -> str:
        from parley.client import AsyncClient
        from parley.errors import ServerUnreachable

        with serving(Native()) as native:
            try:
                await AsyncClient(native.url.replace("ws", "wss"), verify=False).jobs()
            except ServerUnreachable as error:
                return error.message
        return ""

    assert "TLS" in asyncio.run(plain())

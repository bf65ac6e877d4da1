"""What a user sees when workers, the command itself or the disk fail in the middle."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.e2e.command import Done, Parley, finish, is_alive, wait_until, workers_of

EN_2SPK = "joined/en_2spk.flac"


def segments(done: Done) -> list[tuple[float, float, str, str | None]]:
    return [(s["start"], s["end"], s["text"], s["speaker"]) for s in json.loads(done.out)["segments"]]


@pytest.fixture(scope="module")
def undisturbed(audio: Path, tmp_path_factory: pytest.TempPathFactory) -> Done:
    folder = tmp_path_factory.mktemp("undisturbed")
    done = Parley(folder, folder / "data")("transcribe", audio / EN_2SPK, "-f", "json", "--json-progress")
    assert done.code == 0, done.err
    return done


def slow(parley: Parley, tmp_path: Path, settings: str = "unit_seconds = 1") -> Parley:
    """Recognition of 0.3 s a stretch, one stretch a unit, so that there is a middle to strike in."""
    command = parley.with_profile(settings, asr="slow", speakers="none")
    command.settings["PARLEY_TEST_CALLS"] = str(tmp_path / "calls")
    return command


def calls(tmp_path: Path) -> list[str]:
    path = tmp_path / "calls"
    return path.read_text().split() if path.exists() else []


def test_a_killed_worker_changes_nothing(parley: Parley, audio: Path, undisturbed: Done) -> None:
    process = parley.start("transcribe", audio / EN_2SPK, "-f", "json", "--json-progress", "--workers", "2")
    assert process.stderr is not None
    for line in process.stderr:
        if '"segment"' in line:
            break
    victims = workers_of(process.pid)
    victims[-1].send_signal(signal.SIGKILL)
    done = finish(process)
    assert done.code == 0, done.err
    assert segments(done) == segments(undisturbed)
    # Every line is an object, and the loss is told once.
    told = [event["message"] for event in done.events() if event["type"] in ("notice", "log")]
    assert len([message for message in told if "worker" in message]) == 1


def test_a_killed_command_continues_and_redoes_only_units_in_flight(
    parley: Parley, audio: Path, tmp_path: Path
) -> None:
    command = slow(parley, tmp_path)
    arguments = ("transcribe", audio / EN_2SPK, "-f", "json", "--json-progress", "--workers", "2")
    process = command.start(*arguments)
    wait_until(lambda: len(calls(tmp_path)) >= 8)
    children = workers_of(process.pid)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    wait_until(lambda: not any(is_alive(child) for child in children))
    before = len(calls(tmp_path))

    done = command(*arguments)
    assert done.code == 0, done.err
    recognise = done.stages()["recognise"]
    total = recognise["units_done"] + recognise["units_remembered"]
    repeated = len(calls(tmp_path)) - total
    print(
        f"{before} calls before the kill, {recognise['units_remembered']} remembered, {repeated} done twice"
    )
    # Two workers, each with one unit in its hands and at most one whose answer is being written down.
    assert 0 <= repeated <= 4
    assert recognise["units_remembered"] >= before - 4
    assert done.stages()["decode"]["units_remembered"] == 1

    fresh = Parley(tmp_path, tmp_path / "fresh", command.settings)(
        "transcribe", audio / EN_2SPK, "-f", "json"
    )
    assert fresh.out == done.out


def test_real_recognition_continues_with_the_identical_transcript(
    parley: Parley, audio: Path, undisturbed: Done
) -> None:
    arguments = ("transcribe", audio / EN_2SPK, "-f", "json", "--json-progress")
    process = parley.start(*arguments)
    assert process.stderr is not None
    for line in process.stderr:
        if '"segment"' in line:
            break
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    done = parley(*arguments)
    assert done.code == 0, done.err
    assert segments(done) == segments(undisturbed)
    assert done.stages()["recognise"]["units_remembered"] >= 1


def test_a_hanging_worker_is_killed_by_its_progress_deadline(
    parley: Parley, audio: Path, tmp_path: Path
) -> None:
    deadlines = "call_floor_s = 1.0\ncall_per_audio_s = 0.05"
    command = parley.with_profile(deadlines, asr="hangs_once", speakers="none")
    command.settings["PARLEY_TEST_MARKER"] = str(tmp_path / "marker")
    done = command("transcribe", audio / "whisper/jfk.wav", timeout=60)
    assert done.code == 0, done.err
    assert "Awake." in done.out
    assert (tmp_path / "marker").exists()


def poisoned_recording(audio: Path, folder: Path) -> tuple[Path, float, float]:
    """Three sentences with pauses, the second at full scale; and its borders in seconds."""
    parts: list[np.ndarray] = []
    paths = sorted((audio / "librispeech/test-other").glob("1688-*.flac"))[1:4]
    pause = np.zeros(16000 * 3, dtype=np.float32)
    borders: list[float] = []
    for index, path in enumerate(paths):
        samples, _ = soundfile.read(path, dtype="float32", stop=16000 * 6)
        scaled = samples / np.abs(samples).max() * (1.0 if index == 1 else 0.5)
        borders.append(sum(len(part) for part in parts) / 16000)
        parts += [scaled.astype(np.float32), pause]
    target = folder / "poisoned.wav"
    soundfile.write(target, np.concatenate(parts), 16000, subtype="PCM_16")
    return target, borders[1], borders[2]


def test_a_unit_that_kills_its_workers_is_isolated_and_named(
    parley: Parley, audio: Path, tmp_path: Path
) -> None:
    recording, start, end = poisoned_recording(audio, tmp_path)
    command = parley.with_profile(asr="loud_is_poison", speakers="none")
    done = command("transcribe", recording, "-f", "json")
    assert done.code == 0, done.err
    transcript = json.loads(done.out)
    [failed] = transcript["failed"]
    assert failed["code"] == "unit_poisoned"
    assert start - 1 <= failed["start"] < failed["end"] <= end
    # What lies beside the poison, in the same unit, is there.
    assert any(segment["end"] <= start for segment in transcript["segments"])
    assert any(segment["start"] >= end - 1 for segment in transcript["segments"])
    assert "could not be transcribed" in command("transcribe", recording).out

    strict = command("transcribe", recording, "--strict")
    assert strict.code == 6
    assert "Traceback" not in strict.err


def test_two_commands_on_one_file_share_the_work(parley: Parley, audio: Path, tmp_path: Path) -> None:
    command = slow(parley, tmp_path)
    arguments = ("transcribe", audio / EN_2SPK, "-f", "json", "--json-progress", "--workers", "1")
    first = command.start(*arguments)
    wait_until(lambda: len(calls(tmp_path)) >= 3)
    second = command.start(*arguments)
    one, two = finish(first), finish(second)
    assert (one.code, two.code) == (0, 0), one.err + two.err
    assert one.out == two.out
    assert Counter(calls(tmp_path)).total() == one.stages()["recognise"]["units_done"]
    assert "waiting" in two.err


def test_killing_one_of_two_commands_lets_the_other_take_over(
    parley: Parley, audio: Path, tmp_path: Path
) -> None:
    command = slow(parley, tmp_path)
    arguments = ("transcribe", audio / EN_2SPK, "-f", "json", "--json-progress", "--workers", "1")
    first = command.start(*arguments)
    wait_until(lambda: len(calls(tmp_path)) >= 5)
    second = command.start(*arguments)
    assert second.stderr is not None
    for line in second.stderr:
        if "waiting" in line:
            break
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate()
    done = finish(second)
    assert done.code == 0, done.err
    recognise = done.stages()["recognise"]
    assert recognise["units_remembered"] >= 2
    assert len(calls(tmp_path)) - recognise["units_done"] - recognise["units_remembered"] <= 2


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_leaves_no_process_and_the_next_run_continues(
    parley: Parley, audio: Path, tmp_path: Path, stop: signal.Signals
) -> None:
    command = slow(parley, tmp_path)
    arguments = ("transcribe", audio / EN_2SPK, "-f", "json", "--json-progress", "--workers", "2")
    process = command.start(*arguments)
    wait_until(lambda: len(calls(tmp_path)) >= 6)
    children = workers_of(process.pid)
    assert children
    # The whole foreground group gets what a terminal sends.
    os.killpg(process.pid, stop) if stop == signal.SIGINT else process.send_signal(stop)
    done = finish(process, timeout=15)
    assert done.code == 130, done.err
    assert done.out == ""
    assert "the same command continues" in done.err
    assert "Traceback" not in done.err
    assert not [child for child in children if is_alive(child)]
    again = command(*arguments)
    assert again.code == 0, again.err
    assert again.stages()["recognise"]["units_remembered"] >= 2


@pytest.mark.parametrize("times", [1, 2])
def test_an_interruption_while_decoding_leaves_no_process(parley: Parley, audio: Path, times: int) -> None:
    process = parley.start("transcribe", audio / "joined/en_long_10spk.flac", "--json-progress")
    wait_until(lambda: workers_of(process.pid))
    children = workers_of(process.pid)
    for _ in range(times):
        os.killpg(process.pid, signal.SIGINT)
    done = finish(process, timeout=15)
    assert done.code == 130, done.err
    assert done.events()[-1]["type"] == "interrupted"
    assert not [child for child in children if is_alive(child)]
    assert not list(parley.data_dir.rglob("*.part*"))


INTERRUPTED_IMPORT = """
import os, signal, sys
class Interrupts:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), {stop})
sys.meta_path.insert(0, Interrupts())
from parley.cli.main import main
main()
"""


@pytest.mark.parametrize("module", ["typer", "parley.app", "numpy"])
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_during_imports_is_quiet(parley: Parley, module: str, stop: signal.Signals) -> None:
    code = INTERRUPTED_IMPORT.format(module=module, stop=int(stop))
    done = subprocess.run(
        [sys.executable, "-c", code, "transcribe", "a.wav"],
        capture_output=True, text=True, env=parley.environment(), cwd=parley.folder, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (130, "")


def test_a_reader_that_has_enough_is_no_failure(parley: Parley, audio: Path) -> None:
    process = parley.start("transcribe", audio / "whisper/jfk.wav", "-f", "json")
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    err = process.stderr.read()
    assert process.wait(30) == 0
    assert "Traceback" not in err
    assert "Broken" not in err


def test_an_interruption_ends_a_command_whose_reader_pauses(parley: Parley, audio: Path) -> None:
    # A pipe holds 64 KiB; nobody reads these 100 transcripts.
    process = parley.start("transcribe", *[audio / EN_2SPK] * 100, "-f", "json", "--json-progress")
    assert process.stderr is not None
    seen = [next(process.stderr) for _ in range(3)]
    while '"cached": true' not in seen[-1]:
        seen.append(process.stderr.readline())
    time.sleep(2)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(15) == 130


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("a small file system needs the right to mount a tmpfs")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=False)


def test_a_full_disk_is_a_clear_error_and_passes_when_space_is_freed(
    parley: Parley, audio: Path, small_disk: Path
) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"\0" * 3 * 2**20)
    command = Parley(parley.folder, small_disk / "data")
    # 4.8 MB of PCM do not fit beside the ballast.
    done = command("transcribe", audio / EN_2SPK, "-o", small_disk / "out.txt")
    assert done.code == 7, done.err
    assert "space" in done.err
    assert "Traceback" not in done.err
    assert str(small_disk) not in done.err
    assert not (small_disk / "out.txt").exists()
    assert not list((small_disk / "data").rglob("*.part*"))
    ballast.unlink()
    again = command("transcribe", audio / EN_2SPK, "-o", small_disk / "out.txt")
    assert again.code == 0, again.err
    assert (small_disk / "out.txt").stat().st_size > 500


def test_a_result_that_does_not_fit_leaves_the_old_one(parley: Parley, audio: Path, small_disk: Path) -> None:
    target = small_disk / "out.json"
    target.write_text("the old result")
    with (small_disk / "ballast").open("wb", buffering=0) as ballast, contextlib.suppress(OSError):
        while True:
            ballast.write(b"\0" * 2**16)
    done = parley("transcribe", audio / "whisper/jfk.wav", "-f", "json", "-o", target)
    assert done.code == 7, done.err
    assert "No space is left for the result" in done.err
    assert target.read_text() == "the old result"
    assert sorted(path.name for path in small_disk.iterdir()) == ["ballast", "out.json"]


def test_a_result_that_has_no_place_is_a_clear_error(parley: Parley, audio: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file where a folder is wanted")
    done = parley("transcribe", audio / "whisper/jfk.wav", "-o", tmp_path / "taken" / "deeper" / "out.txt")
    assert done.code == 7
    assert "cannot be written to 'out.txt'" in done.err
    assert "Traceback" not in done.err

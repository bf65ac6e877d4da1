"""`parley transcribe` as a user runs it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from parley.bench.words import word_error_rate
from parley.formats.registry import FORMATS
from tests.e2e.command import COMMAND, Parley

JFK = (
    "and so my fellow americans ask not what your country can do for you ask what you can do for your country"
)


def test_the_result_is_on_standard_output_and_remembered(parley: Parley, audio: Path) -> None:
    done = parley("transcribe", audio / "whisper/jfk.wav")
    assert done.code == 0, done.err
    assert word_error_rate([JFK], [done.out.split(": ", 1)[-1]]).rate < 0.2
    assert "times real time" in done.err
    again = parley("transcribe", audio / "whisper/jfk.wav")
    assert again.out == done.out
    assert "remembered from before" in again.err


def test_speakers_cost_only_their_own_stage_later(parley: Parley, audio: Path) -> None:
    path = audio / "joined/en_2spk.flac"
    parley("transcribe", path, "--speakers", "off")
    done = parley("transcribe", path, "--speakers", "2", "-f", "json", "--json-progress")
    assert {segment["speaker"] for segment in json.loads(done.out)["segments"]} == {"Speaker1", "Speaker2"}
    stages = done.stages()
    assert stages["recognise"]["units_done"] == stages["find_speech"]["units_done"] == 0
    assert stages["embed"]["units_done"] >= 1


@pytest.fixture(scope="module")
def remembering(audio: Path, tmp_path_factory: pytest.TempPathFactory) -> Parley:
    folder = tmp_path_factory.mktemp("remembering")
    command = Parley(folder, folder / "data")
    assert command("transcribe", audio / "joined/en_2spk.flac").code == 0
    return command


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_comes_from_the_remembered_transcript(
    remembering: Parley, audio: Path, format: str
) -> None:
    done = remembering("transcribe", audio / "joined/en_2spk.flac", "-f", format)
    assert done.code == 0, done.err
    assert "remembered" in done.err
    assert "Speaker" in done.out


def test_standard_input_and_a_folder_for_results(parley: Parley, audio: Path, tmp_path: Path) -> None:
    done = parley(
        "transcribe",
        "-",
        "-f",
        "srt",
        "-o",
        f"{tmp_path}/out/",
        input=(audio / "whisper/jfk.mp3").read_bytes(),
    )
    assert done.code == 0, done.err
    assert done.out == ""
    assert "1\n00:00:0" in (tmp_path / "out/stdin.srt").read_text()
    assert not list((parley.data_dir / "incoming").glob("*"))


def test_several_files_go_on_after_a_failure(parley: Parley, audio: Path, tmp_path: Path) -> None:
    done = parley(
        "transcribe", audio / "whisper/jfk.wav", "nowhere.wav", audio / "malformed/aeneas_mono.invalid.wav",
        audio / "whisper/jfk.flac", "-f", "vtt", "-o", tmp_path / "out/",
    )  # fmt: skip
    # The stems of the two good files are the same: refused before any work.
    assert done.code == 2
    assert "jfk.vtt" in done.err
    shutil.copy(audio / "whisper/jfk.flac", tmp_path / "肯尼迪.flac")
    done = parley(
        "transcribe", audio / "whisper/jfk.wav", "nowhere.wav", audio / "malformed/aeneas_mono.invalid.wav",
        "肯尼迪.flac", "-f", "vtt", "-o", f"{tmp_path}/out/",
    )  # fmt: skip
    assert done.code == 3
    assert "There is no file 'nowhere.wav'" in done.err
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["jfk.vtt", "肯尼迪.vtt"]


def test_a_range_and_a_channel(parley: Parley, audio: Path) -> None:
    whole = json.loads(parley("transcribe", audio / "whisper/jfk.wav", "-f", "json", "--speakers", "off").out)
    part = json.loads(
        parley(
            "transcribe",
            audio / "whisper/jfk.wav",
            "-f",
            "json",
            "--speakers",
            "off",
            "--from",
            "0:05",
            "--to",
            "11",
        ).out
    )
    assert part["segments"][0]["start"] >= 5.0
    assert whole["segments"][-1]["end"] == pytest.approx(part["segments"][-1]["end"], abs=0.5)
    assert part["segments"][-1]["text"].lower().endswith("country.")


def test_channels_are_speakers_when_split(parley: Parley, audio: Path) -> None:
    done = parley("transcribe", audio / "whisper/stereo_diarization.wav", "--channel", "split", "-f", "json")
    transcript = json.loads(done.out)
    assert {segment["channel"] for segment in transcript["segments"]} == {0, 1}
    by_channel = {segment["channel"]: segment["speaker"] for segment in transcript["segments"]}
    assert len(set(by_channel.values())) == 2


def test_headerless_audio_with_its_format(parley: Parley, audio: Path) -> None:
    path = audio / "formats/speechbrain_example4.raw"
    refused = parley("transcribe", path)
    assert refused.code == 4
    assert "--raw" in refused.err
    done = parley("transcribe", path, "--raw", "16000,s16le,1")
    assert done.code == 0, done.err
    assert len(done.out) > 10


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--words"], "has no word times"),
        (["--language", "zh"], "recognises en but not 'zh'"),
        (["--task", "translate"], "has no translation"),
        (["--hotword", "Parley"], "has no hotwords"),
        (["--profile", "nothing"], "There is no profile 'nothing'"),
        (["--speakers", "many"], "The number of speakers is"),
        (["--channel", "7"], "channel"),
        (["--from", "1:00:00"], "The range starts at 3600 s"),
    ],
)
def test_what_cannot_be_done_is_refused_in_a_sentence(
    parley: Parley, audio: Path, arguments: list[str], sentence: str
) -> None:
    done = parley("transcribe", audio / "whisper/jfk.wav", *arguments)
    assert done.code in (2, 5)
    assert sentence in done.err
    assert done.out == ""
    assert "Traceback" not in done.err


def test_words_and_punctuation_where_the_profile_has_them(parley: Parley, audio: Path) -> None:
    command = parley.with_profile(asr="exact", punctuation="full_stop", speakers="none")
    done = command("transcribe", audio / "whisper/jfk.wav", "--words", "--prompt", "this", "-f", "json")
    assert done.code == 0, done.err
    segment = json.loads(done.out)["segments"][0]
    assert (segment["text"], segment["raw_text"]) == ("Said this.", "said this")
    assert [word["text"] for word in segment["words"]] == ["said", "this"]


def test_silence_and_noise_are_empty_transcripts_with_a_warning(
    parley: Parley, audio: Path, tmp_path: Path
) -> None:
    done = parley("transcribe", audio / "malformed/silence_5s.wav", "-f", "json")
    assert done.code == 0, done.err
    transcript = json.loads(done.out)
    assert transcript["segments"] == []
    assert transcript["warnings"] == ["No speech was found in this recording."]
    assert transcript["duration"] == 5.0
    rng = np.random.default_rng(7)
    soundfile.write(tmp_path / "hiss.wav", rng.normal(0, 0.05, 16000 * 5), 16000)
    done = parley("transcribe", "hiss.wav", "-f", "json")
    assert done.code == 0, done.err
    assert json.loads(done.out)["segments"] == []
    assert json.loads(done.out)["warnings"] == ["No speech was found in this recording."]


ODD_NAME = os.fsdecode("--a b'\n{会议}[red]\x1b[31m\r".encode() + b"\xff.wav")
SHOWN = r"--a b'\n{会议}[red]\x1b[31m\r\xff.wav"


@pytest.fixture
def oddly_named(audio: Path, tmp_path: Path) -> Path:
    odd = tmp_path / ODD_NAME
    shutil.copy(audio / "whisper/jfk.wav", odd)
    return odd


def test_a_name_with_odd_characters_steers_nothing(parley: Parley, oddly_named: Path) -> None:
    done = parley("transcribe", oddly_named, oddly_named.with_name("no" + ODD_NAME))
    assert done.code == 3, done.err
    for text in (f"{SHOWN}: 00:00:11 of audio", f"There is no file 'no{SHOWN}'."):
        assert text in done.err
    assert done.out.startswith(f"== {oddly_named.parent}/{SHOWN}\n")
    assert "\x1b" not in done.out + done.err
    assert "\r" not in done.out + done.err


def test_a_name_with_odd_characters_in_json_lines(parley: Parley, oddly_named: Path) -> None:
    done = parley("transcribe", oddly_named, "-f", "rttm", "--json-progress")
    assert done.code == 0, done.err
    assert {event["file"] for event in done.events()} == {str(oddly_named)}
    assert "\x1b" not in done.out


def test_a_name_with_odd_characters_on_a_terminal(parley: Parley, oddly_named: Path) -> None:
    pty = pytest.importorskip("pty", reason="needs a terminal as Unix has it")
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [COMMAND, "transcribe", oddly_named], stdout=subprocess.DEVNULL, stderr=theirs,
        env=parley.environment() | {"COLUMNS": "200", "TERM": "xterm"},
    )  # fmt: skip
    os.close(theirs)
    shown = b""
    # Linux ends a terminal nobody holds any more with an error.
    with contextlib.suppress(OSError):
        while chunk := os.read(ours, 4096):
            shown += chunk
    os.close(ours)
    assert process.wait(60) == 0, shown
    text = shown.decode()
    assert f"{SHOWN}: 00:00:11 of audio" in text
    assert "[red]\x1b[31m" not in text


CLOSES = "import os, sys; os.close(int(sys.argv[1])); os.execv(sys.argv[2], sys.argv[2:])"


def test_streams_that_are_closed_or_asked_for_twice_are_refused(parley: Parley, audio: Path) -> None:
    def closed(arguments: str, descriptor: int) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-c", CLOSES, str(descriptor), COMMAND, "transcribe", arguments],
            capture_output=True, text=True, env=parley.environment(), check=False,
        )  # fmt: skip
        return done.returncode, done.stderr

    code, err = closed("-", 0)
    assert (code, "Standard input is closed" in err) == (2, True), err
    code, err = closed(str(audio / "whisper/jfk.wav"), 1)
    assert (code, "Standard output is closed" in err) == (2, True), err
    twice = parley("transcribe", "-", "-", input=b"x")
    assert (twice.code, "once only" in twice.err) == (2, True)


@pytest.mark.parametrize("arguments", [["--nonsense"], ["-f", "doc"], ["--profile", "none"], ["no.wav"]])
def test_json_lines_are_all_that_is_told(parley: Parley, arguments: list[str]) -> None:
    done = parley("transcribe", "--json-progress", "a.wav", *arguments)
    assert done.code in (2, 3, 5)
    assert {event["type"] for event in done.events()} == {"error"}


def every(audio: Path, *folders: str) -> list[str]:
    rows = (json.loads(line) for line in (audio / "manifest.jsonl").read_text("utf-8").splitlines())
    return [row["path"] for row in rows if row["path"].split("/")[0] in folders]


def test_every_odd_file_ends_in_a_documented_result(parley: Parley, audio: Path) -> None:
    # One command for all: a fleet outlives what one file does to it.
    paths = every(audio, "malformed", "noise", "formats")
    done = parley(
        "transcribe", *(audio / path for path in paths), "-f", "json", "--json-progress", timeout=240
    )
    assert "Traceback" not in done.err
    ended = {event["file"]: event for event in done.events() if event["type"] in ("done", "error")}
    assert len(ended) == len(paths)
    for name, event in ended.items():
        if event["type"] == "error":
            assert event["code"] in ("undecodable_media", "unsupported_media"), name
            assert str(audio) not in event["message"]
    assert done.code == 4
    refused = {Path(name).name for name, event in ended.items() if event["type"] == "error"}
    assert {"aeneas_mono.empty.wav", "aeneas_mono.invalid.wav", "speechbrain_example4.raw"} <= refused
    assert not {"jfk.wav", "linto_empty.mp3", "silence_5s.wav"} & refused


def test_standard_input_that_is_empty(parley: Parley) -> None:
    done = parley("transcribe", "-", input=b"")
    assert done.code == 4
    assert "empty" in done.err


def test_video_gives_its_audio(parley: Parley, audio: Path, tmp_path: Path) -> None:
    done = parley("transcribe", audio / "formats/big_buck_bunny_small.mp4", "-f", "json")
    assert done.code == 0, done.err
    assert json.loads(done.out)["duration"] == pytest.approx(5.312, abs=0.06)


def test_a_long_pause_does_not_join_sentences(parley: Parley, audio: Path, tmp_path: Path) -> None:
    samples, rate = soundfile.read(audio / "whisper/jfk.wav", dtype="float32")
    pause = np.zeros(rate * 40, dtype=np.float32)
    soundfile.write(tmp_path / "two.wav", np.concatenate([samples, pause, samples]), rate)
    segments = json.loads(parley("transcribe", "two.wav", "-f", "json").out)["segments"]
    assert not [segment for segment in segments if segment["start"] < 11.5 and segment["end"] > 50]
    assert {segment["speaker"] for segment in segments} == {"Speaker1"}

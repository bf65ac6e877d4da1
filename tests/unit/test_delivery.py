from pathlib import Path

import pytest

from parley.cli.delivery import Delivery, choose_format, plan_targets, write_whole
from parley.errors import InvalidOption, StorageError
from parley.formats.options import RenderOptions


def delivery(format: str, output: str | None) -> Delivery:
    return Delivery(format=format, output=output, render=RenderOptions())


def test_one_file_goes_to_standard_output_or_to_a_file(tmp_path: Path) -> None:
    assert plan_targets(["a.mp3"], delivery("srt", None)) == [None]
    assert plan_targets(["a.mp3"], delivery("srt", str(tmp_path / "x.srt"))) == [tmp_path / "x.srt"]
    assert plan_targets(["a.mp3"], delivery("srt", str(tmp_path))) == [tmp_path / "a.srt"]
    assert plan_targets(["a.mp3"], delivery("srt", str(tmp_path / "new"))) == [tmp_path / "new/a.srt"]
    (tmp_path / "plain").touch()
    assert plan_targets(["a.mp3"], delivery("srt", str(tmp_path / "plain"))) == [tmp_path / "plain"]
    assert plan_targets(["-"], delivery("srt", str(tmp_path))) == [tmp_path / "stdin.srt"]


def test_several_files_need_a_folder_unless_they_can_follow_each_other(tmp_path: Path) -> None:
    assert plan_targets(["a", "b"], delivery("txt", None)) == [None, None]
    with pytest.raises(InvalidOption, match="add -o DIR"):
        plan_targets(["a", "b"], delivery("srt", None))
    (tmp_path / "file").touch()
    with pytest.raises(InvalidOption, match="-o names a file"):
        plan_targets(["a", "b"], delivery("srt", str(tmp_path / "file")))
    assert plan_targets(["x/a.mp3", "b"], delivery("srt", str(tmp_path / "new"))) == [
        tmp_path / "new/a.srt", tmp_path / "new/b.srt",
    ]  # fmt: skip


def test_a_slash_at_the_end_means_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "results.v2"
    assert plan_targets(["a.mp3"], delivery("srt", f"{folder}/")) == [folder / "a.srt"]
    folder.touch()
    with pytest.raises(InvalidOption, match="-o names a file"):
        plan_targets(["a.mp3"], delivery("srt", f"{folder}/"))


def test_two_results_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidOption, match=r"talk\.srt"):
        plan_targets(["a/talk.mp3", "b/talk.m4a"], delivery("srt", str(tmp_path)))


def test_a_result_replaces_the_old_one_whole(tmp_path: Path) -> None:
    target = tmp_path / "new" / "文.txt"
    write_whole(target, "一\n")
    write_whole(target, "二\n")
    assert target.read_bytes() == "二\n".encode()
    assert [path.name for path in target.parent.iterdir()] == ["文.txt"]


def test_a_place_that_cannot_be_written_is_a_sentence_without_the_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match=r"cannot be written to 'out\.txt'") as caught:
        write_whole(tmp_path / "file" / "out.txt", "x")
    assert str(tmp_path) not in caught.value.message


def test_a_name_that_is_no_utf_8_is_written_as_it_is(tmp_path: Path) -> None:
    write_whole(tmp_path / "out.rttm", "SPEAKER a\udcff 1\n")
    assert (tmp_path / "out.rttm").read_bytes() == b"SPEAKER a\xff 1\n"


def test_the_recording_is_never_the_target(tmp_path: Path) -> None:
    recording = tmp_path / "talk.txt"
    recording.write_bytes(b"sound")
    (tmp_path / "link.srt").symlink_to(recording)
    for output in ("talk.txt", "link.srt", "."):
        with pytest.raises(InvalidOption, match="would replace the recording"):
            plan_targets([str(recording)], delivery("txt", str(tmp_path / output)))
    assert recording.read_bytes() == b"sound"


@pytest.mark.parametrize(
    ("named", "output", "format"),
    [
        (None, None, "txt"),
        (None, "x.srt", "srt"),
        (None, "x.md", "txt"),
        (None, "out.vtt/", "txt"),
        ("json", "x.md", "json"),
        ("srt", "x.srt", "srt"),
    ],
)
def test_the_suffix_says_the_format(named: str | None, output: str | None, format: str) -> None:
    assert choose_format(named, output) == format


def test_a_suffix_and_a_format_that_contradict_each_other() -> None:
    with pytest.raises(InvalidOption, match="names a txt file"):
        choose_format("srt", "x.txt")
    with pytest.raises(InvalidOption, match="There is no format 'doc'"):
        choose_format("doc", None)


def test_a_long_name_and_a_device(tmp_path: Path) -> None:
    long = tmp_path / ("长" * 80 + ".txt")
    write_whole(long, "x")
    assert long.read_text() == "x"
    write_whole(Path("/dev/null"), "x")

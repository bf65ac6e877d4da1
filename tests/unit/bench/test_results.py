"""What is refused before a benchmark begins, because its results could not be written after it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.bench.reports import report

from parley.bench.report import write_report
from parley.cli.bench_results import STANDARD, Results, deliver, read
from parley.errors import FileNotFound, InputError, InvalidOption, StorageError


def results(folder: Path, *, json_file: str = "", html: str = "", markdown: str = "") -> Results:
    return Results(
        json_file=str(folder / json_file) if json_file else None,
        html=folder / html if html else None,
        markdown=folder / markdown if markdown else None,
        compare=None,
    )


@pytest.mark.parametrize("option", ["json_file", "html", "markdown"])
def test_a_result_never_replaces_a_recording(tmp_path: Path, option: str) -> None:
    talk = tmp_path / "talk.wav"
    talk.write_bytes(b"RIFF")
    (tmp_path / "link.wav").symlink_to(talk)
    for name in ("talk.wav", "link.wav"):
        with pytest.raises(InvalidOption, match="would replace"):
            results(tmp_path, **{option: name}).check([talk])
    results(tmp_path, **{option: "new"}).check([talk])
    assert talk.read_bytes() == b"RIFF"


def test_what_cannot_be_written_is_refused_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "bytes.md").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match=r"bytes\.md"):
        results(tmp_path, markdown="bytes.md").check([])
    (tmp_path / "folder").mkdir()
    with pytest.raises(InvalidOption, match="is a folder"):
        results(tmp_path, html="folder").check([])
    with pytest.raises(InvalidOption, match="Two results"):
        results(tmp_path, json_file="one", html="one").check([])
    Results(json_file=STANDARD, html=None, markdown=None, compare=None).check([])


def test_what_was_measured_is_shown_where_it_cannot_be_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StorageError):
        deliver(report(), None, results(tmp_path, html="file/page.html"))
    assert "Whole recipes" in capsys.readouterr().out


def test_a_report_is_read_back(tmp_path: Path) -> None:
    deliver(report(), None, results(tmp_path, json_file="a.json"))
    assert write_report(read(tmp_path / "a.json")) == write_report(report())
    with pytest.raises(FileNotFound):
        read(tmp_path / "gone.json")
    with pytest.raises(InputError):
        read(tmp_path)

"""Folders of models: what counts as one, what tells them apart, taking over and removing."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from parley.engines.model import Hub, ModelSource, ModelSpec
from parley.errors import DiskFull, InstallFailed, InvalidOption, StorageError, StoreBusy
from parley.supply import manifest
from parley.supply.disk import disk_bytes
from parley.supply.holding import hold
from parley.supply.models import Models
from parley.supply.occupancy import sole_installer
from parley.supply.patience import Patience
from parley.supply.staging import passing

MODEL = ModelSpec(
    name="tiny",
    sources=(ModelSource(hub=Hub.HUGGINGFACE, repo="a/b", revision="1", files=("*.json", "sub/*")),),
    needs=("config.json", "sub/*.bin"),
    size_mib=1,
    licence="MIT",
)


def fill(folder: Path, weights: bytes = b"weights") -> Path:
    (folder / "sub").mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    (folder / "sub" / "model.bin").write_bytes(weights)
    return folder


def test_a_folder_counts_as_soon_as_it_has_what_is_needed(tmp_path: Path) -> None:
    models = Models(tmp_path)
    assert models.folder(MODEL) is None
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny" / "config.json").write_text("{}")
    assert (models.folder(MODEL), models.identity(MODEL)) == (None, "")
    (tmp_path / "tiny" / "sub").mkdir()
    (tmp_path / "tiny" / "sub" / "any.bin").write_bytes(b"")
    assert models.folder(MODEL) == tmp_path / "tiny"
    assert models.is_current(MODEL)
    assert [(each.name, each.manifest) for each in models.installed()] == [("tiny", None)]


def test_identity_is_stable_and_tells_other_weights(tmp_path: Path) -> None:
    models = Models(tmp_path)
    place = fill(tmp_path / "tiny")
    identity = models.identity(MODEL)
    assert identity
    assert Models(tmp_path).identity(MODEL) == identity
    (place / "README.md").write_text("prose")
    (place / ".DS_Store").write_bytes(b"x")
    assert models.identity(MODEL) == identity
    (place / "sub" / "model.bin").write_bytes(b"Weights")
    os.utime(place / "sub" / "model.bin", (1, 1))
    assert models.identity(MODEL) != identity


@pytest.mark.parametrize("at", [0, 150_000, 299_999])
def test_a_byte_at_either_end_or_in_the_middle_is_seen(tmp_path: Path, at: int) -> None:
    content = bytearray(300_000)
    before = Models(tmp_path)
    fill(tmp_path / "tiny", bytes(content))
    content[at] = 1
    fill(tmp_path / "other" / "tiny", bytes(content))
    assert before.identity(MODEL) != Models(tmp_path / "other").identity(MODEL)


def test_a_directory_is_taken_over_whole_and_left_as_it_was(tmp_path: Path) -> None:
    source = fill(tmp_path / "mine")
    (source / "notes.txt").write_text("no part of the model")
    models = Models(tmp_path / "models")
    assert models.adopt(MODEL, source) is None
    place = models.place("tiny")
    assert sorted(path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_file()) == [
        manifest.FILE, "config.json", "sub/model.bin",
    ]  # fmt: skip
    assert sorted(path.name for path in source.iterdir()) == ["config.json", "notes.txt", "sub"]
    assert manifest.read(place) is not None
    assert models.is_current(MODEL)


def test_the_links_of_another_programs_cache_are_followed(tmp_path: Path) -> None:
    blobs, snapshot = tmp_path / "blobs", tmp_path / "snapshots" / "1"
    blobs.mkdir()
    (blobs / "abc").write_bytes(b"weights")
    (snapshot / "sub").mkdir(parents=True)
    (snapshot / "config.json").write_text("{}")
    (snapshot / "sub" / "model.bin").symlink_to("../../../blobs/abc")
    models = Models(tmp_path / "models")
    models.adopt(MODEL, snapshot)
    weights = models.place("tiny") / "sub" / "model.bin"
    assert not weights.is_symlink()
    assert weights.read_bytes() == b"weights"


def test_what_lacks_something_is_not_taken_over(tmp_path: Path) -> None:
    source = fill(tmp_path / "mine")
    (source / "sub" / "model.bin").unlink()
    models = Models(tmp_path / "models")
    with pytest.raises(InvalidOption, match=r"lacks sub/\*\.bin, which model 'tiny' cannot do without"):
        models.adopt(MODEL, source)
    with pytest.raises(InvalidOption, match="no such directory"):
        models.adopt(MODEL, source / "nowhere")
    assert not models.place("tiny").exists()


def test_a_folder_filled_by_hand_is_kept_when_another_takes_its_place(tmp_path: Path) -> None:
    models = Models(tmp_path / "models")
    fill(models.place("tiny"), b"by hand")
    aside = models.adopt(MODEL, fill(tmp_path / "mine", b"other"))
    assert aside is not None
    assert (aside / "sub" / "model.bin").read_bytes() == b"by hand"
    assert (models.place("tiny") / "sub" / "model.bin").read_bytes() == b"other"
    # What was brought here can be brought again, and is not kept.
    assert models.adopt(MODEL, fill(tmp_path / "third", b"third")) is None
    assert len(models.installed()) == 2


@pytest.mark.parametrize("changed_at", [1, 2**31])
def test_a_changed_file_is_seen_whatever_its_size_and_time(tmp_path: Path, changed_at: int) -> None:
    models = Models(tmp_path / "models")
    models.adopt(MODEL, fill(tmp_path / "mine"))
    before = models.identity(MODEL)
    weights = models.place("tiny") / "sub" / "model.bin"
    weights.unlink()
    weights.write_bytes(b"WEIGHTS")
    os.utime(weights, (changed_at, changed_at))
    assert models.identity(MODEL) != before
    weights.write_bytes(b"a cut")
    assert not models.is_current(MODEL)


def test_between_samples_the_checksums_tell_what_was_brought_here(tmp_path: Path) -> None:
    content = bytearray(600_000)
    models, others = Models(tmp_path / "models"), Models(tmp_path / "others")
    models.adopt(MODEL, fill(tmp_path / "mine", bytes(content)))
    content[100_000] = 1
    others.adopt(MODEL, fill(tmp_path / "changed", bytes(content)))
    assert models.identity(MODEL) != others.identity(MODEL)


def test_a_copy_is_the_same_model_though_its_times_are_new(tmp_path: Path) -> None:
    models = Models(tmp_path / "models")
    models.adopt(MODEL, fill(tmp_path / "mine"))
    shutil.copytree(models.directory, tmp_path / "moved", copy_function=shutil.copyfile)
    assert Models(tmp_path / "moved").identity(MODEL) == models.identity(MODEL)


def test_removing_takes_a_model_away_but_not_what_a_link_leads_to(tmp_path: Path) -> None:
    models = Models(tmp_path / "models")
    models.adopt(MODEL, fill(tmp_path / "mine"))
    assert models.remove("tiny") > 0
    assert models.folder(MODEL) is None
    elsewhere = fill(tmp_path / "big" / "tiny")
    models.place("tiny").symlink_to(elsewhere)
    assert models.folder(MODEL) is not None
    models.remove("tiny")
    assert models.folder(MODEL) is None
    assert (elsewhere / "config.json").exists()


@pytest.mark.parametrize("name", ["tiny", "..", ".", ".incoming", "", "/", "../models"])
def test_what_is_not_there_cannot_be_removed(tmp_path: Path, name: str) -> None:
    models = Models(tmp_path / "models")
    (models.directory / ".incoming").mkdir(parents=True)
    with pytest.raises(InvalidOption, match="There is no model"):
        models.remove(name)
    assert models.directory.is_dir()


def test_one_at_a_time(tmp_path: Path) -> None:
    models = Models(tmp_path)
    fill(tmp_path / "tiny")
    with hold(models.lock("tiny"), StoreBusy("Somebody else is at it.")):
        with (
            pytest.raises(StoreBusy, match="Somebody else"),
            hold(models.lock("tiny"), StoreBusy("Somebody else is at it.")),
        ):
            raise AssertionError
        with pytest.raises(StoreBusy, match="downloads or removes"):
            models.remove("tiny")
    assert models.remove("tiny") > 0


def test_pauses_grow_are_bounded_and_heed_the_hub() -> None:
    patience = Patience(pause=1.0, longest_pause=60.0)
    assert [patience.pause_before(failures) for failures in (1, 2, 3, 9)] == [1.0, 2.0, 4.0, 60.0]
    assert patience.pause_before(1, 7.0) == 7.0
    assert patience.pause_before(1, 9e9) == 60.0
    assert patience.pause_before(10**9) == 60.0


def test_taking_over_and_removing_sweep_what_was_left_halfway(tmp_path: Path) -> None:
    models = Models(tmp_path / "models")
    for work in (lambda: models.adopt(MODEL, fill(tmp_path / "mine")), lambda: models.remove("tiny")):
        left = fill(passing(models.directory, "tiny"))
        work()
        assert not left.exists()


def test_a_file_that_goes_while_it_is_counted_counts_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = fill(tmp_path / "tiny", b"x" * 10_000)
    everything = disk_bytes(folder)
    walk = os.walk

    def losing(*arguments: object) -> Iterator[tuple[str, list[str], list[str]]]:
        for step in walk(*arguments):  # type: ignore[call-overload]
            (folder / "config.json").unlink(missing_ok=True)
            yield step

    monkeypatch.setattr(os, "walk", losing)
    assert 10_000 <= disk_bytes(folder) < everything


def test_a_lock_that_cannot_be_made_is_no_busy_one(tmp_path: Path) -> None:
    fill(tmp_path / "tiny")
    (tmp_path / ".incoming").write_text("a file where the folder of locks should be")
    with pytest.raises(StorageError, match="check the rights"):
        Models(tmp_path).remove("tiny")
    (tmp_path / "funasr.lock").mkdir()
    with pytest.raises(StorageError, match="check the rights"), sole_installer(tmp_path, "funasr"):
        raise AssertionError


def test_one_installation_at_a_time(tmp_path: Path) -> None:
    with (
        sole_installer(tmp_path, "funasr"),
        sole_installer(tmp_path, "other"),
        pytest.raises(InstallFailed, match="Another command"),
        sole_installer(tmp_path, "funasr"),
    ):
        raise AssertionError


def test_no_room_for_a_lock_is_told_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object, **options: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    fill(tmp_path / "tiny")
    monkeypatch.setattr(Path, "mkdir", full)
    with pytest.raises(DiskFull, match="make room"):
        Models(tmp_path).remove("tiny")

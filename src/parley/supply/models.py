"""Models on this machine: a folder for each, whole or not there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from parley.engines.model import ModelSpec
from parley.errors import InvalidOption, ModelDamaged, StoreBusy
from parley.supply import manifest, weights
from parley.supply.disk import disk_bytes, sweep
from parley.supply.holding import hold
from parley.supply.manifest import HeldFile, Manifest
from parley.supply.names import is_model_name, matches
from parley.supply.staging import INCOMING, discard, missing, passing, put_in_place, sweep_leavings, today
from parley.supply.writing import digest, writing


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """A folder among the models; `manifest` is None where it was filled by hand."""

    name: str
    disk_bytes: int
    manifest: Manifest | None


class Models:
    """The models in one folder, `<directory>/<name>/`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def folder(self, model: ModelSpec) -> Path | None:
        """Where a model lies that has every file it needs, else None; a user may have filled it by hand."""
        place = self.place(model.name)
        return None if missing(model, place) else place

    def place(self, name: str) -> Path:
        """Where a model lies or will lie."""
        return self.directory / name

    def identity(self, model: ModelSpec) -> str:
        """What tells these weights from others of the same name; "" where there are none."""
        place = self.folder(model)
        return weights.identity(place) if place else ""

    def is_current(self, model: ModelSpec) -> bool:
        """Whether there is nothing to download: the model is whole, and of the revision asked for now."""
        place = self.folder(model)
        if place is None:
            return False
        held = manifest.read(place)
        return held is None or (held.is_from(model.sources) and _is_whole(place, held))

    def installed(self) -> Sequence[Installed]:
        """The folders among the models, by name."""
        if not self.directory.is_dir():
            return ()
        names = sorted(path.name for path in self.directory.iterdir() if path.is_dir())
        return [
            Installed(
                name=name,
                disk_bytes=disk_bytes(self.place(name)),
                manifest=manifest.read(self.place(name)),
            )
            for name in names
            if is_model_name(name)
        ]

    def begun_bytes(self, name: str) -> int:
        """What a download that has not come to its end takes."""
        return disk_bytes(self.directory / INCOMING / name)

    def lock(self, name: str) -> Path:
        """The file whose holder may change the model."""
        return self.directory / INCOMING / f"{name}.lock"

    def remove(self, name: str) -> int:
        """Delete a model, and what was begun of one; gives the bytes it took.

        Raises InvalidOption where there is neither, StoreBusy while it is downloaded.
        """
        place, begun = self.place(name), self.directory / INCOMING / name
        if not is_model_name(name) or not (os.path.lexists(place) or begun.exists()):
            raise InvalidOption(f"There is no model '{name}' here; see: parley models list")
        with hold(self.lock(name), _busy(name)), writing():
            freed = (0 if place.is_symlink() else disk_bytes(place)) + disk_bytes(begun)
            if os.path.lexists(place):
                # Gone in one step: nobody opens half a model.
                former = passing(self.directory, name)
                place.rename(former)
                discard(former)
            sweep_leavings(self.directory, name)
            sweep(begun)
        return freed

    def adopt(self, model: ModelSpec, directory: Path) -> Path | None:
        """Take a model over from a directory that has its files; they stay there. Gives where a folder
        went that somebody had filled by hand.

        Raises InvalidOption where some are missing, StorageError.
        """
        if not directory.is_dir():
            raise InvalidOption("There is no such directory; --from wants one that holds the model's files.")
        if lacking := missing(model, directory):
            raise InvalidOption(
                f"The directory lacks {', '.join(lacking)}, which model '{model.name}' cannot do without."
            )
        with hold(self.lock(model.name), _busy(model.name)), writing():
            sweep_leavings(self.directory, model.name)
            whole = passing(self.directory, model.name)
            whole.mkdir()
            try:
                held = tuple(_take_over(path, directory, whole) for path in _chosen(model, directory))
                manifest.write(whole, _manifest_of(model, held))
                return put_in_place(whole, self.place(model.name))
            finally:
                sweep(whole)


def _busy(name: str) -> StoreBusy:
    return StoreBusy(f"Another command downloads or removes the model '{name}'.")


def _is_whole(place: Path, held: Manifest) -> bool:
    try:
        return all((place / file.path).stat().st_size == file.size_bytes for file in held.files)
    except OSError:
        return False


def _chosen(model: ModelSpec, directory: Path) -> list[str]:
    """The files of a directory that belong to the model."""
    patterns = {pattern for source in model.sources for pattern in source.files}
    everything = not patterns or any(not source.files for source in model.sources)
    names = [path.relative_to(directory).as_posix() for path in weights.files_of(directory)]
    return [name for name in names if everything or matches(name, (*patterns, *model.needs))]


def _take_over(name: str, directory: Path, whole: Path) -> HeldFile:
    """Link where it is the user's own file on the same disk, else copy. In the caches of other programs
    the names are links to the files."""
    source, target = (directory / name).resolve(strict=True), whole / name
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        if hasattr(os, "geteuid") and source.stat().st_uid != os.geteuid():
            raise PermissionError
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
    sha256 = digest(target, "sha256")
    if target.stat().st_size != source.stat().st_size:
        raise ModelDamaged("The directory changed while it was read; run the same command again.")
    return HeldFile(path=name, size_bytes=target.stat().st_size, sha256=sha256)


def _manifest_of(model: ModelSpec, held: tuple[HeldFile, ...]) -> Manifest:
    return Manifest(
        model=model.name,
        hub="",
        repo="",
        revision="",
        commit="",
        licence=model.licence,
        arrived=today(),
        files=held,
    )

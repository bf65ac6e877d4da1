"""The folder beside the models where one grows until it is whole."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from parley.engines.model import ModelSpec
from parley.errors import DiskFull, ModelDamaged, is_disk_full
from parley.supply import manifest
from parley.supply.disk import size, sweep
from parley.supply.hubs import Offer, RemoteFile
from parley.supply.manifest import HeldFile, Manifest
from parley.supply.writing import digest, is_intact, writing

INCOMING = ".incoming"
"""In the folder of the models: a folder for each model on its way, and its lock."""

_PASSING = "~"
"""No part of a model's name."""

_RESERVE_BYTES = 32 * 1024 * 1024

Free = Callable[[Path], int]
"""Bytes that are free where a folder is."""


def disk_free(folder: Path) -> int:
    """Bytes that are free on the disk of a folder."""
    return shutil.disk_usage(folder).free


class Staging:
    """Files of one model, under the names of their checksums: what one hub began, another can finish."""

    def __init__(self, models: Path, model: ModelSpec) -> None:
        self._models = models
        self._model = model
        self._folder = models / INCOMING / model.name

    def target(self, file: RemoteFile) -> Path:
        """Where the checked bytes of a file go."""
        return self._folder / file.checksum.key

    def part(self, file: RemoteFile) -> Path:
        """Where they grow."""
        return self._folder / f"{file.checksum.key}.part"

    def have(self, file: RemoteFile) -> int:
        """Bytes of a file that are here."""
        for path in (self.target(file), self.part(file)):
            if path.is_file():
                return min(path.stat().st_size, file.size_bytes)
        return 0

    def prepare(self, offer: Offer) -> None:
        """Make the folder, and take over what already lies in the model's place; raises StorageError."""
        with writing():
            sweep_leavings(self._models, self._model.name)
            self._folder.mkdir(parents=True, exist_ok=True)
            for file in offer.files:
                lying = self._models / self._model.name / file.path
                if not self.target(file).exists() and _is_same(lying, file):
                    _link(lying, self.target(file))

    def require_space(self, offer: Offer, free: Free) -> None:
        """Raise DiskFull when what is lacking does not fit."""
        lacking = sum(file.size_bytes - self.have(file) for file in _distinct(offer))
        there = free(self._folder)
        if lacking and there < lacking + _RESERVE_BYTES:
            raise DiskFull(
                f"Model '{self._model.name}' takes {size(lacking / 1024**2)} more, and "
                f"{size(there / 1024**2)} are free; make room, or name another place in models.dir."
            )

    def arrive(self, offer: Offer) -> Path | None:
        """Put the model into its place, whole. Gives where a folder went that somebody had filled by hand.

        Raises ModelDamaged, StorageError.
        """
        whole = self._folder / "whole"
        with writing():
            sweep(whole)
            whole.mkdir()
            held = tuple(self._lay(file, whole) for file in offer.files)
            if lacking := missing(self._model, whole):
                raise ModelDamaged(
                    f"What the hub has of model '{self._model.name}' lacks {', '.join(lacking)}; choose "
                    "another with --hub."
                )
            manifest.write(whole, _manifest_of(self._model, offer, held))
            aside = put_in_place(whole, self._models / self._model.name)
            sweep(self._folder)
        return aside

    def _lay(self, file: RemoteFile, whole: Path) -> HeldFile:
        place = whole / file.path
        place.parent.mkdir(parents=True, exist_ok=True)
        _link(self.target(file), place)
        checksum = file.checksum
        sha256 = checksum.value if checksum.algorithm == "sha256" else digest(place, "sha256")
        return HeldFile(path=file.path, size_bytes=file.size_bytes, sha256=sha256)


def put_in_place(whole: Path, place: Path) -> Path | None:
    """Rename a finished folder to its place. An earlier one that was brought here goes; one that was
    filled by hand is kept beside, and where is given back."""
    former: Path | None = None
    if os.path.lexists(place):
        former = passing(place.parent, place.name)
        by_hand = manifest.read(place) is None and (place.is_symlink() or any(place.iterdir()))
        if by_hand:
            former = place.parent / f"{place.name}.by-hand-{uuid.uuid4().hex[:8]}"
        place.rename(former)
        whole.rename(place)
        if by_hand:
            return former
        discard(former)
    else:
        whole.rename(place)
    return None


def passing(models: Path, name: str) -> Path:
    """A place for a folder that is coming or going; whoever holds the model's lock may sweep it."""
    return models / INCOMING / f"{name}{_PASSING}{uuid.uuid4().hex[:8]}"


def sweep_leavings(models: Path, name: str) -> None:
    """Delete what commands left that were ended while a folder came or went; raises OSError."""
    for left in (models / INCOMING).glob(f"{name}{_PASSING}*"):
        discard(left)


def discard(folder: Path) -> None:
    """Delete a folder, or only the link where it is one."""
    if folder.is_symlink() or folder.is_file():
        folder.unlink()
    else:
        sweep(folder)


def missing(model: ModelSpec, folder: Path) -> tuple[str, ...]:
    """What the model cannot be opened without and is not in the folder."""
    return tuple(pattern for pattern in model.needs if not any(folder.glob(pattern)))


def today() -> str:
    """Now, as manifests say it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _manifest_of(model: ModelSpec, offer: Offer, held: tuple[HeldFile, ...]) -> Manifest:
    return Manifest(
        model=model.name,
        hub=offer.source.hub.value,
        repo=offer.source.repo,
        revision=offer.source.revision,
        commit=offer.commit,
        licence=offer.licence or model.licence,
        arrived=today(),
        files=held,
    )


def _distinct(offer: Offer) -> list[RemoteFile]:
    return list({file.checksum: file for file in offer.files}.values())


def _is_same(path: Path, file: RemoteFile) -> bool:
    try:
        return path.is_file() and path.stat().st_size == file.size_bytes and is_intact(path, file.checksum)
    except OSError:
        return False


def _link(source: Path, target: Path) -> None:
    """The same bytes under another name; a copy where the file system has no links."""
    try:
        os.link(source.resolve(), target)
    except OSError as error:
        if is_disk_full(error):
            raise
        draft = target.with_name(f"{target.name}.draft")
        shutil.copyfile(source, draft)
        draft.replace(target)

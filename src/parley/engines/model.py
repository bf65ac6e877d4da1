"""What is known of a model before it is on this machine: where it lies, how large it is, who may use it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Hub(StrEnum):
    """Where models are published."""

    HUGGINGFACE = "huggingface"
    MODELSCOPE = "modelscope"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSource:
    """A place on a hub: a repository at a fixed revision, and which of its files (glob patterns, () for all).

    Where a hub offers no fixed revision, `revision` is a branch: the commit that it was at the first
    download is written down, and belongs to what results are filed under.
    """

    hub: Hub
    repo: str
    revision: str
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """A model: `name` is also its folder's. `needs` are files without which it cannot be opened,
    relative to the folder, patterns allowed: a folder that a user filled by hand is checked for them.
    `size_mib` is the download, about. `licence` is what its publisher says.
    """

    name: str
    sources: tuple[ModelSource, ...]
    needs: tuple[str, ...]
    size_mib: int
    licence: str

"""What of the page is served: its modules, styles and pictures, read once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

_TYPES = {
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "svg": "image/svg+xml",
    "html": "text/html; charset=utf-8",
}
_ENTRANCE = "index.html"


@dataclass(frozen=True, slots=True)
class Shipped:
    """A file as it is sent; `tag` changes with its content."""

    content: bytes
    media_type: str
    tag: str


def entrance() -> Shipped:
    """The document that loads the rest."""
    return _read(files("parley.web").joinpath(_ENTRANCE))


@cache
def shipped() -> Mapping[str, Shipped]:
    """Every file the document may ask for, by its path below the page's folder."""
    return {path: _read(file) for path, file in _walk(files("parley.web"), "")}


def _walk(folder: Traversable, above: str) -> Iterator[tuple[str, Traversable]]:
    for each in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if each.is_dir():
            yield from _walk(each, f"{above}{each.name}/")
        elif _suffix(each) in _TYPES and _suffix(each) != "html":
            yield above + each.name, each


def _read(file: Traversable) -> Shipped:
    content = file.read_bytes()
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    return Shipped(content, _TYPES[_suffix(file)], tag)


def _suffix(file: Traversable) -> str:
    return file.name.rpartition(".")[2]

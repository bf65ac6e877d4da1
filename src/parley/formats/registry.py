"""Which formats there are; a renderer is imported when it is first used."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from importlib import import_module
from types import MappingProxyType
from typing import cast

from parley.errors import InvalidOption, UnsupportedOption
from parley.formats.options import RenderOptions
from parley.speech.transcript import Transcript

Renderer = Callable[[Transcript, RenderOptions], str]

_BLOCKS = frozenset({"max_line_width", "max_lines", "max_block_s", "failed_notes"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One way to write a transcript; `renderer` is "module:function", `options` those it heeds."""

    name: str
    extension: str
    media_type: str
    renderer: str
    options: frozenset[str] = frozenset()

    def load(self) -> Renderer:
        """Import the renderer."""
        module, _, attribute = self.renderer.partition(":")
        return cast(Renderer, getattr(import_module(module), attribute))


def _format(name: str, media_type: str, *options: str) -> Format:
    renderer = f"parley.formats.{name}:render"
    return Format(
        name=name, extension=f".{name}", media_type=media_type, renderer=renderer, options=frozenset(options)
    )


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        made.name: made
        for made in (
            _format("json", "application/json"),
            _format("srt", "application/x-subrip", *_BLOCKS),
            _format("vtt", "text/vtt", *_BLOCKS),
            _format("txt", "text/plain", "merge_gap_s", "failed_notes"),
            _format("tsv", "text/tab-separated-values"),
            _format("rttm", "text/plain", "file_id"),
        )
    }
)
"""By name; every text is UTF-8 and media types want `charset=utf-8` beside them."""


def render(transcript: Transcript, format: str, options: RenderOptions | None = None) -> str:
    """Write a transcript in one of FORMATS; raises InvalidOption when there is no such format."""
    return find_format(format).load()(transcript, options or RenderOptions())


def find_format(name: str) -> Format:
    """The format of that name; raises InvalidOption with the names there are."""
    if name not in FORMATS:
        raise InvalidOption(f"There is no format '{name}'; there are {', '.join(FORMATS)}.")
    return FORMATS[name]


def check_options(options: RenderOptions, formats: Iterable[str]) -> None:
    """Raise UnsupportedOption when an option differs from its default and no format heeds it."""
    names = list(formats)
    heeded = frozenset[str]().union(*(find_format(name).options for name in names))
    default = RenderOptions()
    for option in (field.name for field in fields(RenderOptions)):
        if option not in heeded and getattr(options, option) != getattr(default, option):
            raise UnsupportedOption(f"{option} means nothing for {', '.join(names)}.")

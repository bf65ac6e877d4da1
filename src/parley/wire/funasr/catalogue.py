"""Every message of FunASR's protocol with an example; the references are written from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel

from parley.wire.funasr.client import Frame
from parley.wire.funasr.server import Acknowledgement, Answer


@dataclass(frozen=True, slots=True)
class Entry:
    """A message, who sends it, and how it looks; `name` is only for readers, the wire has none."""

    name: str
    is_from_client: bool
    model: type[BaseModel]
    examples: tuple[Mapping[str, Any], ...]


def _entry(name: str, model: type[BaseModel], *examples: Mapping[str, Any]) -> Entry:
    return Entry(name, model is Frame, model, tuple(MappingProxyType(dict(example)) for example in examples))


_FIRST = {
    "mode": "2pass",
    "wav_name": "meeting",
    "wav_format": "pcm",
    "audio_fs": 16000,
    "is_speaking": True,
    "chunk_size": [5, 10, 5],
    "chunk_interval": 10,
    "hotwords": '{"阿里巴巴": 20, "通义实验室": 30}',
    "itn": True,
}
_TIMES = {
    "timestamp": "[[430,670],[670,810],[810,1030],[1030,1130]]",
    "stamp_sents": [
        {
            "text_seg": "正 是 因 为",
            "punc": "，",
            "start": 430,
            "end": 1130,
            "ts_list": [[430, 670], [670, 810], [810, 1030], [1030, 1130]],
        }
    ],
}
_NAMED = {"wav_name": "meeting", "is_final": False}

CATALOGUE: tuple[Entry, ...] = (
    _entry("settings", Frame, _FIRST, {"is_speaking": False}, {"is_speaking": False, "is_end": True}),
    _entry(
        "answer",
        Answer,
        {"mode": "2pass-online", "text": "正是", **_NAMED},
        {"mode": "2pass-offline", "text": "正是因为，", **_NAMED, **_TIMES},
        {
            "mode": "2pass-offline",
            "text": "",
            "wav_name": "meeting",
            "is_final": True,
            "error": "live_overloaded",
            "message": "Everybody waits already; try again in 5 s.",
        },
    ),
    _entry("acknowledgement", Acknowledgement, {"is_end": True, "is_final": True, "wav_name": "meeting"}),
)
"""What clients send first, then what they are answered."""

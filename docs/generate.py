"""Writes the parts of the documentation that follow from the code; `--check` fails when they are stale."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from generating import asr, assistant, funasr, native, tts
from generating.asyncapi import asyncapi_file
from generating.errors import errors_page
from generating.models import models_page
from generating.reference import schema_file
from generating.settings import settings_page
from generating.turns import turns_page

from parley.bench.live.report import live_schema
from parley.bench.report import schema as benchmark_schema
from parley.bench.talk.report import talk_schema
from parley.formats.json import schema

DOCS = Path(__file__).parent


def pages() -> dict[Path, str]:
    """Every generated file and its content."""
    transcript = json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"
    benchmark = json.dumps(benchmark_schema(), indent=2, ensure_ascii=False) + "\n"
    live_benchmark = json.dumps(live_schema(), indent=2, ensure_ascii=False) + "\n"
    talk_benchmark = json.dumps(talk_schema(), indent=2, ensure_ascii=False) + "\n"
    return {
        DOCS / "formats" / "benchmark.schema.json": benchmark,
        DOCS / "formats" / "live-benchmark.schema.json": live_benchmark,
        DOCS / "formats" / "talk-benchmark.schema.json": talk_benchmark,
        DOCS / "settings.md": settings_page(),
        DOCS / "errors.md": errors_page(),
        DOCS / "turns.md": turns_page(),
        DOCS / "model-files.md": models_page(),
        DOCS / "formats" / "transcript.schema.json": transcript,
        DOCS / "protocols" / "native.md": native.native_page(),
        DOCS / "protocols" / "native.schema.json": schema_file(native.NATIVE),
        DOCS / "protocols" / "native.asyncapi.json": asyncapi_file(native.CHANNEL),
        DOCS / "protocols" / "asr.md": asr.asr_page(),
        DOCS / "protocols" / "asr.schema.json": schema_file(asr.ASR),
        DOCS / "protocols" / "funasr.md": funasr.funasr_page(),
        DOCS / "protocols" / "funasr.zh-CN.md": funasr.funasr_page_in_chinese(),
        DOCS / "protocols" / "asr.asyncapi.json": asyncapi_file(asr.CHANNEL),
        DOCS / "protocols" / "assistant.md": assistant.assistant_page(),
        DOCS / "protocols" / "assistant.schema.json": schema_file(assistant.ASSISTANT),
        DOCS / "protocols" / "assistant.asyncapi.json": asyncapi_file(assistant.CHANNEL),
        DOCS / "protocols" / "tts.md": tts.tts_page(),
        DOCS / "protocols" / "tts.schema.json": schema_file(tts.TTS),
        DOCS / "protocols" / "tts.asyncapi.json": asyncapi_file(tts.CHANNEL),
    }


def main() -> int:
    """Write the pages, or with --check name those that differ."""
    stale = [path for path, text in pages().items() if not path.exists() or path.read_text("utf-8") != text]
    if "--check" in sys.argv:
        for path in stale:
            sys.stderr.write(f"{path.relative_to(DOCS.parent)} is stale; run: make docs\n")
        return 1 if stale else 0
    for path, text in pages().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

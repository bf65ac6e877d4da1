"""What is written down of a voice, before anything is heard."""

from __future__ import annotations

import time
from pathlib import Path

from parley.engines.registry import discover
from parley.synthesis.keeping import _row
from parley.synthesis.options import NewVoice

SPECS = discover()


def test_a_voice_records_its_kind_engine_model_language_and_consent() -> None:
    began = time.time()
    cloned = NewVoice(name="小雨", transcript="早上好。", reference=Path("a.wav"), has_consent=True)
    kept = _row("alice", cloned, SPECS["qwen3-tts-base-0.6b"])
    assert (kept.kind, kept.engine, kept.model) == ("cloned", "qwen3-tts-base-0.6b", "qwen3-tts-0.6b-base")
    assert (kept.user, kept.name, kept.language, kept.transcript) == ("alice", "小雨", "zh", "早上好。")
    assert kept.revision == SPECS["qwen3-tts-base-0.6b"].revision
    assert kept.consent_at is not None and began <= kept.consent_at <= time.time()


def test_a_voice_from_words_is_designed_and_nobody_has_to_agree() -> None:
    kept = _row("alice", NewVoice(name="pirate", design="An old  pirate. "), SPECS["qwen3-tts-design"])
    assert (kept.kind, kept.model, kept.design) == (
        "designed",
        "qwen3-tts-1.7b-voicedesign",
        "An old pirate.",
    )
    assert (kept.consent_at, kept.language) == (None, "")

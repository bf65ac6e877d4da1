"""`parley engines check` hears a voice, whichever way an engine makes one."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from parley.app.checking import Checked, check
from parley.engines.registry import discover
from parley.settings import Settings, load_settings

TONE = Path(__file__).parents[2] / "plugins" / "tone_voice.py"

PRESETS = (
    '        PresetVoice(name="low", languages=("en",), summary="A low hum."),\n'
    '        PresetVoice(name="high", languages=("zh", "en"), summary="A high hum."),\n'
)


def plugged_in(folder: Path, *changes: tuple[str, str]) -> Settings:
    """An engine in an environment of its own, which is this one."""
    source = TONE.read_text("utf-8")
    for old, new in (('revision="1"', 'revision="1", environment="humming"'), *changes):
        assert old in source
        source = source.replace(old, new)
    plugins = folder / "plugins"
    plugins.mkdir()
    (plugins / "tone_voice.py").write_text(source, "utf-8")
    return load_settings(data_dir=folder / "data", engine_dirs=[plugins])


def checked(settings: Settings) -> dict[str, Checked]:
    async def main() -> dict[str, Checked]:
        return {line.subject: line async for line in check(settings, "humming")}

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ((), "works (spoke for 2.3 s)"),
        (((PRESETS, ""), ("Capability.DESIGN}", "}")), "works (learned a voice)"),
        (((PRESETS, ""), ("Capability.CLONE, ", "")), "works (spoke for 2.3 s)"),
        ((("_go_wrong(text)\n", '_go_wrong("[fail]")\n'),), "The engine 'tone' fails where it was asked to."),
    ],
    ids=["presets", "clones", "designs", "fails"],
)  # fmt: skip
def test_a_voice_is_tried(changes: tuple[tuple[str, str], ...], state: str, tmp_path: Path) -> None:
    lines = checked(plugged_in(tmp_path, *changes))
    assert lines["worker"].works
    assert lines["tone"] == Checked(subject="tone", state=state, works=state.startswith("works"))


def test_the_tone_is_no_engine_of_ours() -> None:
    assert "tone" not in discover()

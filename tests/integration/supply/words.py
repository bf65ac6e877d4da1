"""A profile `words` whose recogniser says what its model says; the model is on a hub on the loopback."""

from __future__ import annotations

from pathlib import Path

from tests.integration.supply.hub import COMMIT, Hub

PLUGINS = Path(__file__).parents[2] / "plugins"

ENGINE = f'''
"""A recogniser that says what its model says."""

import json

from parley.engines.contract import EngineSpec, Role
from parley.engines.model import Hub, ModelSource, ModelSpec
from parley.speech.recognition import Piece, Recognition

TINY = ModelSpec(
    name="tiny-words",
    sources=(
        ModelSource(hub=Hub.HUGGINGFACE, repo="acme/tiny", revision="{COMMIT}"),
        ModelSource(hub=Hub.MODELSCOPE, repo="acme-ms/tiny", revision="master"),
    ),
    needs=("config.json", "*.bin"),
    size_mib=1,
    licence="MIT",
)
SPEC = EngineSpec(
    name="words", role=Role.ASR, factory=":Recogniser", revision="1", summary="test", licence="MIT",
    models=(TINY,), public_names=("tiny-1",),
)


class Recogniser:
    def __init__(self, setup):
        self.text = json.loads((setup.models["tiny-words"] / "config.json").read_text())["size"]

    def recognise(self, stretch, options, progress):
        begin, end = stretch.islands[0].start, stretch.islands[-1].end
        return Recognition(pieces=(Piece(start=begin, end=end, text=self.text.capitalize() + "."),))
'''


def describe(folder: Path, server: Hub) -> dict[str, str]:
    """Write the profile down; gives the variables that lead to it and to the hub."""
    engines = folder / "engines"
    engines.mkdir()
    (engines / "words.py").write_text(ENGINE)
    config = folder / "parley.toml"
    config.write_text(
        f"engine_dirs = ['{engines}', '{PLUGINS}']\n"
        '[profiles.words]\nasr = "words"\nvad = "whole"\nspeakers = "none"\n'
    )
    return {
        "PARLEY_CONFIG": str(config),
        "PARLEY_MODELS__HF_ENDPOINT": server.address,
        "PARLEY_MODELS__MODELSCOPE_ENDPOINT": server.address,
        "NO_PROXY": "127.0.0.1",
        "HF_TOKEN": "",
        "HF_HUB_OFFLINE": "",
    }

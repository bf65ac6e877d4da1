"""What each engine environment is made of; the pins lie beside this file in `requirements/`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PINS = Path(__file__).parent / "requirements"
"""`<name>.txt` pins what the engines import, `<name>.constraints.txt` what that brings along."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How to make one environment.

    `imports` must work when it is made. With `uses_torch` the pinned `torch` comes in a build of its own
    (`torch_builds`), and must work too. With `cuda` further requirements are installed for NVIDIA cards, from
    `<name>.cuda.txt`. With `alone` the packages of `<name>.alone.txt` come without what they ask for, where
    that is much and not needed. `disk_mib` is about what it takes, PyTorch and CUDA libraries not counted.
    """

    name: str
    imports: tuple[str, ...]
    disk_mib: int
    uses_torch: bool = False
    cuda: bool = False
    alone: bool = False
    pins: Path = PINS

    @property
    def requirements(self) -> Path:
        """The file of the pins."""
        return self.pins / f"{self.name}.txt"

    @property
    def constraints(self) -> Path:
        """The file of the versions that the pins may bring along."""
        return self.pins / f"{self.name}.constraints.txt"

    @property
    def cuda_requirements(self) -> Path:
        """The file of the libraries for NVIDIA cards."""
        return self.pins / f"{self.name}.cuda.txt"

    @property
    def alone_requirements(self) -> Path:
        """The file of the packages that come without what they ask for."""
        return self.pins / f"{self.name}.alone.txt"

    def torch_version(self) -> str:
        """The pinned version of PyTorch, "" where the environment has none."""
        pins = read_pins(self.requirements)
        return pins["torch"] if self.uses_torch else ""


def read_pins(path: Path) -> dict[str, str]:
    """Versions by package of a file whose lines say `name==version`; raises ValueError for another line."""
    lines = (line.split("#")[0].split(";")[0].strip() for line in path.read_text("utf-8").splitlines())
    pins: dict[str, str] = {}
    for line in filter(None, lines):
        name, equals, version = line.partition("==")
        if not equals or not version or name in pins:
            raise ValueError(f"not a pin: {line}")
        pins[name] = version
    return pins


def _by_name(*recipes: Recipe) -> Mapping[str, Recipe]:
    return {recipe.name: recipe for recipe in recipes}


RECIPES = _by_name(
    Recipe(name="funasr", imports=("funasr", "kaldi_native_fbank"), disk_mib=1050, uses_torch=True),
    Recipe(name="sherpa-onnx", imports=("sherpa_onnx",), disk_mib=150),
    Recipe(name="faster-whisper", imports=("faster_whisper", "ctranslate2"), disk_mib=450, cuda=True),
    Recipe(name="glm-asr", imports=("transformers",), disk_mib=850, uses_torch=True),
    Recipe(name="qwen3-asr", imports=("funasr", "qwen_asr"), disk_mib=1450, uses_torch=True),
    Recipe(
        name="qwen3-tts",
        imports=("transformers", "accelerate", "librosa", "soundfile"),
        disk_mib=800,
        uses_torch=True,
        alone=True,
    ),
)
"""The environments that `parley engines install` knows."""

"""SeACo-Paraformer through FunASR: Mandarin (English words among it), times of words, hotwords.

Model card: https://modelscope.cn/models/iic/speech_seaco_paraformer_large_asr_nat-zh-cn-16k-common-vocab8404-pytorch
The steps are those of FunASR's `inference`, except that hotwords are encoded here (FunASR takes a text that
looks like an address for one to fetch, and one that looks like a file for one to read) and that what is
wrong with a batch is done for each stretch alone: see `funasr_paraformer_steps.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

from parley.engines.asr.funasr_paraformer_steps import Steps
from parley.engines.contract import Capability, EngineSpec, Progress, Role, Stretch
from parley.engines.funasr_batches import MOST_S, heard_in_batches
from parley.engines.funasr_models import (
    BACKEND,
    DEVICES,
    ENVIRONMENT,
    INSTALL,
    MODEL_LICENCE,
    REQUIRES,
    open_model,
)
from parley.engines.funasr_words import pieces_of
from parley.engines.model import Hub, ModelSource, ModelSpec
from parley.engines.setup import Setup
from parley.errors import UnsupportedOption
from parley.speech.device import CPU
from parley.speech.recognition import Recognition, RecognitionOptions

_REPO = "speech_seaco_paraformer_large_asr_nat-zh-cn-16k-common-vocab8404-pytorch"
_FILES = ("config.yaml", "configuration.json", "model.pt", "am.mvn", "tokens.json", "seg_dict")

MODEL = ModelSpec(
    name="paraformer-zh",
    sources=(
        ModelSource(hub=Hub.MODELSCOPE, repo=f"iic/{_REPO}", revision="v2.0.4", files=_FILES),
        # The publisher's own repository on Hugging Face, funasr/paraformer-zh, holds another model.
        ModelSource(hub=Hub.HUGGINGFACE, repo=f"JunHowie/{_REPO}", revision="main", files=_FILES),
    ),
    needs=("config.yaml", "model.pt", "am.mvn", "tokens.json"),
    size_mib=950,
    licence=MODEL_LICENCE,
)

SPEC = EngineSpec(
    name="funasr-paraformer",
    role=Role.ASR,
    factory="parley.engines.asr.funasr_paraformer:Paraformer",
    revision="seaco-paraformer-funasr-1.4/1",
    summary="SeACo-Paraformer through FunASR: Mandarin, with word times and hotwords.",
    licence=f"MIT; {MODEL_LICENCE}",
    requires=REQUIRES,
    environment=ENVIRONMENT,
    install=INSTALL,
    languages=frozenset({"zh"}),
    capabilities=frozenset({Capability.WORDS, Capability.HOTWORDS}),
    max_stretch_s=30.0,
    models=(MODEL,),
    backend=BACKEND,
    devices=DEVICES,
    memory_mib=1600,
    public_names=("paraformer-zh", "paraformer", f"iic/{_REPO}"),
    batches=True,
    batch_size_s=MOST_S,
    batch_invariant=True,
)


class Paraformer:
    """Turns Mandarin speech into text."""

    def __init__(self, setup: Setup) -> None:
        self._steps = Steps(open_model(MODEL.name, setup), setup.device)
        # On a processor a batch saves nothing.
        self._most_s = 0.0 if setup.kind == CPU else MOST_S

    def recognise(self, stretch: Stretch, options: RecognitionOptions, progress: Progress) -> Recognition:
        """Pieces inside islands, by the times of the words."""
        (found,) = self.recognise_batch([stretch], options, progress)
        return found

    def recognise_batch(
        self, stretches: Sequence[Stretch], options: RecognitionOptions, progress: Progress
    ) -> list[Recognition]:
        """The longest together with those about as long, so that little is padding."""
        hotwords = self._hotwords(options)
        found = heard_in_batches(
            stretches, lambda audio: self._steps.run(audio, hotwords), progress, self._most_s
        )
        return [
            Recognition(pieces=pieces_of(spoken or (), stretch, with_words=options.words), language="zh")
            for spoken, stretch in zip(found, stretches, strict=True)
        ]

    def _hotwords(self, options: RecognitionOptions) -> list[list[int]]:
        """Numbers of the tokens of each hotword; raises UnsupportedOption where the model takes none."""
        words = [word for word, _ in options.hotwords if word.strip()]
        if words and not self._steps.takes_hotwords:
            raise UnsupportedOption("This Paraformer model takes no hotwords; pull paraformer-zh again.")
        return self._steps.encode_hotwords(words) if words else []

"""SeACo-Paraformer through FunASR: Mandarin (English words among it), times of words, hotwords.

Model card: https://modelscope.cn/models/iic/speech_seaco_paraformer_large_asr_nat-zh-cn-16k-common-vocab8404-pytorch
The steps are those of FunASR's `inference`, except that hotwords are encoded here (FunASR takes a text that
looks like an address for one to fetch, and one that looks like a file for one to read) and that what is
wrong with a batch is done for each stretch alone: see `funasr_paraformer_steps.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from parley.engines.asr.funasr_paraformer_steps import Steps
from parley.engines.contract import Capability, EngineSpec, Progress, Role, Stretch
from parley.engines.funasr_models import (
    BACKEND,
    DEVICES,
    ENVIRONMENT,
    INSTALL,
    LEAST_SAMPLES,
    MODEL_LICENCE,
    REQUIRES,
    open_model,
)
from parley.engines.funasr_words import Spoken, pieces_of
from parley.engines.model import Hub, ModelSource, ModelSpec
from parley.engines.setup import Setup
from parley.errors import UnsupportedOption
from parley.speech.device import CPU
from parley.speech.media import SAMPLE_RATE_HZ
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
    batch_size_s=300.0,
    batch_invariant=True,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Stretches that go through the encoder together, by their places in a call."""

    places: tuple[int, ...]


class Paraformer:
    """Turns Mandarin speech into text."""

    def __init__(self, setup: Setup) -> None:
        self._steps = Steps(open_model(MODEL.name, setup), setup.device)
        self._batches = setup.kind != CPU

    def recognise(self, stretch: Stretch, options: RecognitionOptions, progress: Progress) -> Recognition:
        """Pieces inside islands, by the times of the words."""
        (found,) = self.recognise_batch([stretch], options, progress)
        return found

    def recognise_batch(
        self, stretches: Sequence[Stretch], options: RecognitionOptions, progress: Progress
    ) -> list[Recognition]:
        """The longest together with those about as long, so that little is padding."""
        hotwords = self._hotwords(options)
        found: list[list[Spoken]] = [[] for _ in stretches]
        done_s = 0.0
        for batch in batches_of([len(stretch.samples) for stretch in stretches], together=self._batches):
            heard = self._steps.run([stretches[place].samples for place in batch.places], hotwords)
            for place, spoken in zip(batch.places, heard, strict=True):
                found[place] = spoken
                done_s += len(stretches[place].samples) / SAMPLE_RATE_HZ
            progress(done_s)
        return [
            Recognition(pieces=pieces_of(spoken, stretch, with_words=options.words), language="zh")
            for spoken, stretch in zip(found, stretches, strict=True)
        ]

    def _hotwords(self, options: RecognitionOptions) -> list[list[int]]:
        """Numbers of the tokens of each hotword; raises UnsupportedOption where the model takes none."""
        words = [word for word, _ in options.hotwords if word.strip()]
        if words and not self._steps.takes_hotwords:
            raise UnsupportedOption("This Paraformer model takes no hotwords; pull paraformer-zh again.")
        return self._steps.encode_hotwords(words) if words else []


def batches_of(lengths: Sequence[int], *, together: bool) -> list[Batch]:
    """Batches of up to `batch_size_s` seconds, padding included; alone where that saves nothing.

    What is too short to hold a word is left out.
    """
    order = sorted((length, place) for place, length in enumerate(lengths) if length >= LEAST_SAMPLES)
    most = SPEC.batch_size_s * SAMPLE_RATE_HZ if together else 0
    groups: list[list[int]] = []
    for length, place in order:
        if groups and length * (len(groups[-1]) + 1) <= most:
            groups[-1].append(place)
        else:
            groups.append([place])
    return [Batch(places=tuple(group)) for group in groups]

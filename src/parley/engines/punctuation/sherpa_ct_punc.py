"""CT-Transformer punctuation through sherpa-onnx: Mandarin, and English words among it.

The texts of a call go through the model as one, because a pause in the middle of a sentence would get a full
stop otherwise: the library ends every text with one. Its marks are taken over, its words are not.
"""

from __future__ import annotations

from collections.abc import Sequence

from parley.engines import sherpa_models as models
from parley.engines.contract import EngineSpec, Role
from parley.engines.setup import Setup
from parley.signal.punctuating import share_out
from parley.signal.tokens import join_texts

SPEC = EngineSpec(
    name="sherpa-ct-punc",
    role=Role.PUNCTUATION,
    factory="parley.engines.punctuation.sherpa_ct_punc:CtPunc",
    revision=f"{models.CT_PUNC.name}/1",
    summary="CT-Transformer through sherpa-onnx: punctuates Mandarin and English.",
    licence=models.CT_PUNC.licence,
    requires=models.REQUIRES,
    environment=models.ENVIRONMENT,
    install=models.INSTALL,
    languages=frozenset({"zh", "en"}),
    models=(models.CT_PUNC,),
    backend=models.BACKEND,
    devices=models.DEVICES,
    memory_mib=500,
)


class CtPunc:
    """Adds punctuation marks."""

    def __init__(self, setup: Setup) -> None:
        sherpa_onnx = models.library()
        model = sherpa_onnx.OfflinePunctuationModelConfig(
            ct_transformer=models.file_of(setup, models.CT_PUNC, "model*.onnx"), **models.compute(setup)
        )
        self._punctuation = sherpa_onnx.OfflinePunctuation(sherpa_onnx.OfflinePunctuationConfig(model=model))

    def punctuate(self, texts: Sequence[str], language: str | None) -> list[str]:
        """The same texts with marks: each alone where that fails for all, unchanged where that fails too."""
        together = self._marked(texts)
        if together is not None:
            return together
        return [(self._marked([text]) or [text])[0] for text in texts]

    def _marked(self, texts: Sequence[str]) -> list[str] | None:
        whole = join_texts(texts)
        return share_out(texts, self._punctuation.add_punctuation(whole)) if whole else list(texts)

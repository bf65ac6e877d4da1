"""A punctuation engine that knows one rule."""

from collections.abc import Sequence

from parley.engines.contract import EngineSpec, Role

SPEC = EngineSpec(
    name="full_stop",
    role=Role.PUNCTUATION,
    factory=":Punctuation",
    revision="1",
    summary="test",
    licence="Apache-2.0",
)


class Punctuation:
    def punctuate(self, texts: Sequence[str], language: str | None) -> Sequence[str]:
        return [f"{text.capitalize()}." for text in texts]

"""A recogniser with word times, and a punctuation engine, as scripted as they come."""

from parley.engines.contract import Capability, EngineSpec, Progress, Role, Stretch
from parley.speech.recognition import Piece, Recognition, RecognitionOptions
from parley.speech.transcript import Word

SPEC = EngineSpec(
    name="exact", role=Role.ASR, factory=":Recogniser", revision="1", summary="test",
    licence="Apache-2.0",
    capabilities=frozenset({Capability.WORDS, Capability.PROMPT}),
)  # fmt: skip


class Recogniser:
    def recognise(self, stretch: Stretch, options: RecognitionOptions, progress: Progress) -> Recognition:
        start, end = stretch.islands[0].start, stretch.islands[-1].end
        middle = (start + end) / 2
        words = (
            Word(text="said", start=start, end=middle),
            Word(text=options.prompt or "it", start=middle, end=end),
        )
        text = " ".join(word.text for word in words)
        return Recognition(pieces=(Piece(start=start, end=end, text=text, words=words),), language="en")

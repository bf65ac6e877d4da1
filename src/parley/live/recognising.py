"""The last word on an utterance: its audio recognised as a whole, and punctuated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from statistics import fmean

from parley.engines.contract import EngineSpec
from parley.errors import EngineFailed, OutOfMemory, ParleyError
from parley.live.berth import Berth
from parley.live.errands import Ask, Urgency
from parley.live.plans import Plan
from parley.live.rescue import Rescue, SpotLost, is_trouble_of_the_seat
from parley.live.telling import Said
from parley.live.utterances import Part, cut, shifted
from parley.signal.tokens import join_texts
from parley.speech.media import SAMPLE_RATE_HZ
from parley.speech.recognition import Piece, Recognition
from parley.wire.frames import LiveStretch, Punctuate, Punctuated, Recognised, RecogniseLive, Reply

CONTEXT_CHARS = 200
"""So much of the text before is a prompt where an engine takes one."""


class Recognising:
    """Asks the recogniser and the punctuation of a session's plan; `read` gives audio by sample numbers.

    `context` is the last text, for engines that profit from it.
    """

    def __init__(self, plan: Plan, berth: Berth, rescue: Rescue, read: Callable[[int, int], bytes]) -> None:
        self._plan = plan
        self._berth = berth
        self._rescue = rescue
        self._read = read
        self._context = ""

    def remember(self, text: str) -> None:
        """The last text is the context of the next."""
        self._context = text[-CONTEXT_CHARS:] if text else self._context

    def ask(self, engine: EngineSpec, part: Part) -> Ask:
        """The request for one part."""
        stretch = LiveStretch(pcm=self._read(part.first, part.last), islands=part.inside)
        options = self._plan.told(engine, self._context)
        return Ask(request=RecogniseLive(stretches=(stretch,), options=options), audio_s=part.duration)

    async def whole(self, engine: EngineSpec, part: Part) -> list[tuple[Part, Recognition]]:
        """All of an utterance; raises SpotLost, or what ends the session."""
        return [(each, await self._one(engine, each)) for each in cut(part, engine.max_stretch_s)]

    async def _one(self, engine: EngineSpec, part: Part) -> Recognition:
        reply = await self._insist(engine, lambda: self.ask(engine, part))
        return recognition_of(reply)

    async def said(self, heard: Sequence[tuple[Part, Recognition]]) -> Said:
        """The text of parts in order, punctuated."""
        pieces = [
            shifted(piece, part.first / SAMPLE_RATE_HZ)
            for part, recognition in heard
            for piece in recognition.pieces
            if piece.text.strip()
        ]
        known = [recognition.language for _, recognition in heard if recognition.language]
        said = await self.polished(pieces, known[0] if known else self._plan.hearing.language)
        return replace(said, notices=tuple(note for _, recognition in heard for note in recognition.notices))

    async def polished(self, pieces: Sequence[Piece], language: str | None) -> Said:
        """The text of pieces, punctuated; without punctuation where that fails."""
        punctuation = self._plan.punctuation
        if punctuation is not None and pieces:
            pieces = await self._punctuated(punctuation, pieces, language)
        words = tuple(word for piece in pieces for word in piece.words or ())
        confidences = [piece.confidence for piece in pieces if piece.confidence is not None]
        return Said(
            text=join_texts([piece.text for piece in pieces]),
            words=words if self._plan.hearing.words else None,
            confidence=fmean(confidences) if confidences else None,
            language=language,
        )

    async def _punctuated(
        self, engine: EngineSpec, pieces: Sequence[Piece], language: str | None
    ) -> Sequence[Piece]:
        request = Punctuate(texts=tuple(piece.text for piece in pieces), language=language)
        audio_s = sum(piece.end - piece.start for piece in pieces)
        try:
            reply = await self._insist(engine, lambda: Ask(request=request, audio_s=audio_s))
        except SpotLost:
            return pieces
        texts = reply.texts if isinstance(reply, Punctuated) else ()
        if len(texts) != len(pieces):
            return pieces
        return [replace(piece, text=text) for piece, text in zip(pieces, texts, strict=True)]

    async def _insist(self, engine: EngineSpec, make: Callable[[], Ask]) -> Reply:
        """An answer, as often as it takes; raises SpotLost, or what ends the session.

        What was too much for a device is not asked for in smaller parts, which would say something else:
        the processor does it where it can, and else the device once more.
        """
        on_cpu = False
        while True:
            try:
                reply = await self._berth.post(engine, make, Urgency.FINAL, on_cpu=on_cpu).reply()
            except ParleyError as error:
                on_cpu = isinstance(error, OutOfMemory) and not on_cpu
                if is_trouble_of_the_seat(error):
                    self._berth.move(in_trouble=True)
                await self._rescue.survive(error)
                continue
            self._rescue.went_well()
            return reply


def recognition_of(reply: Reply) -> Recognition:
    """The one recognition of an answer; raises EngineFailed."""
    if isinstance(reply, Recognised) and len(reply.recognitions) == 1:
        return reply.recognitions[0]
    raise EngineFailed("The recogniser answered something else than it was asked.")

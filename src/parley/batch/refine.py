"""Stages: word times by `align` and punctuation by `punctuation`, where a profile has those roles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from parley.batch.events import Stage
from parley.batch.keys import digest
from parley.batch.options import RecipeOptions
from parley.batch.recognise import Hearing
from parley.batch.units import UNIT_FAILURES, StageRun, Tools, Unit
from parley.engines.contract import EngineSpec, Role
from parley.engines.profiles import Profile
from parley.errors import DeviceUnavailable, EngineBroken
from parley.speech.media import SAMPLE_RATE_HZ, Clip, PcmTrack
from parley.speech.recognition import Piece
from parley.speech.transcript import Word
from parley.wire.frames import Align, Aligned, Punctuate, Punctuated

PIECES_PER_CALL = 64
"""Texts one punctuation call takes: context for the model, a second or two of work."""

_REFINING_FAILURES = (*UNIT_FAILURES, EngineBroken, DeviceUnavailable)


async def refine(
    tools: Tools, profile: Profile, work: str, track: PcmTrack, hearing: Hearing, options: RecipeOptions
) -> Hearing:
    """The hearing with word times (when asked for) and punctuation; texts are punctuated last.

    A failure of either costs neither the text nor what else is known; it is noted.
    """
    language = hearing.language or options.recognition.language
    pieces = [piece for piece in hearing.pieces if piece.text]
    align = profile.engine(Role.ALIGN)
    punctuation = profile.engine(Role.PUNCTUATION)
    try:
        if align is not None and options.recognition.words:
            pieces = await _align(tools, align, work, track, pieces, language)
        if punctuation is not None:
            pieces = await _punctuate(tools, punctuation, work, pieces, language)
    except _REFINING_FAILURES as error:
        hearing.incomplete = True
        hearing.notices.append(f"The text could not be refined: {error.message}")
    hearing.pieces = pieces
    return hearing


async def _align(
    tools: Tools,
    engine: EngineSpec,
    work: str,
    track: PcmTrack,
    pieces: Sequence[Piece],
    language: str | None,
) -> list[Piece]:
    units = [
        _alignment(index, piece, track, language) for index, piece in enumerate(pieces) if not piece.words
    ]
    run = StageRun(tools, Stage.ALIGN, digest(work, engine.name, engine.revision), engine)
    refined = list(pieces)
    for unit, reply in zip(units, await run.run(units), strict=True):
        if isinstance(reply, Aligned) and isinstance(unit.request, Align):
            words = _absolute(reply.words, unit.request.clip)
            refined[unit.index] = replace(refined[unit.index], words=words)
    return refined


def _alignment(index: int, piece: Piece, track: PcmTrack, language: str | None) -> Unit:
    first = max(0, int(piece.start * SAMPLE_RATE_HZ))
    last = min(track.samples, round(piece.end * SAMPLE_RATE_HZ))
    clip = Clip(path=track.path, first=first, last=last)
    return Unit(
        index=index, request=Align(clip=clip, text=piece.text, language=language), audio_s=clip.duration
    )


def _absolute(words: Sequence[Word], clip: Clip) -> tuple[Word, ...]:
    origin = clip.first / SAMPLE_RATE_HZ
    return tuple(replace(word, start=word.start + origin, end=word.end + origin) for word in words)


async def _punctuate(
    tools: Tools, engine: EngineSpec, work: str, pieces: Sequence[Piece], language: str | None
) -> list[Piece]:
    """The text before is kept as `raw_text` where punctuation changed it."""
    batches = [pieces[first : first + PIECES_PER_CALL] for first in range(0, len(pieces), PIECES_PER_CALL)]
    units = [
        Unit(
            index=index,
            request=Punctuate(texts=tuple(piece.text for piece in batch), language=language),
            audio_s=sum(piece.end - piece.start for piece in batch),
        )
        for index, batch in enumerate(batches)
    ]
    key = digest(work, engine.name, engine.revision)
    replies = await StageRun(tools, Stage.PUNCTUATE, key, engine).run(units)
    texts = [text for reply in replies if isinstance(reply, Punctuated) for text in reply.texts]
    return [_punctuated(piece, text) for piece, text in zip(pieces, texts, strict=True)]


def _punctuated(piece: Piece, text: str) -> Piece:
    return piece if text == piece.text else replace(piece, text=text, raw_text=piece.text)

"""Transcripts as no engine makes them, and some as engines do."""

from __future__ import annotations

from hypothesis import strategies as st

from parley.formats.options import RenderOptions
from parley.speech.transcript import FailedSpan, Segment, Transcript, Word

LATIN = ["I", "the", "market", "Dr.", "U.S.", "don't", "well-known", "3.14", "naïve", "a", "№5", "50%"]
HAN = ["我们", "今天早上", "去了", "市场", "农民会在", "八点之前", "带来", "最好的水果", "第3章", "95.7%"]
KANA = ["ソフトウェア", "きょうは", "とても", "しゃしん", "コーヒー"]
ODD = ["👨‍👩‍👧‍👦", "🇩🇪🇫🇷", "👍🏽", "❤️", "e\u0301e\u0301", "नमस्ते", "สวัสดีครับ", "مرحبا", "각", "\u200b"]
HOSTILE = [
    "-->",
    "--->",
    "<b>",
    "</v>",
    "{\\an8}",
    "&amp;",
    "&",
    "1",
    "42",
    "00:00:01,000",
    "\\N",
    "NOTE",
    '"',
]
LONG = ["Donaudampfschifffahrtsgesellschaft" * 3, "https://example.org/" + "a/" * 60, "字" * 120, "9" * 90]
MARKS = [", ", ". ", "? ", "，", "。", "！", "……", "——", "“", "”", "（", "）", "、", "：", " "]
GAPS = ["", "", " ", "\n", "\t", "\u3000", "\xa0", "\r\n\r\n", "\x00", "\u2028"]

LABELS = ["Speaker1", "Speaker2", "王小明", "A:B -->", "<v X>&", "a b", "a_b", "tab\tline\nbreak", '"Q"', " "]

times = st.one_of(
    st.floats(0, 120, allow_nan=False),
    st.integers(0, 120_000).map(lambda ms: ms / 1000),
    st.integers(0, 240_001).map(lambda half: half / 2000),
    st.sampled_from([0.0, 0.0004, 0.0005, 1.0005, 59.9995, 3599.9999, 360_000.123, -0.02]),
)

texts = st.lists(
    st.one_of(
        *(st.sampled_from(pool) for pool in (LATIN, LATIN, HAN, HAN, KANA, ODD, HOSTILE, LONG, MARKS, GAPS))
    ),
    max_size=30,
).flatmap(
    lambda parts: st.lists(st.sampled_from(GAPS), min_size=len(parts), max_size=len(parts)).map(
        lambda gaps: "".join(part + gap for part, gap in zip(parts, gaps, strict=True))
    )
)

any_text = st.one_of(texts, texts, st.text(st.characters(exclude_categories=["Cs"]), max_size=120))


@st.composite
def words_of(draw: st.DrawFn, text: str, start: float, end: float) -> tuple[Word, ...]:
    """Words that are the text's, or nearly, with times that are in order, or not."""
    tokens = text.split() if draw(st.booleans()) else [part for part in text if not part.isspace()]
    if draw(st.integers(0, 4)) == 0:
        return tuple(
            Word(text=token, start=min(pair), end=max(pair))
            for token in tokens[:20]
            for pair in [(draw(times), draw(times))]
        )
    step = (end - start) / max(1, len(tokens))
    return tuple(
        Word(text=token, start=start + step * place, end=start + step * (place + 0.8), confidence=0.1234567)
        for place, token in enumerate(tokens)
    )


@st.composite
def segments(draw: st.DrawFn) -> Segment:
    text, start = draw(any_text), draw(times)
    length = draw(st.one_of(st.just(0.0), st.floats(-0.1, 1), st.floats(0, 30)))
    end = start + length
    words = draw(words_of(text, start, end)) if length > 0 and draw(st.booleans()) else None
    are_phrases = draw(st.booleans())
    return Segment(
        start=start,
        end=end,
        text=text,
        speaker=draw(st.none() | st.sampled_from(LABELS)),
        words=None if are_phrases else words,
        phrases=words if are_phrases else None,
        language=draw(st.sampled_from([None, "en", "zh"])),
        confidence=draw(st.none() | st.floats(0, 1)),
        channel=draw(st.sampled_from([None, None, 0, 1])),
    )


@st.composite
def failures(draw: st.DrawFn) -> FailedSpan:
    start = draw(times)
    return FailedSpan(start=start, end=start + draw(times), code="unit_poisoned", message="It is lost.")


@st.composite
def transcripts(draw: st.DrawFn) -> Transcript:
    found = sorted(draw(st.lists(segments(), max_size=8)), key=lambda segment: segment.start)
    return Transcript(
        duration=draw(st.sampled_from([0.0, 60.0, 400_000.0])),
        segments=tuple(found),
        speakers=tuple(dict.fromkeys(segment.speaker for segment in found if segment.speaker)),
        diarized=draw(st.booleans()),
        failed=tuple(draw(st.lists(failures(), max_size=2))),
        warnings=("Speakers are missing.",),
    )


render_options = st.builds(
    RenderOptions,
    max_line_width=st.none() | st.integers(8, 80),
    max_lines=st.integers(1, 4),
    max_block_s=st.sampled_from([1.0, 3.5, 7.0, 60.0]),
    failed_notes=st.booleans(),
)

"""Clips whose speech is where they say, and scripts that keep to their times."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.bench.corpus import Sample
from parley.bench.live.clips import Samples, joined, pieces, voiced, whole
from parley.bench.live.material import scripts
from parley.bench.live.script import after_each_other, in_groups, in_turn
from parley.errors import InputError
from parley.speech.span import Span

RATE = 16000


def sound(*parts: tuple[float, float], noise: int = 8) -> Samples:
    """Seconds of a tone of some loudness, one after another, over a little noise."""
    chosen = np.random.default_rng(1)
    pieces = []
    for seconds, level in parts:
        count = round(seconds * RATE)
        tone = np.sin(np.arange(count) * 2 * np.pi * 220 / RATE) * level
        pieces.append(tone + chosen.normal(0, noise, count))
    return np.concatenate(pieces).astype("<i2")


def test_speech_is_where_it_is_loud() -> None:
    clip = whole("a", sound((0.5, 0), (0.8, 9000), (0.2, 0), (0.5, 3000), (0.6, 0)))
    assert clip is not None
    assert clip.speech.start == pytest.approx(0.5, abs=0.02)
    assert clip.speech.end == pytest.approx(2.0, abs=0.02)
    assert whole("silent", np.zeros(RATE, dtype=np.int16)) is None
    assert whole("nothing", np.zeros(0, dtype=np.int16)) is None


def test_a_recording_is_cut_at_its_pauses_only() -> None:
    clip = whole("a", sound((1.0, 8000), (0.2, 0), (0.5, 8000), (0.5, 0), (0.2, 8000), (0.5, 0), (0.7, 8000)))
    assert clip is not None
    first, second = pieces(clip)
    assert (first.speech.duration, second.speech.duration) == (
        pytest.approx(1.7, abs=0.03),
        pytest.approx(0.7, abs=0.03),
    )
    assert second.speech.start == pytest.approx(0.1, abs=0.02)
    assert second.duration == pytest.approx(0.8, abs=0.03)


def test_short_gaps_are_closed() -> None:
    spans = (Span(0, 1), Span(1.1, 2), Span(3, 4))
    assert joined(spans, 0.3) == (Span(0, 2), Span(3, 4))


@given(
    st.lists(st.tuples(st.floats(0.05, 0.5), st.floats(0.2, 1.0), st.floats(0, 2)), min_size=1, max_size=5),
    st.floats(0.5, 2),
)
def test_what_is_said_is_loud_in_the_script_then_and_only_then(
    shapes: list[tuple[float, float, float]], gap_s: float
) -> None:
    clips = [
        whole(str(n), sound((lead, 0), (loud, 9000), (tail, 0)))
        for n, (lead, loud, tail) in enumerate(shapes)
    ]
    known = [clip for clip in clips if clip is not None]
    script = in_turn(known, gap_s)
    heard = joined(voiced(np.frombuffer(script.pcm, dtype="<i2")), 0.05)
    assert len(heard) == len(script.said) == len(shapes)
    for said, found in zip(script.said, heard, strict=True):
        assert said.speech.start == pytest.approx(found.start, abs=0.03)
        assert said.speech.end == pytest.approx(found.end, abs=0.03)
    for before, after in zip(script.said, script.said[1:], strict=False):
        assert after.speech.start - before.speech.end >= gap_s - 0.01
    assert script.duration >= script.said[-1].speech.end + gap_s - 0.01


def test_words_in_groups_have_their_own_ends() -> None:
    words = [whole(name, sound((0.1, 0), (0.3, 9000), (0.05, 0)), name) for name in ("one", "two", "three")]
    known = [word for word in words if word is not None]
    script = in_groups(known, 2, 4, gap_s=1.5, within_s=0.1)
    assert [len({word.text for word in said.words}) for said in script.said] == [2, 2, 2, 2]
    loud = voiced(np.frombuffer(script.pcm, dtype="<i2"))
    ends = [word.end for said in script.said for word in said.words]
    assert ends == pytest.approx([span.end for span in loud], abs=0.02)
    assert script == in_groups(known, 2, 4, gap_s=1.5, within_s=0.1)
    twice = after_each_other(script, script)
    assert twice.said[4].words[0].end == pytest.approx(script.duration + ends[0])


def test_the_timed_script_has_sentences_and_words() -> None:
    speech = {"a": sound((0.2, 0), (1.0, 9000), (0.6, 0), (1.0, 9000), (0.2, 0))}
    digits = [
        (Sample(name=name, path=None, text=name), sound((0.1, 0), (0.3, 9000)))  # type: ignore[arg-type]
        for name in ("one", "two", "three", "four", "five", "six", "two of them")
    ]
    made = scripts(speech, digits, silence_s=0.7)
    sentences = [said for said in made.timed.said if not said.words]
    groups = [said for said in made.timed.said if said.words]
    assert len(sentences) == 2
    assert all(len(said.words) == 5 for said in groups)
    assert {word.text for said in groups for word in said.words} == {
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
    }
    gaps = [b.speech.start - a.speech.end for a, b in zip(made.timed.said, made.timed.said[1:], strict=False)]
    assert min(gaps) > 1.4
    assert 0.4 < made.speech_share < 0.6
    with pytest.raises(InputError, match="Nothing is said"):
        scripts({"a": np.zeros(RATE, dtype=np.int16)}, [], 0.7)

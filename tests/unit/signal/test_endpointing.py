from __future__ import annotations

from collections.abc import Sequence

from parley.signal.endpointing import Endpointer
from parley.signal.moments import Moment, Paused, SpeechBegan, UtteranceEnded
from parley.speech.span import Span
from tests.unit.live.scripted import speech

RATE = 16_000


def moments(
    truth: Sequence[Span],
    cuts: Sequence[int],
    samples: int,
    *,
    patience_s: float = 0.7,
    longest_s: float = 20.0,
) -> list[Moment]:
    line = Endpointer(longest_s)
    told: list[Moment] = []

    def drain() -> None:
        while (moment := line.next()) is not None:
            told.append(moment)
            if isinstance(moment, Paused):
                line.set_patience(patience_s)

    for heard, heard_s in speech(truth, cuts, samples):
        line.hear(heard.islands, heard.open_since, heard_s)
        drain()
    line.finish(samples / RATE)
    drain()
    return told


def test_a_short_pause_goes_on_and_a_long_one_ends() -> None:
    told = moments([Span(1, 2), Span(2.4, 3), Span(5, 5.5)], [1600] * 100, 8 * RATE)
    ended = [moment for moment in told if isinstance(moment, UtteranceEnded)]
    assert [len(one.islands) for one in ended] == [2, 1]
    assert [one.cause for one in ended] == ["silence", "silence"]
    began = [moment for moment in told if isinstance(moment, SpeechBegan)]
    assert began[0].audio_from is not None and abs(began[0].audio_from - (began[0].time - 0.2)) < 1e-9
    assert began[1].audio_from is None

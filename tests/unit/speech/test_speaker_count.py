import pytest

from parley.errors import InvalidOption
from parley.speech.recognition import SpeakerCount, parse_speaker_count


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("auto", "auto"),
        ("off", None),
        ("3", SpeakerCount(minimum=3, maximum=3)),
        ("2-4", SpeakerCount(minimum=2, maximum=4)),
        ("2-", SpeakerCount(minimum=2, maximum=None)),
        ("-4", SpeakerCount(minimum=1, maximum=4)),
    ],
)
def test_a_count_from_text(text: str, count: SpeakerCount | str | None) -> None:
    assert parse_speaker_count(text) == count


@pytest.mark.parametrize("text", ["", "-", "0", "4-2", "two", "1-2-3"])
def test_text_that_means_nothing(text: str) -> None:
    with pytest.raises(InvalidOption, match="speakers"):
        parse_speaker_count(text)


@pytest.mark.parametrize(("low", "high"), [(0, 1), (3, 2), (-1, None), (1, 10**23)])
def test_counts_that_mean_nothing(low: int, high: int | None) -> None:
    with pytest.raises(InvalidOption, match="between 1 and 1000"):
        SpeakerCount(minimum=low, maximum=high)
